/**
 * Batches a broker must judge, and how Apache Kafka 4.4 judged them: good ones, malformed ones and
 * those at an edge, made for a given time. The verdicts were recorded from a real broker.
 */
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Codec, compress } from '../../../src/bytes/compression.ts';
import { crc32c } from '../../../src/bytes/crc32c.ts';
import { xxhash32 } from '../../../src/bytes/xxhash32.ts';
import { joined } from '../../protocol/records/samples.ts';

export type Configs = Readonly<Record<string, string>>;

/** Everything of a record's body, each field free to be wrong. */
export interface RawRecord {
  readonly timestampDelta?: number;
  readonly offsetDelta?: number;
  readonly key?: string | null;
  readonly value?: string | null;
  readonly headers?: readonly (readonly [string | null, string | null])[];
  readonly headerCount?: number;
  readonly attributes?: number;
  /** What the record says its length is, less what it is. */
  readonly lengthError?: number;
  readonly trailing?: Uint8Array;
}

export interface RawBatch {
  readonly baseTimestamp: number;
  readonly maxTimestamp?: number;
  readonly count?: number;
  readonly lastOffsetDelta?: number;
  readonly attributes?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly baseOffset?: number;
}

export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function field(text: string | null): number[] {
  return text === null ? varint(-1) : [...varint(utf8.encode(text).length), ...utf8.encode(text)];
}

/** Records as they stand in a batch, one after the other. */
export function rawRecords(records: readonly RawRecord[]): Uint8Array {
  return joined(
    ...records.map((record, index) => {
      const headers = record.headers ?? [];
      const body = Uint8Array.from([
        record.attributes ?? 0,
        ...varint(record.timestampDelta ?? 0),
        ...varint(record.offsetDelta ?? index),
        ...field(record.key === undefined ? `k${index}` : record.key),
        ...field(record.value === undefined ? `value ${index}` : record.value),
        ...varint(record.headerCount ?? headers.length),
        ...headers.flatMap(([key, value]) => [...field(key), ...field(value)]),
      ]);
      const whole = joined(body, record.trailing ?? new Uint8Array(0));
      const length = Uint8Array.from(varint(whole.length + (record.lengthError ?? 0)));
      return joined(length, whole);
    }),
  );
}

