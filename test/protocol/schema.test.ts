import { describe, expect, expectTypeOf, it } from 'vitest';
import { DecodeError, Reader } from '../../src/bytes/reader.ts';
import { concat, EncodeError, Writer } from '../../src/bytes/writer.ts';
import {
  api,
  array,
  boolean,
  bytes,
  decodeRequest,
  defaultsOf,
  encodeRequest,
  encodeResponse,
  type Infer,
  int8,
  int16,
  int32,
  int64,
  Message,
  recordPieces,
  records,
  string,
  struct,
  uuid,
} from '../../src/protocol/schema.ts';

/** One of everything: fields that come and go, nulls, tags, and a version that is flexible. */
const probe = new Message(
  'Probe',
  {
    first: int16,
    old: string.until(1),
    young: string.since(2).nullable(3).default('young'),
    list: array(struct({ id: int32, note: string.since(1).default('-').ignorable() })).nullable(1),
    extra: array(int8).since(3).tag(1).ignorable(),
    place: struct({ host: string, port: int32.default(-1) })
      .since(3)
      .tag(0),
    maybe: struct({ flag: boolean }).since(2).nullable(2).default(null),
    last: int64.default(-1),
  },
  [0, 3],
  3,
);
type Probe = Infer<typeof probe.fields>;

const nothing: Probe = defaultsOf(probe.fields);

function encode(version: number, value: Partial<Probe>): Uint8Array {
  const writer = new Writer();
  probe.encode(version, { ...nothing, ...value }, writer);
  return writer.joined();
}

const decode = (version: number, ...bytes: number[]): Probe =>
  probe.decode(version, new Reader(Uint8Array.from(bytes)));
const minusOne = Array<number>(8).fill(255);

describe('a description', () => {
  it('has the types of its values', () => {
    expectTypeOf<Probe['first']>().toEqualTypeOf<number>();
    expectTypeOf<Probe['young']>().toEqualTypeOf<string | null>();
    expectTypeOf<Probe['maybe']>().toEqualTypeOf<{ readonly flag: boolean } | null>();
    expectTypeOf<NonNullable<Probe['list']>[number]['note']>().toEqualTypeOf<string>();
  });

  it('gives every field, in order, with defaults for what a version lacks', () => {
    const value = decode(0, 0, 5, 0, 1, 0x61, 0, 0, 0, 0, ...minusOne);
    expect(Object.keys(value)).toEqual(Object.keys(probe.fields));
    expect(value).toEqual({
      first: 5,
      old: 'a',
      young: 'young',
      list: [],
      extra: [],
      place: { host: '', port: -1 },
      maybe: null,
      last: -1,
    });
  });

  it('reads null only in the versions that allow it', () => {
    const nullList = [0, 5, 0, 0, 255, 255, 255, 255, ...minusOne];
    expect(decode(1, ...nullList).list).toBeNull();
    expect(() => decode(0, ...nullList)).toThrow('Probe v0 list: null, which is not allowed here');
    expect(() => encode(0, { list: null })).toThrow(EncodeError);
    expect(encode(1, { list: null })).toEqual(
      Uint8Array.from([0, 0, 0, 0, 255, 255, 255, 255, ...minusOne]),
    );
  });

  it('takes any negative length for null, as Kafka does', () => {
    expect(decode(1, 0, 5, 0, 0, 255, 255, 255, 0, ...minusOne).list).toBeNull();
  });

  it('writes a nullable struct behind a byte', () => {
    const bytes = encode(2, { first: 1, young: 'y', list: null, maybe: { flag: true }, last: 0 });
    const end = Array<number>(8).fill(0);
    expect([...bytes]).toEqual([0, 1, 0, 1, 0x79, 255, 255, 255, 255, 1, 1, ...end]);
    expect(decode(2, ...bytes).maybe).toEqual({ flag: true });
    expect(decode(2, ...encode(2, { maybe: null })).maybe).toBeNull();
  });

  it('leaves tagged fields out at their defaults, compared by value', () => {
    const start = [0, 0, 6, 0x79, 0x6f, 0x75, 0x6e, 0x67, 1, 255, ...minusOne];
    expect([...encode(3, { extra: [], place: { host: '', port: -1 } })]).toEqual([...start, 0]);
    expect([...encode(3, { extra: [7], place: { host: 'h', port: -1 } })]).toEqual([
      ...start,
      ...[2, 0, 7, 2, 0x68, 255, 255, 255, 255, 0],
      ...[1, 2, 2, 7],
    ]);
    expect(decode(3, ...start, 1, 1, 2, 2, 7)).toMatchObject({ extra: [7] });
  });

  it('skips tags it does not know, and what follows the known in a tag', () => {
    const start = [0, 0, 0, 1, 255, ...minusOne];
    const tags = [3, 1, 4, 2, 7, 0xaa, 0xbb, 9, 2, 0xcc, 0xdd, 200, 1, 0];
    expect(decode(3, ...start, ...tags)).toMatchObject({ extra: [7], young: null });
    expect(() => decode(3, ...start, 1, 9, 200, 1, 1)).toThrow(DecodeError);
    expect(() => decode(3, ...start, 1, 1, 1, 5)).toThrow('tagged fields');
  });

  it('refuses to write a value into a version without its field, unless it may be ignored', () => {
    expect(() => encode(2, { old: 'x' })).toThrow(
      'Probe v2 old: version 2 has no such field, and it is not at its default',
    );
    expect(() => encode(2, { place: { host: 'x', port: -1 } })).toThrow(EncodeError);
    expect(encode(2, { extra: [1] })).toEqual(encode(2, {}));
    expect(encode(0, { list: [{ id: 1, note: 'lost' }] })).toEqual(
      encode(0, { list: [{ id: 1, note: '-' }] }),
    );
  });

  it('names the field whose value is wrong', () => {
    const list = [{ id: 2 ** 31, note: '' }];
    expect(() => encode(1, { list })).toThrow('Probe v1 list.id: 2147483648 is not an int32');
    const missing = { ...nothing, first: undefined as unknown as number };
    expect(() => probe.encode(0, missing, new Writer())).toThrow('Probe v0 first');
    expect(() => encode(1, { list: 'x' as never })).toThrow('string is not a array');
    expect(() => encode(2, { young: 5 as never })).toThrow('number is not a string');
    expect(() => encode(2, { maybe: { flag: 1 as never } })).toThrow('maybe.flag');
    expect(() => encode(1, { list: [null as never] })).toThrow('null is not a struct');
  });

  it('has no versions but its own', () => {
    expect(() => decode(4)).toThrow(RangeError);
    expect(() => encode(-1, {})).toThrow(RangeError);
    expect(() => decode(1.5)).toThrow(RangeError);
  });
});

