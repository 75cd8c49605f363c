import { describe, expect, test } from 'vitest';
import { Codec, compress } from '../../../src/bytes/compression.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { fetchedRecords } from '../../../src/core/rest-consumer/fetched-records.ts';
import { ErrorCode, KafkaError } from '../../../src/protocol/errors.ts';
import { type BatchOptions, buildBatch } from '../../../src/protocol/records/index.ts';

const utf8 = new TextEncoder();

function batch(baseOffset: number, values: readonly string[], options: BatchOptions = {}) {
  const records = values.map((value) => ({ value: utf8.encode(value), timestamp: 1 }));
  return buildBatch(records, { baseOffset, ...options });
}

/** The marker that ends a transaction: version 0, type 0 (abort) or 1 (commit). */
function marker(baseOffset: number, producerId: number, type: 0 | 1) {
  const record = { key: new Uint8Array([0, 0, 0, type]), value: new Uint8Array(6), timestamp: 1 };
  const options = { baseOffset, producerId, producerEpoch: 0, isTransactional: true };
  return buildBatch([record], { ...options, isControl: true });
}

interface Options {
  from?: number;
  aborted?: { producerId: number; firstOffset: number }[] | null;
}

/** `offset:value` of every record, and where reading goes on. */
function read(batches: readonly Uint8Array[], { from = 0, aborted = null }: Options = {}) {
  const seen: string[] = [];
  let next = from;
  const fetched = { records: concat(batches), fetchOffset: from, abortedTransactions: aborted };
  for (const { record, nextOffset } of fetchedRecords(fetched)) {
    if (record) seen.push(`${record.offset}:${new TextDecoder().decode(record.value!)}`);
    expect(nextOffset).toBeGreaterThanOrEqual(next);
    next = nextOffset;
  }
  return { seen, next };
}

describe('records', () => {
  test.each(Object.entries(Codec))('compressed with %s are read', (_, codec) => {
    const packed = batch(0, ['a', 'b'], { compression: { codec, compress } });
    expect(read([packed])).toEqual({ seen: ['0:a', '1:b'], next: 2 });
  });

  test('before the offset asked for are passed over', () => {
    const batches = [batch(0, ['a', 'b']), batch(2, ['c', 'd', 'e'])];
    expect(read(batches, { from: 3 })).toEqual({ seen: ['3:d', '4:e'], next: 5 });
  });

  test('that compaction removed leave a gap that is read over', () => {
    expect(read([batch(10, ['a']), batch(20, ['b'])])).toEqual({
      seen: ['10:a', '20:b'],
      next: 21,
    });
  });

  test('of an unfinished batch at the end are not there', () => {
    const cut = batch(1, ['b']);
    const batches = [batch(0, ['a']), cut.subarray(0, cut.length - 1)];
    expect(read(batches)).toEqual({ seen: ['0:a'], next: 1 });
  });

  test('that cannot be read are an error that says where', () => {
    const broken = batch(5, ['a'.repeat(100)], {
      compression: { codec: Codec.LZ4, compress: () => new Uint8Array([1, 2, 3]) },
    });
    const error = (() => {
      try {
        read([broken]);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(KafkaError);
    expect(error).toMatchObject({
      code: ErrorCode.CORRUPT_MESSAGE,
      message: expect.stringContaining('offset 5'),
    });
  });

  test('of a batch that grows without bound are refused', () => {
    const bomb = batch(0, ['a'.repeat(33 * 1024 * 1024)], {
      compression: { codec: Codec.GZIP, compress },
    });
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => read([bomb])).toThrow(
      expect.objectContaining({ code: ErrorCode.MESSAGE_TOO_LARGE }),
    );
  });
});

describe('transactions', () => {
  const of = (producerId: number) => ({ producerId, producerEpoch: 0, isTransactional: true });
  const log = [
    batch(0, ['plain']),
    batch(1, ['aborted 1'], of(7)),
    batch(2, ['committed 1'], of(8)),
    marker(3, 7, 0),
    batch(4, ['committed 2'], of(7)),
    marker(5, 8, 1),
    marker(6, 7, 1),
  ];

  test('count in full when nobody asks for committed records alone', () => {
    expect(read(log)).toEqual({
      seen: ['0:plain', '1:aborted 1', '2:committed 1', '4:committed 2'],
      next: 7,
    });
  });

  test('that were aborted are passed over, up to their marker', () => {
    expect(read(log, { aborted: [{ producerId: 7, firstOffset: 1 }] })).toEqual({
      seen: ['0:plain', '2:committed 1', '4:committed 2'],
      next: 7,
    });
  });

  test('that were aborted twice by one producer are, too', () => {
    const twice = [
      batch(0, ['no'], of(7)),
      marker(1, 7, 0),
      batch(2, ['no'], of(7)),
      batch(3, ['yes']),
      marker(4, 7, 0),
    ];
    const aborted = [
      { producerId: 7, firstOffset: 2 },
      { producerId: 7, firstOffset: 0 },
    ];
    expect(read(twice, { aborted })).toEqual({ seen: ['3:yes'], next: 5 });
  });
});
