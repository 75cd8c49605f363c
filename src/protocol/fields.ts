/**
 * The words in which Kafka's messages are described: field types and what can be said of a field,
 * as typed data. The surprise: a field that a version does not have still exists in every decoded
 * value, with its default.
 */
import { ZERO_UUID } from '../bytes/uuid.ts';

export type Kind =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'
  | 'recordPieces'
  | 'array'
  | 'struct';

/** Everything known of a field. Versions are inclusive; an open end is Infinity. */
export interface FieldSpec {
  readonly kind: Kind;
  /** Of an array. */
  readonly element?: Field<unknown>;
  /** Of a struct. */
  readonly fields?: Fields;
  readonly since: number;
  readonly until: number;
  /** The versions in which null is allowed, when there are any. */
  readonly nullable?: { readonly since: number; readonly until: number };
  /** The default, when it is not the natural one of the kind. */
  readonly default?: unknown;
  /** The number of a tagged field; before `taggedSince` it is an ordinary one. */
  readonly tag?: number;
  readonly taggedSince?: number;
  /** May be left out without a word when a version does not have it. */
  readonly ignorable: boolean;
}

/** One field of a message. Immutable: every method answers a new field. */
export class Field<T> {
  /** Only a type: what values of this field are. */
  declare readonly type: T;
  readonly spec: FieldSpec;

  constructor(spec: FieldSpec) {
    this.spec = spec;
  }

  /** The first version that has it. */
  since(version: number): Field<T> {
    return new Field({ ...this.spec, since: version });
  }

  /** The last version that has it. */
  until(version: number): Field<T> {
    return new Field({ ...this.spec, until: version });
  }

  /** May be null, in these versions. */
  nullable(since = 0, until = Number.POSITIVE_INFINITY): Field<T | null> {
    return new Field<T | null>({ ...this.spec, nullable: { since, until } });
  }

  default(value: T): Field<T> {
    return new Field({ ...this.spec, default: value });
  }

  /**
   * Tagged: absent from the wire while it has its default. `since` is the first version in which it
   * is tagged.
   */
  tag(tag: number, since = 0): Field<T> {
    return new Field({ ...this.spec, tag, taggedSince: since });
  }

  ignorable(): Field<T> {
    return new Field({ ...this.spec, ignorable: true });
  }
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The plain values a set of fields describes. */
export type Infer<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never;
};

const field = <T>(kind: Kind, more: Partial<FieldSpec> = {}): Field<T> =>
  new Field<T>({ kind, since: 0, until: Number.POSITIVE_INFINITY, ignorable: false, ...more });

export const boolean = field<boolean>('boolean');
export const int8 = field<number>('int8');
export const int16 = field<number>('int16');
export const uint16 = field<number>('uint16');
export const int32 = field<number>('int32');
/** A number: beyond ±(2^53 − 1) only INT64_MAX and INT64_MIN are read and written. */
export const int64 = field<number>('int64');
export const float64 = field<number>('float64');
export const string = field<string>('string');
/** Kafka's 22-character text of it; ZERO_UUID when there is none. */
export const uuid = field<string>('uuid');
/** Small byte ranges: copied, so that they do not keep a whole frame alive. */
export const bytes = field<Uint8Array>('bytes');
/** Record batches as one range: a view into the frame, never copied, never parsed here. */
export const records = field<Uint8Array>('records');
/** Record batches in pieces that are sent one after another, not joined. Decoded as one piece. */
export const recordPieces = field<readonly Uint8Array[]>('recordPieces');

export function array<T>(element: Field<T>): Field<readonly T[]> {
  return field<readonly T[]>('array', { element });
}

export function struct<const F extends Fields>(fields: F): Field<Infer<F>> {
  return field<Infer<F>>('struct', { fields });
}

/** What a field holds when nobody says anything. */
export function defaultOf(spec: FieldSpec): unknown {
  if (spec.default !== undefined) return spec.default;
  switch (spec.kind) {
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
    case 'records':
      return noBytes;
    case 'recordPieces':
    case 'array':
      return noElements;
    case 'struct':
      return defaultsOf(spec.fields!);
    default:
      return 0;
  }
}

const noBytes = new Uint8Array(0);
const noElements: readonly never[] = Object.freeze([]);

/**
 * A value with every field at its default: where an answer that says nothing but an error code
 * begins.
 */
export function defaultsOf<F extends Fields>(fields: F): Infer<F> {
  const value: Record<string, unknown> = {};
  for (const [name, { spec }] of Object.entries(fields)) value[name] = defaultOf(spec);
  return value as Infer<F>;
}