const shapes = api(7, 'Shapes', {
  versions: [0, 1],
  flexible: 1,
  request: { data: records.nullable(), small: bytes, id: uuid },
  response: { before: int32, data: recordPieces.nullable(), after: int32 },
});

describe('byte ranges', () => {
  it('of records are views of the frame; bytes are copies', () => {
    const id = 'AAAAAAAAAAAAAAAAAAAAAQ';
    for (const version of [0, 1]) {
      const data = new Uint8Array(5000).fill(3);
      const value = { data, small: Uint8Array.of(1, 2), id };
      const frame = concat(encodeRequest(shapes, version, value));
      const decoded = decodeRequest(shapes, version, frame);
      expect(decoded).toEqual(value);
      expect(decoded.data?.buffer).toBe(frame.buffer);
      expect(decoded.small.buffer).not.toBe(frame.buffer);
    }
  });

  it('of a response are sent as they are, piece by piece', () => {
    const pieces = [new Uint8Array(4000).fill(1), new Uint8Array(2).fill(2), new Uint8Array(3000)];
    const chunks = encodeResponse(shapes, 0, { before: 1, data: pieces, after: 2 });
    expect(chunks.map(({ length }) => length)).toEqual([8, 4000, 2, 3000, 4]);
    expect(chunks[1]).toBe(pieces[0]);
    expect(chunks[3]).toBe(pieces[2]);
    expect([...chunks[0]]).toEqual([0, 0, 0, 1, 0, 0, 0x1b, 0x5a]);
  });
});

describe('absurd lengths', () => {
  const many = api(8, 'Many', {
    versions: [0, 1],
    flexible: 1,
    request: { names: array(string), rows: array(struct({ id: int64, name: string })) },
    response: {},
  });

  it('are refused before anything is allocated for them', () => {
    const claim = Uint8Array.of(0x7f, 255, 255, 255, 1, 2, 3, 4);
    expect(() => decodeRequest(many, 0, claim)).toThrow('2147483647 elements claimed');
    const compact = Uint8Array.of(255, 255, 255, 255, 0x0f, 1, 2, 3);
    expect(() => decodeRequest(many, 1, compact)).toThrow('4294967294 elements claimed');
    expect(() =>
      decodeRequest(many, 0, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2, ...Array(15))),
    ).toThrow('2 elements claimed, 15 bytes are left');
  });

  it('of text stop at 32767 bytes, whatever a varint may say', () => {
    const writer = new Writer();
    writer.unsignedVarint(2);
    writer.unsignedVarint(32_769);
    writer.copy(new Uint8Array(32_768));
    expect(() => decodeRequest(many, 1, writer.joined())).toThrow(
      'text of 32768 bytes is too long',
    );
  });

  it('of arrays end where half a million elements have been read in one request', () => {
    const body = new Uint8Array(2 + 600_004).fill(1);
    const head = new Writer();
    head.unsignedVarint(600_001);
    body.set(head.joined());
    expect(() => decodeRequest(many, 1, body)).toThrow('too many array elements');
  });
});
