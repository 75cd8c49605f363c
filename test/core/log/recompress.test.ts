import { describe, expect, it } from 'vitest';
import { Codec, compress, decompress } from '../../../src/bytes/compression.ts';
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import { recompress } from '../../../src/core/log/recompress.ts';
import {
  buildBatch,
  decodeRecords,
  type NewRecord,
  RecordBatch,
  renumber,
} from '../../../src/protocol/records/index.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { ascii } from '../../protocol/records/samples.ts';
import { rawBatch, rawRecords } from './record-cases.ts';
import { append, batchesOf, startOfTime as now, read, settings } from './samples.ts';

const codecs = Object.values(Codec);
const everything: readonly NewRecord[] = [
  { key: ascii('k'), value: ascii('v'.repeat(5_000)), timestamp: now },
  { key: null, value: null, timestamp: now + 70_000 },
  {
    key: ascii(''),
    value: ascii(''),
    timestamp: now - 3,
    headers: [
      { key: 'h', value: ascii('1') },
      { key: 'h', value: null },
      { key: '', value: ascii('') },
    ],
  },
];

function recordsOf(batch: RecordBatch) {
  return [...decodeRecords(batch, decompress(batch.codec, batch.recordBytes, 1e7))];
}

function logWith(bytes: readonly Uint8Array[], configs: Record<string, string>) {
  const log = new PartitionLog(new MemoryStore(), settings);
  const replies = log.append(
    bytes.map((each) => append(each, configs)),
    now,
  );
  return { log, replies, stored: batchesOf(log.read(read(0)).records) };
}

describe('recompress', () => {
  for (const from of codecs) {
    it.each(codecs)(`keeps every record from codec ${from} to %d`, (codec) => {
      const identity = { producerId: 9, producerEpoch: 2, baseSequence: 40, isTransactional: true };
      const compression = { codec: from, compress };
      const batch = new RecordBatch(buildBatch(everything, { ...identity, compression }));
      const plain = decompress(from, batch.recordBytes, 1e7);
      for (const canonical of [true, false]) {
        const other = recompress(batch, plain, canonical, { codec, level: undefined });
        expect(other.isValid).toBe(true);
        expect(other).toMatchObject({ codec, recordCount: 3, lastOffsetDelta: 2, ...identity });
        expect(recordsOf(other)).toEqual(recordsOf(batch));
      }
    });
  }

  it('counts records anew without making objects of them, up to the bound', () => {
    const count = 200_000;
    // Six bytes a record, all at offset 0, whose numbers need two bytes more.
    const small = rawRecords([{ key: null, value: null, offsetDelta: 0 }]);
    const plain = new Uint8Array(count * small.length);
    for (let at = 0; at < plain.length; at += small.length) plain.set(small, at);
    const batch = new RecordBatch(rawBatch(plain, count, { baseTimestamp: now }));
    const other = recompress(batch, plain, false, { codec: Codec.ZSTD, level: undefined });
    const records = recordsOf(other);
    expect(records).toHaveLength(count);
    expect(records.at(-1)).toMatchObject({ offset: count - 1, timestamp: now, key: null });
    expect(renumber(batch, plain, plain.length)).toBeUndefined();
  });

  it('uses the level where the codec has one', () => {
    const batch = new RecordBatch(buildBatch(everything));
    const size = (codec: number, level: number) =>
      recompress(batch, batch.recordBytes, true, { codec, level }).sizeInBytes;
    expect(size(Codec.GZIP, 9)).toBeLessThan(size(Codec.GZIP, 1));
    expect(size(Codec.ZSTD, 19)).toBeLessThan(size(Codec.ZSTD, -100_000));
  });
});

describe('a topic with a compression.type', () => {
  it('recognises a batch sent again by its producer', () => {
    const sent = buildBatch(everything, { producerId: 5, producerEpoch: 0, baseSequence: 0 });
    const next = buildBatch(everything, { producerId: 5, producerEpoch: 0, baseSequence: 3 });
    const configs = { 'compression.type': 'gzip' };
    const { log, replies, stored } = logWith([sent, next, sent.slice()], configs);
    expect(replies.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual([
      [0, 0],
      [0, 3],
      [0, 0],
    ]);
    expect(stored.map(({ codec, baseOffset }) => [codec, baseOffset])).toEqual([
      [Codec.GZIP, 0],
      [Codec.GZIP, 3],
    ]);
    expect(log.append([append(next.slice(), configs)], now)[0].baseOffset).toBe(3);
  });

  it('does not mind the blanks around it', () => {
    const configs = { 'compression.type': ' gzip ', 'message.timestamp.type': 'LogAppendTime ' };
    const { replies, stored } = logWith([buildBatch(everything)], configs);
    expect(stored.map(({ codec }) => codec)).toEqual([Codec.GZIP]);
    expect(replies[0].logAppendTimeMs).toBe(now);
  });

  it('puts records at wrong offsets in order', () => {
    const payload = rawRecords([{ offsetDelta: 4 }, { offsetDelta: 4 }, { timestampDelta: 6 }]);
    const sent = rawBatch(payload, 3, { baseTimestamp: now });
    const { stored } = logWith([sent], { 'compression.type': 'lz4' });
    expect(recordsOf(stored[0]).map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      [0, now],
      [1, now],
      [2, now + 6],
    ]);
  });

  it('keeps a batch of that codec to the byte', () => {
    const sent = buildBatch(everything, { compression: { codec: Codec.ZSTD, compress } });
    const { stored } = logWith([sent], { 'compression.type': 'zstd' });
    expect(stored[0].bytes.subarray(16)).toEqual(sent.subarray(16));
  });
});
