import { describe, expect, it } from 'vitest';
import { Flush, type LogEnd, rowBytes } from '../../../src/core/log/flush.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { RecordBatch, recordBatches } from '../../../src/protocol/records/index.ts';
import { changed, joined } from '../../protocol/records/samples.ts';
import { append, batch, sequenced, startOfTime } from './samples.ts';

const now = startOfTime + 5;
const empty: LogEnd = {
  logStartOffset: 0,
  nextOffset: 0,
  maxTimestampSoFar: -1,
  producer: () => undefined,
  openTransactions: new Map(),
  lowestSequence: () => 0,
};

function flushOf(end: Partial<LogEnd> = {}): Flush {
  return new Flush({ ...empty, ...end }, 1_048_588, now);
}

describe('Flush', () => {
  it('makes one row of appends that arrived together, each with its own offset', () => {
    const flush = flushOf({
      nextOffset: 40,
      maxTimestampSoFar: startOfTime + 9,
      logStartOffset: 3,
    });
    const replies = [['a', 'b'], ['c'], ['d', 'e', 'f']].map((v) => flush.add(append(batch(v))));
    flush.finish();
    expect(replies.map(({ baseOffset }) => baseOffset)).toEqual([40, 42, 43]);
    expect(replies[0]).toEqual({
      errorCode: ErrorCode.NONE,
      baseOffset: 40,
      logAppendTimeMs: -1,
      logStartOffset: 3,
    });
    expect(flush.rows).toHaveLength(1);
    expect(flush.rows[0]).toMatchObject({
      baseOffset: 40,
      nextOffset: 46,
      maxTimestamp: startOfTime,
      maxTimestampSoFar: startOfTime + 9,
      appendedAt: now,
      producers: null,
    });
    const batches = [...recordBatches(flush.rows[0].bytes)];
    expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([40, 42, 43]);
    expect(batches.every(({ isValid }) => isValid)).toBe(true);
    expect(batches.map((b) => b.partitionLeaderEpoch)).toEqual([0, 0, 0]);
  });

  it('stores bytes that are its own where they lie, but for those that were refused', () => {
    const parts = [batch(['a']), batch(['b', 'c']), new Uint8Array(70), batch(['d'])];
    const bytes = joined(...parts);
    const flush = flushOf({ nextOffset: 7 });
    const codes = parts.map(({ length }, i) => {
      const start = joined(...parts.slice(0, i)).length;
      const records = bytes.subarray(start, start + length);
      return flush.add({ ...append(records), owned: true }).errorCode;
    });
    flush.finish();
    expect(codes.map((code) => code === ErrorCode.NONE)).toEqual([true, true, false, true]);
    const [{ bytes: row }] = flush.rows;
    expect([...recordBatches(row)].map(({ baseOffset, isValid }) => [baseOffset, isValid])).toEqual(
      [
        [7, true],
        [8, true],
        [10, true],
      ],
    );
    expect(row.buffer === bytes.buffer).toBe(false);
    const adjoining = joined(batch(['a']), batch(['b']));
    const half = adjoining.length / 2;
    const second = flushOf({ nextOffset: 3 });
    second.add({ ...append(adjoining.subarray(0, half)), owned: true });
    second.add({ ...append(adjoining.subarray(half)), owned: true });
    second.finish();
    expect(second.rows[0].bytes.buffer).toBe(adjoining.buffer);
    expect([...recordBatches(adjoining)].map(({ baseOffset }) => baseOffset)).toEqual([3, 4]);
  });

  it('leaves the bytes it was given as they were', () => {
    const bytes = batch(['a']);
    const before = bytes.slice();
    const flush = flushOf({ nextOffset: 9 });
    flush.add(append(bytes, { 'message.timestamp.type': 'LogAppendTime' }));
    flush.finish();
    expect(bytes).toEqual(before);
  });

  it('refuses one append without touching its neighbours', () => {
    const flush = flushOf();
    const replies = [batch(['a']), new Uint8Array(3), batch(['b'])].map((b) =>
      flush.add(append(b)),
    );
    flush.finish();
    expect(replies.map(({ errorCode }) => errorCode)).toEqual([0, ErrorCode.INVALID_RECORD, 0]);
    expect(replies.map(({ baseOffset }) => baseOffset)).toEqual([0, -1, 1]);
    expect(flush.nextOffset).toBe(2);
  });

  it('keeps rows below their size, and gives a large batch one of its own', () => {
    const flush = flushOf();
    const large = { 'max.message.bytes': '5000000' };
    for (const size of [900_000, 900_000, 900_000, 4_000_000, 10]) {
      flush.add(append(batch(['x'.repeat(size)]), large));
    }
    flush.finish();
    expect(flush.rows.map((row) => [row.baseOffset, row.nextOffset])).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(flush.rows.filter((row) => row.bytes.length > rowBytes)).toHaveLength(1);
  });

  it('stamps batches where the topic says LogAppendTime', () => {
    const flush = flushOf();
    const reply = flush.add(append(batch(['a']), { 'message.timestamp.type': 'LogAppendTime' }));
    flush.finish();
    expect(reply.logAppendTimeMs).toBe(now);
    const stored = new RecordBatch(flush.rows[0].bytes);
    expect(stored).toMatchObject({ timestampType: 1, maxTimestamp: now, isValid: true });
    expect(flush.rows[0].maxTimestamp).toBe(now);
  });

  it('knows a repetition of a batch that waits in the same row', () => {
    const flush = flushOf();
    const first = flush.add(append(sequenced(1, 0, 0)));
    const again = flush.add(append(sequenced(1, 0, 0)));
    const gap = flush.add(append(sequenced(1, 0, 2)));
    const next = flush.add(append(sequenced(1, 0, 1)));
    flush.finish();
    expect([first, again, gap, next].map((reply) => [reply.errorCode, reply.baseOffset])).toEqual([
      [0, 0],
      [0, 0],
      [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1],
      [0, 1],
    ]);
    // Kafka answers a repetition with the timestamp of the batch it repeats.
    expect(again.logAppendTimeMs).toBe(startOfTime);
    expect(flush.rows[0].nextOffset).toBe(2);
  });

  it('takes several batches of one append all or none', () => {
    const flush = flushOf();
    const both = flush.add(append(joined(sequenced(1, 0, 0), sequenced(1, 0, 1))));
    const gap = flush.add(append(joined(sequenced(1, 0, 2), sequenced(1, 0, 4))));
    const mixed = flush.add(append(joined(sequenced(1, 0, 1), sequenced(1, 0, 2))));
    const more = flush.add(append(joined(sequenced(1, 0, 2), sequenced(1, 0, 3))));
    const repeated = flush.add(append(joined(sequenced(1, 0, 0), sequenced(1, 0, 1))));
    expect(
      [both, gap, mixed, more, repeated].map((reply) => [reply.errorCode, reply.baseOffset]),
    ).toEqual([
      [0, 0],
      [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1],
      [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1],
      [0, 2],
      [0, 0],
    ]);
    expect(flush.nextOffset).toBe(4);
  });

  it('stores the latest timestamp of the records, whatever the header said', () => {
    const flush = flushOf();
    flush.add(append(changed(batch(['a']), (view) => view.setBigInt64(35, 1n))));
    flush.finish();
    const stored = new RecordBatch(flush.rows[0].bytes);
    expect(stored).toMatchObject({ maxTimestamp: startOfTime, isValid: true });
  });

  it('refuses a transactional batch: there is no transaction it could be part of', () => {
    const options = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    const reply = flushOf().add(append(batch(['a'], options)));
    expect(reply.errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
  });

  it('answers a refusal with the log start offset where Kafka does', () => {
    const flush = flushOf({ logStartOffset: 7 });
    const damaged = batch(['a']);
    damaged[70] ^= 1;
    expect(flush.add(append(damaged)).logStartOffset).toBe(-1);
    expect(flush.add(append(batch(['a'], { isControl: true }))).logStartOffset).toBe(7);
  });
});
