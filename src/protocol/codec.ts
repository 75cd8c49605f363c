/**
 * Turns a description into closures: one that reads and one that writes, for one version. All
 * questions about versions, tags and compact encodings are answered while compiling, so that
 * reading a message asks none of them. Kafka's asymmetry: any negative length reads as null, but
 * only -1 is ever written.
 */
import { DecodeError, type Reader } from '../bytes/reader.ts';
import { EncodeError, Writer } from '../bytes/writer.ts';
import { defaultOf, defaultsOf, type FieldSpec, type Fields } from './fields.ts';

export type Decode = (reader: Reader) => unknown;
export type Encode = (value: unknown, writer: Writer) => void;

/**
 * Which version is compiled, and whether it is a flexible one: compact lengths and tagged fields.
 */
interface Target {
  readonly version: number;
  readonly flexible: boolean;
}

/**
 * Text longer than this cannot be written, and is refused when read: Kafka's limit, also where a
 * varint could say more.
 */
const MAX_TEXT_BYTES = 0x7fff;

export function compileDecode(fields: Fields, version: number, flexible: number): Decode {
  return structDecode(fields, { version, flexible: version >= flexible });
}

export function compileEncode(fields: Fields, version: number, flexible: number): Encode {
  return structEncode(fields, { version, flexible: version >= flexible });
}

const isPresent = (spec: FieldSpec, { version }: Target): boolean =>
  version >= spec.since && version <= spec.until;

const isTagged = (spec: FieldSpec, { version }: Target): boolean =>
  spec.tag !== undefined && version >= spec.taggedSince!;

const isNullable = ({ nullable }: FieldSpec, { version }: Target): boolean =>
  nullable !== undefined && version >= nullable.since && version <= nullable.until;

/** Notes on its way up which field an error happened in. */
function inField(error: unknown, name: string): unknown {
  if (error instanceof DecodeError || error instanceof EncodeError) {
    error.path = ` ${name}${error.path.replace(' ', '.')}`;
  }
  return error;
}

// Reading

interface Slot {
  readonly name: string;
  readonly decode: Decode;
}

function structDecode(fields: Fields, target: Target): Decode {
  const template = defaultsOf(fields) as Record<string, unknown>;
  const slots: Slot[] = [];
  const tagged = new Map<number, Slot>();
  for (const [name, { spec }] of Object.entries(fields)) {
    if (!isPresent(spec, target)) continue;
    const slot = { name, decode: fieldDecode(spec, target) };
    if (isTagged(spec, target)) tagged.set(spec.tag!, slot);
    else slots.push(slot);
  }
  return (reader) => {
    // A clone of one template: all values have one shape, fields in the order of the description.
    const value = { ...template };
    let name = '';
    try {
      for (let i = 0; i < slots.length; i++) {
        name = slots[i].name;
        value[name] = slots[i].decode(reader);
      }
      name = 'tagged fields';
      if (target.flexible) readTagged(reader, value, tagged);
    } catch (error) {
      throw inField(error, name);
    }
    return value;
  };
}

/** Known tags are read within the size they claim; unknown ones are skipped. */
function readTagged(
  reader: Reader,
  value: Record<string, unknown>,
  tagged: ReadonlyMap<number, Slot>,
): void {
  const count = reader.unsignedVarint();
  for (let i = 0; i < count; i++) {
    const tag = reader.unsignedVarint();
    const size = reader.unsignedVarint();
    const next = reader.take(size) + size;
    const slot = tagged.get(tag);
    if (slot === undefined) continue;
    const { end } = reader;
    reader.offset = next - size;
    reader.end = next;
    value[slot.name] = slot.decode(reader);
    reader.offset = next;
    reader.end = end;
  }
}

function fieldDecode(spec: FieldSpec, target: Target): Decode {
  switch (spec.kind) {
    case 'boolean':
      return (reader) => reader.boolean();
    case 'int8':
      return (reader) => reader.int8();
    case 'int16':
      return (reader) => reader.int16();
    case 'uint16':
      return (reader) => reader.uint16();
    case 'int32':
      return (reader) => reader.int32();
    case 'int64':
      return (reader) => reader.int64();
    case 'float64':
      return (reader) => reader.float64();
    case 'uuid':
      return (reader) => reader.uuid();
    case 'string':
      return stringDecode(spec, target);
    case 'bytes':
      return rangeDecode(spec, target, (reader, length) => reader.view(length).slice());
    case 'records':
      return rangeDecode(spec, target, (reader, length) => reader.view(length));
    case 'recordPieces':
      return rangeDecode(spec, target, (reader, length) => [reader.view(length)]);
    case 'array':
      return arrayDecode(spec, target);
    case 'struct':
      return nullableStructDecode(spec, target);
  }
}

/** Null for a negative length where null is allowed; else it is refused. */
function absent(nullable: boolean): null {
  if (nullable) return null;
  throw new DecodeError('null, which is not allowed here');
}