/** A batch around these bytes, whatever they are. */
export function rawBatch(payload: Uint8Array, count: number, raw: RawBatch): Uint8Array {
  const bytes = new Uint8Array(61 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(payload, 61);
  view.setBigInt64(0, BigInt(raw.baseOffset ?? 0));
  view.setInt32(8, bytes.length - 12);
  view.setInt32(12, -1);
  view.setInt8(16, 2);
  view.setInt16(21, raw.attributes ?? 0);
  view.setInt32(23, raw.lastOffsetDelta ?? (raw.count ?? count) - 1);
  view.setBigInt64(27, BigInt(raw.baseTimestamp));
  view.setBigInt64(35, BigInt(raw.maxTimestamp ?? raw.baseTimestamp));
  view.setBigInt64(43, BigInt(raw.producerId ?? -1));
  view.setInt16(51, raw.producerEpoch ?? -1);
  view.setInt32(53, raw.baseSequence ?? -1);
  view.setInt32(57, raw.count ?? count);
  view.setUint32(17, crc32c(bytes, 21));
  return bytes;
}

/** What became of a batch. Of a stored one: its codec and, beside its count, the header's times. */
export interface Verdict {
  readonly code: number;
  /** The batch indexes that `record_errors` names. */
  readonly named?: readonly number[];
  readonly stored?: { readonly codec: number; readonly count: number; readonly maxDelta: number };
}

export interface Case {
  readonly name: string;
  readonly configs: Configs;
  batch(now: number): Uint8Array;
}

const utf8 = new TextEncoder();
const none = new Uint8Array(0);
const three: readonly RawRecord[] = [{}, {}, {}];
const codecs = { gzip: Codec.GZIP, snappy: Codec.SNAPPY, lz4: Codec.LZ4, zstd: Codec.ZSTD };
const day = 86_400_000;
const compacted = { 'cleanup.policy': 'compact' };
const appendTime = { 'message.timestamp.type': 'LogAppendTime' };
const window = {
  'message.timestamp.before.max.ms': '60000',
  'message.timestamp.after.max.ms': '60000',
};

type Shape = Partial<RawBatch> & {
  records?: readonly RawRecord[];
  codec?: number;
  after?: Uint8Array;
};

/** A batch of three good records but for what `shape` says. */
function made(now: number, { records = three, codec = 0, after = none, ...raw }: Shape = {}) {
  const plain = joined(rawRecords(records), after);
  const payload = compress(codec, plain);
  const header = { baseTimestamp: now, ...raw, attributes: (raw.attributes ?? 0) | codec };
  return rawBatch(payload, records.length, header);
}

/** A batch whose payload is these bytes. */
function holding(codec: number, payload: Uint8Array, now: number, count = 3): Uint8Array {
  return rawBatch(payload, count, { baseTimestamp: now, attributes: codec });
}

/** The same shape with every codec. */
function withAll(name: string, shape: (now: number) => Shape, configs: Configs = {}): Case[] {
  return Object.entries({ plain: 0, ...codecs }).map(([codecName, codec]) => ({
    name: `${name}, ${codecName}`,
    configs,
    batch: (now) => made(now, { ...shape(now), codec }),
  }));
}

function one(name: string, batch: (now: number) => Uint8Array, configs: Configs = {}): Case {
  return { name, configs, batch };
}

const plain = rawRecords(three);

const shapes: readonly Case[] = [
  ...withAll('good', () => ({})),
  ...withAll('one record more claimed', () => ({ count: 4 })),
  ...withAll('one record fewer claimed', () => ({ count: 2 })),
  ...withAll('trailing byte', () => ({ after: Uint8Array.of(7) })),
  ...withAll('skipped offset delta', () => ({ records: [{}, { offsetDelta: 2 }, {}] })),
  ...withAll('same offset deltas', () => ({ records: three.map(() => ({ offsetDelta: 0 })) })),
  ...withAll('offset deltas backwards', () => ({
    records: three.map((_, i) => ({ offsetDelta: 2 - i })),
  })),
  ...withAll('last offset delta too high', () => ({ lastOffsetDelta: 5 })),
  ...withAll(
    'null key, compacted',
    () => ({ records: [{}, { key: null }, { key: null }] }),
    compacted,
  ),
  ...withAll('empty key, compacted', () => ({ records: [{}, { key: '' }] }), compacted),
  ...withAll('null value, compacted', () => ({ records: [{}, { value: null }] }), compacted),
  ...withAll('record attributes', () => ({ records: [{ attributes: 127 }] })),
  ...withAll('record too short', () => ({ records: [{}, { lengthError: -1 }, {}] })),
  ...withAll('record too long', () => ({ records: [{}, {}, { lengthError: 1 }] })),
  ...withAll('record with spare bytes', () => ({
    records: [{}, { trailing: Uint8Array.of(1, 2) }],
  })),
  ...withAll('negative record length', () => ({ records: [{ lengthError: -100 }] })),
  ...withAll('headers', () => ({
    records: [
      {
        headers: [
          ['a', 'b'],
          ['a', null],
          ['', ''],
        ],
      },
    ],
  })),
  ...withAll('header without key', () => ({ records: [{ headers: [[null, 'b']] }] })),
  ...withAll('negative header count', () => ({ records: [{ headerCount: -1 }] })),
  ...withAll('too many headers', () => ({ records: [{ headerCount: 50 }] })),
  ...withAll('one header claimed too few', () => ({
    records: [{ headers: [['a', 'b']], headerCount: 0 }],
  })),
];

const times: readonly Case[] = [
  ...withAll('a record too old', () => ({ records: [{}, { timestampDelta: -day }, {}] }), window),
  ...withAll(
    'a record of the future',
    () => ({ records: [{}, {}, { timestampDelta: day }] }),
    window,
  ),
  ...withAll('the future by default', () => ({ records: [{ timestampDelta: day }] })),
  ...withAll('wrong latest timestamp', (now) => ({ maxTimestamp: now + 10 * day })),
  ...withAll('no timestamps', () => ({ baseTimestamp: -1 }), window),
  ...withAll('timestamp below none', () => ({ baseTimestamp: -5 })),
  ...withAll('later records earlier', () => ({
    records: [{}, { timestampDelta: 7 }, { timestampDelta: -9 }],
  })),
  ...withAll('append time claimed', () => ({ attributes: 8 })),
  ...withAll('append time claimed without a time', () => ({ attributes: 8, maxTimestamp: -1 })),
  ...withAll('append time claimed, other times', (now) => ({
    attributes: 8,
    maxTimestamp: now - 90,
    records: [{ timestampDelta: 5 }, {}],
  })),
  ...withAll(
    'append time claimed, too old',
    (now) => ({ attributes: 8, maxTimestamp: now - day }),
    window,
  ),
  ...withAll('append time claimed in its topic', () => ({ attributes: 8 }), appendTime),
  ...withAll('append time', () => ({ records: [{ timestampDelta: -day }, {}] }), appendTime),
  ...withAll(
    'null key and wrong time',
    () => ({ records: [{ key: null }, { timestampDelta: -day }] }),
    { ...compacted, ...window },
  ),
];

const recompressed: readonly Case[] = ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap(
  (type) => [
    ...withAll(`to ${type}`, () => ({}), { 'compression.type': type }),
    ...withAll(`to ${type} at append time`, () => ({}), {
      'compression.type': type,
      ...appendTime,
    }),
  ],
);

const rewritten: readonly Case[] = [
  ...withAll('skipped offset delta, to gzip', () => ({ records: [{}, { offsetDelta: 2 }, {}] }), {
    'compression.type': 'gzip',
  }),
  ...withAll('record attributes, to gzip', () => ({ records: [{ attributes: 127 }] }), {
    'compression.type': 'gzip',
  }),
  ...withAll(
    'idempotent, to gzip',
    () => ({ producerId: 7_000, producerEpoch: 0, baseSequence: 0 }),
    { 'compression.type': 'gzip' },
  ),
  ...withAll(
    'append time claimed, to gzip',
    (now) => ({ attributes: 8, maxTimestamp: now - 90, records: [{ timestampDelta: 5 }, {}] }),
    { 'compression.type': 'gzip' },
  ),
  ...withAll('first delta, to gzip', () => ({ records: [{ timestampDelta: 5 }, {}] }), {
    'compression.type': 'gzip',
  }),
  ...withAll('record too short, to lz4', () => ({ records: [{}, { lengthError: -1 }] }), {
    'compression.type': 'lz4',
  }),
  ...withAll('header without key, to lz4', () => ({ records: [{ headers: [[null, 'b']] }] }), {
    'compression.type': 'lz4',
  }),
  ...withAll(
    'record with spare bytes, to lz4',
    () => ({ records: [{ trailing: Uint8Array.of(1, 2) }] }),
    { 'compression.type': 'lz4' },
  ),
  ...withAll('negative header count, to lz4', () => ({ records: [{ headerCount: -1 }] }), {
    'compression.type': 'lz4',
  }),
  ...withAll('null key, compacted, to lz4', () => ({ records: [{}, { key: null }] }), {
    ...compacted,
    'compression.type': 'lz4',
  }),
];

/** LZ4's frame: flags, block size code and blocks as they are to stand there. */
function lz4Frame(
  header: readonly number[],
  check: number | undefined,
  rest: Uint8Array,
): Uint8Array {
  const bytes = Uint8Array.from([0x04, 0x22, 0x4d, 0x18, ...header, check ?? 0]);
  return joined(bytes, rest);
}

function lz4Blocks(flags: number, size: number, block: Uint8Array): Uint8Array {
  const check = (xxhash32(Uint8Array.of(flags, size), 0, 2) >>> 8) & 255;
  return lz4Frame([flags, size], check, joined(word(block.length | 0x80000000), block, word(0)));
}

/** A frame with block checksums, content checksum and content size. */
function lz4Full(): Uint8Array {
  const header = Uint8Array.from([0x7c, 0x40, plain.length, 0, 0, 0, 0, 0, 0, 0]);
  const check = (xxhash32(header, 0, header.length) >>> 8) & 255;
  const sum = word(xxhash32(plain, 0, plain.length));
  const rest = joined(word(plain.length | 0x80000000), plain, sum, word(0), sum);
  return lz4Frame([...header], check, rest);
}

/** One byte of a frame's header changed, and the header's checksum with it. */
function flippedHeader(frame: Uint8Array, at: number): Uint8Array {
  const bytes = flipped(frame, at);
  bytes[14] = (xxhash32(bytes, 4, 14) >>> 8) & 255;
  return bytes;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value | 0, true);
  return bytes;
}

