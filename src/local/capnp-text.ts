/**
 * The text form of Cap'n Proto, in which workerd takes its configuration: objects, lists and texts
 * as in JSON, in other brackets. The surprise: what is named `undefined` is left out, so that a
 * configuration can be written as one literal.
 */

export type CapnpValue =
  | string
  | boolean
  | number
  | Embedded
  | readonly CapnpValue[]
  | { readonly [name: string]: CapnpValue | undefined };

/** The text of a file, named as seen from the file it stands in. */
export class Embedded {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** A value as Cap'n Proto writes it. */
export function capnpText(value: CapnpValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Embedded) return `embed ${quoted(value.path)}`;
  if (isList(value)) return `[${value.map(capnpText).join(', ')}]`;
  const fields = Object.entries(value).flatMap(([name, field]) =>
    field === undefined ? [] : [`${name} = ${capnpText(field)}`],
  );
  return `(${fields.join(', ')})`;
}

function isList(value: object): value is readonly CapnpValue[] {
  return Array.isArray(value);
}

/** Only what would end a text or a line is written otherwise; the rest is UTF-8 as it is. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\]|\p{Cc}/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    const code = character.charCodeAt(0);
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  });
  return `"${escaped}"`;
}