function stringDecode(spec: FieldSpec, target: Target): Decode {
  const nullable = isNullable(spec, target);
  if (!target.flexible) {
    return (reader) => {
      const length = reader.int16();
      return length < 0 ? absent(nullable) : reader.text(length);
    };
  }
  return (reader) => {
    const length = reader.unsignedVarint() - 1;
    if (length < 0) return absent(nullable);
    if (length > MAX_TEXT_BYTES) throw new DecodeError(`text of ${length} bytes is too long`);
    return reader.text(length);
  };
}

/** Lengths of everything but text: an int32, or one more than it as an unsigned varint. */
const lengthDecode = ({ flexible }: Target): ((reader: Reader) => number) =>
  flexible ? (reader) => reader.unsignedVarint() - 1 : (reader) => reader.int32();

function rangeDecode(
  spec: FieldSpec,
  target: Target,
  take: (reader: Reader, length: number) => unknown,
): Decode {
  const nullable = isNullable(spec, target);
  const readLength = lengthDecode(target);
  return (reader) => {
    const length = readLength(reader);
    return length < 0 ? absent(nullable) : take(reader, length);
  };
}

function arrayDecode(spec: FieldSpec, target: Target): Decode {
  const nullable = isNullable(spec, target);
  const readLength = lengthDecode(target);
  const element = fieldDecode(spec.element!.spec, target);
  const smallest = Math.max(1, smallestSize(spec.element!.spec, target));
  return (reader) => {
    const length = readLength(reader);
    if (length < 0) return absent(nullable);
    if (length * smallest > reader.remaining) {
      throw new DecodeError(`${length} elements claimed, ${reader.remaining} bytes are left`);
    }
    reader.elementsLeft -= length;
    if (reader.elementsLeft < 0) throw new DecodeError('too many array elements in one message');
    const values: unknown[] = [];
    for (let i = 0; i < length; i++) values.push(element(reader));
    return values;
  };
}

function nullableStructDecode(spec: FieldSpec, target: Target): Decode {
  const decode = structDecode(spec.fields!, target);
  if (!isNullable(spec, target)) return decode;
  return (reader) => (reader.int8() < 0 ? null : decode(reader));
}

/**
 * The fewest bytes a field takes: a claim of more elements than could fit is refused before reading
 * any.
 */
function smallestSize(spec: FieldSpec, target: Target): number {
  switch (spec.kind) {
    case 'boolean':
    case 'int8':
      return 1;
    case 'int16':
    case 'uint16':
      return 2;
    case 'int32':
      return 4;
    case 'int64':
    case 'float64':
      return 8;
    case 'uuid':
      return 16;
    case 'string':
      return target.flexible ? 1 : 2;
    case 'struct':
      return isNullable(spec, target) ? 1 : smallestStructSize(spec.fields!, target);
    default:
      return target.flexible ? 1 : 4;
  }
}

function smallestStructSize(fields: Fields, target: Target): number {
  let size = target.flexible ? 1 : 0;
  for (const { spec } of Object.values(fields)) {
    if (isPresent(spec, target) && !isTagged(spec, target)) size += smallestSize(spec, target);
  }
  return size;
}

// Writing

interface Outlet {
  readonly name: string;
  readonly encode: Encode;
}

interface TaggedOutlet extends Outlet {
  readonly tag: number;
  readonly isDefault: (value: unknown) => boolean;
}

function structEncode(fields: Fields, target: Target): Encode {
  const outlets: Outlet[] = [];
  const tagged: TaggedOutlet[] = [];
  for (const [name, { spec }] of Object.entries(fields)) {
    if (!isPresent(spec, target)) {
      if (!spec.ignorable) outlets.push({ name, encode: refuseUnlessDefault(spec, target) });
    } else if (isTagged(spec, target)) {
      tagged.push({
        name,
        tag: spec.tag!,
        isDefault: defaultCheck(spec),
        encode: fieldEncode(spec, target),
      });
    } else {
      outlets.push({ name, encode: fieldEncode(spec, target) });
    }
  }
  tagged.sort((one, other) => one.tag - other.tag);
  return (value, writer) => {
    if (typeof value !== 'object' || value === null) throw notA('struct', value);
    const values = value as Record<string, unknown>;
    let name = '';
    try {
      for (let i = 0; i < outlets.length; i++) {
        name = outlets[i].name;
        outlets[i].encode(values[name], writer);
      }
      name = 'tagged fields';
      if (target.flexible) writeTagged(values, tagged, writer);
    } catch (error) {
      throw inField(error, name);
    }
  };
}

function writeTagged(
  values: Record<string, unknown>,
  tagged: readonly TaggedOutlet[],
  writer: Writer,
): void {
  let count = 0;
  for (const { name, isDefault } of tagged) if (!isDefault(values[name])) count++;
  writer.unsignedVarint(count);
  if (count === 0) return;
  for (const { name, tag, isDefault, encode } of tagged) {
    if (isDefault(values[name])) continue;
    const content = new Writer(64);
    encode(values[name], content);
    writer.unsignedVarint(tag);
    writer.unsignedVarint(content.length);
    writer.append(content);
  }
}