const garbage = Uint8Array.from({ length: 200 }, (_, i) => (i * 151 + 17) & 255);
const bomb = (now: number, codec: number, size: number) => {
  const value = 'x'.repeat(size);
  return made(now, { records: [{ value }], codec });
};
const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1);
const less = (bytes: Uint8Array, count: number) => bytes.subarray(0, bytes.length - count);
const flipped = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, i) => (i === at ? byte ^ 255 : byte));

const payloads: readonly Case[] = [
  ...Object.entries(codecs).flatMap(([name, codec]) => [
    one(`garbage, ${name}`, (now) => holding(codec, garbage, now)),
    one(`nothing, ${name}`, (now) => holding(codec, none, now)),
    one(`half, ${name}`, (now) => holding(codec, half(compress(codec, plain)), now)),
    one(`last byte missing, ${name}`, (now) =>
      holding(codec, less(compress(codec, plain), 1), now),
    ),
    one(`byte after the end, ${name}`, (now) =>
      holding(codec, joined(compress(codec, plain), Uint8Array.of(1)), now),
    ),
    one(`many zeros after the end, ${name}`, (now) =>
      holding(codec, joined(compress(codec, plain), new Uint8Array(40)), now),
    ),
    one(`nothing inside, ${name}`, (now) => holding(codec, compress(codec, none), now)),
    one(`two frames, ${name}`, (now) =>
      holding(
        codec,
        joined(compress(codec, plain.subarray(0, 11)), compress(codec, plain.subarray(11))),
        now,
      ),
    ),
    one(`another codec inside, ${name}`, (now) =>
      holding(codec, compress((codec % 4) + 1, plain), now),
    ),
    one(`large value, ${name}`, (now) => bomb(now, codec, 3_000_000)),
  ]),
  one('codec 5', (now) => holding(5, plain, now)),
  one('codec 7', (now) => holding(7, plain, now)),
  one('gzip, wrong checksum', (now) =>
    holding(1, flipped(new Uint8Array(gzipSync(plain)), gzipSync(plain).length - 6), now),
  ),
  one('gzip, wrong size', (now) =>
    holding(1, flipped(new Uint8Array(gzipSync(plain)), gzipSync(plain).length - 2), now),
  ),
  one('gzip, raw deflate', (now) => holding(1, new Uint8Array(deflateRawSync(plain)), now)),
  one('snappy, bare block', (now) =>
    holding(2, Uint8Array.from([plain.length, (plain.length - 1) << 2, ...plain]), now),
  ),
  one('snappy, bare block declares too much', (now) =>
    holding(2, Uint8Array.from([plain.length + 1, (plain.length - 1) << 2, ...plain]), now),
  ),
  one('snappy, bare block declares 2 GB', (now) =>
    holding(2, Uint8Array.from([255, 255, 255, 255, 7, 0, 0]), now),
  ),
  one('snappy, stream header alone', (now) => holding(2, compress(2, plain).subarray(0, 16), now)),
  one('snappy, wrong version', (now) => holding(2, flipped(compress(2, plain), 15), now)),
  one('lz4, wrong header checksum', (now) => holding(3, flipped(compress(3, plain), 6), now)),
  one('lz4, stored block', (now) =>
    holding(
      3,
      lz4Frame(
        [0x60, 0x40],
        0x82,
        Uint8Array.from([plain.length, 0, 0, 0x80, ...plain, 0, 0, 0, 0]),
      ),
      now,
    ),
  ),
  one('lz4, dependent blocks', (now) =>
    holding(
      3,
      lz4Frame(
        [0x40, 0x40],
        0xc0,
        Uint8Array.from([plain.length, 0, 0, 0x80, ...plain, 0, 0, 0, 0]),
      ),
      now,
    ),
  ),
  one('lz4, no end mark', (now) =>
    holding(
      3,
      lz4Frame([0x60, 0x40], 0x82, Uint8Array.from([plain.length, 0, 0, 0x80, ...plain])),
      now,
    ),
  ),
  one('lz4, every checksum and the size', (now) => holding(3, lz4Full(), now)),
  one('lz4, wrong block checksum', (now) =>
    holding(3, flipped(lz4Full(), lz4Full().length - 9), now),
  ),
  one('lz4, wrong content checksum', (now) =>
    holding(3, flipped(lz4Full(), lz4Full().length - 1), now),
  ),
  one('lz4, wrong content size', (now) => holding(3, flippedHeader(lz4Full(), 6), now)),
  one('lz4, block larger than the frame allows', (now) =>
    holding(3, lz4Blocks(0x60, 0x40, new Uint8Array(70_000)), now),
  ),
  one('lz4, dictionary', (now) => holding(3, lz4Blocks(0x61, 0x40, plain), now)),
  one('lz4, version 0', (now) => holding(3, lz4Blocks(0x20, 0x40, plain), now)),
  one('lz4, block size code 3', (now) => holding(3, lz4Blocks(0x60, 0x30, plain), now)),
  one('lz4, reserved flag', (now) => holding(3, lz4Blocks(0x62, 0x40, plain), now)),
  one('lz4, reserved size bit', (now) => holding(3, lz4Blocks(0x60, 0x41, plain), now)),
  one('lz4, skippable frame first', (now) =>
    holding(
      3,
      joined(Uint8Array.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]), compress(3, plain)),
      now,
    ),
  ),
  one('zstd, window of 128 MB', (now) => {
    const params = { 100: 22, 101: 27 };
    return holding(4, new Uint8Array(zstdCompressSync(plain, { params })), now);
  }),
  one('zstd, wrong checksum', (now) => {
    const bytes = new Uint8Array(zstdCompressSync(plain, { params: { 201: 1 } }));
    return holding(4, flipped(bytes, bytes.length - 1), now);
  }),
  one('zstd, skippable frame', (now) =>
    holding(
      4,
      joined(Uint8Array.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]), compress(4, plain)),
      now,
    ),
  ),
  one(
    'a record over its limit, gzip',
    (now) => made(now, { codec: 1, records: [{}, { value: 'v'.repeat(200) }] }),
    { 'max.decompressed.message.bytes': '100' },
  ),
  one(
    'a record at its limit, gzip',
    (now) => made(now, { codec: 1, records: [{ value: 'v'.repeat(90) }] }),
    { 'max.decompressed.message.bytes': '99' },
  ),
  one(
    'a record one under, gzip',
    (now) => made(now, { codec: 1, records: [{ value: 'v'.repeat(90) }] }),
    { 'max.decompressed.message.bytes': '98' },
  ),
  one(
    'a record over its limit, plain',
    (now) => made(now, { records: [{}, { value: 'v'.repeat(200) }] }),
    { 'max.decompressed.message.bytes': '100' },
  ),
  one(
    'a record over its limit, plain to zstd',
    (now) => made(now, { records: [{ value: 'v'.repeat(200) }] }),
    { 'max.decompressed.message.bytes': '100', 'compression.type': 'zstd' },
  ),
  one(
    'a record over its limit, gzip to zstd',
    (now) => made(now, { codec: 1, records: [{ value: 'v'.repeat(200) }] }),
    { 'max.decompressed.message.bytes': '100', 'compression.type': 'zstd' },
  ),
  one(
    'grows beyond the limit',
    (now) => made(now, { codec: 1, records: [{ value: 'v'.repeat(2_000) }] }),
    { 'max.message.bytes': '1000', 'compression.type': 'uncompressed' },
  ),
  one(
    'too large though it would shrink',
    (now) => made(now, { records: [{ value: 'v'.repeat(2_000) }] }),
    { 'max.message.bytes': '1000', 'compression.type': 'gzip' },
  ),
];

export const cases: readonly Case[] = [
  ...shapes,
  ...times,
  ...recompressed,
  ...rewritten,
  ...payloads,
];