function refuseUnlessDefault(spec: FieldSpec, { version }: Target): Encode {
  const isDefault = defaultCheck(spec);
  return (value) => {
    if (isDefault(value)) return;
    throw new EncodeError(`version ${version} has no such field, and it is not at its default`);
  };
}

/**
 * Whether a value is the default of its field, by value: an empty array equals the default empty
 * array, a struct its default when all of its fields do.
 */
function defaultCheck(spec: FieldSpec): (value: unknown) => boolean {
  const expected = defaultOf(spec);
  if (expected === null || typeof expected !== 'object') return (value) => value === expected;
  if (spec.kind === 'struct') return structDefaultCheck(spec.fields!);
  // Every other default is empty: an array or a byte range.
  return (value) => (value as { length?: number } | null)?.length === 0;
}

function structDefaultCheck(fields: Fields): (value: unknown) => boolean {
  const checks = Object.entries(fields).map(
    ([name, { spec }]) => [name, defaultCheck(spec)] as const,
  );
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    for (const [name, isDefault] of checks) {
      if (!isDefault((value as Record<string, unknown>)[name])) return false;
    }
    return true;
  };
}

function fieldEncode(spec: FieldSpec, target: Target): Encode {
  const write = valueEncode(spec, target);
  if (spec.kind === 'struct') return nullableStructEncode(write, isNullable(spec, target));
  if (!canBeNull(spec)) return write;
  const writeNull = nullEncode(spec, target);
  return (value, writer) => (value === null ? writeNull(writer) : write(value, writer));
}

/** The kinds whose length says that they are null. */
const canBeNull = ({ kind }: FieldSpec): boolean =>
  kind === 'string' ||
  kind === 'bytes' ||
  kind === 'records' ||
  kind === 'recordPieces' ||
  kind === 'array';

function nullEncode(spec: FieldSpec, target: Target): (writer: Writer) => void {
  if (!isNullable(spec, target)) {
    return () => {
      throw new EncodeError(`null is not allowed in version ${target.version}`);
    };
  }
  if (target.flexible) return (writer) => writer.unsignedVarint(0);
  return spec.kind === 'string' ? (writer) => writer.int16(-1) : (writer) => writer.int32(-1);
}

function nullableStructEncode(write: Encode, nullable: boolean): Encode {
  if (!nullable) return write;
  return (value, writer) => {
    writer.int8(value === null ? -1 : 1);
    if (value !== null) write(value, writer);
  };
}

function valueEncode(spec: FieldSpec, target: Target): Encode {
  const writeLength = lengthEncode(target);
  switch (spec.kind) {
    case 'boolean':
      return (value, writer) => {
        if (typeof value !== 'boolean') throw notA('boolean', value);
        writer.boolean(value);
      };
    case 'int8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'int64':
    case 'float64':
    case 'uuid':
      return scalarEncode(spec.kind);
    case 'string':
      return (value, writer) => {
        if (typeof value !== 'string') throw notA('string', value);
        if (target.flexible) writer.compactText(value);
        else writer.text(value);
      };
    case 'bytes':
    case 'records':
      return (value, writer) => {
        if (!(value instanceof Uint8Array)) throw notA('byte range', value);
        writeLength(value.length, writer);
        writer.view(value);
      };
    case 'recordPieces':
      return (value, writer) => {
        if (!Array.isArray(value)) throw notA('list of byte ranges', value);
        let length = 0;
        for (const piece of value as Uint8Array[]) length += piece.length;
        writeLength(length, writer);
        for (const piece of value as Uint8Array[]) writer.view(piece);
      };
    case 'array':
      return arrayEncode(spec, target);
    case 'struct':
      return structEncode(spec.fields!, target);
  }
}

/** These check their values themselves. */
function scalarEncode(
  kind: 'int8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'float64' | 'uuid',
): Encode {
  switch (kind) {
    case 'int8':
      return (value, writer) => writer.int8(value as number);
    case 'int16':
      return (value, writer) => writer.int16(value as number);
    case 'uint16':
      return (value, writer) => writer.uint16(value as number);
    case 'int32':
      return (value, writer) => writer.int32(value as number);
    case 'int64':
      return (value, writer) => writer.int64(value as number);
    case 'float64':
      return (value, writer) => writer.float64(value as number);
    case 'uuid':
      return (value, writer) => writer.uuid(value as string);
  }
}

const lengthEncode = ({ flexible }: Target): ((length: number, writer: Writer) => void) =>
  flexible
    ? (length, writer) => writer.unsignedVarint(length + 1)
    : (length, writer) => writer.int32(length);

function arrayEncode(spec: FieldSpec, target: Target): Encode {
  const writeLength = lengthEncode(target);
  const element = fieldEncode(spec.element!.spec, target);
  return (value, writer) => {
    if (!Array.isArray(value)) throw notA('array', value);
    writeLength(value.length, writer);
    for (let i = 0; i < value.length; i++) element(value[i], writer);
  };
}

const notA = (what: string, value: unknown): EncodeError =>
  new EncodeError(`${value === null ? 'null' : typeof value} is not a ${what}`);
