import { describe, expect, it } from 'vitest';
import { AnswerMemory } from '../../src/broker/answer-memory.ts';
import { HeldRecords } from '../../src/broker/held-records.ts';
import { RecordBatch } from '../../src/protocol/records/index.ts';
import { batch, transactional } from '../core/log/samples.ts';

const everything = { maxBytes: 1_000_000, end: 100, committed: false };

/** Two records in each batch. */
function batchAt(baseOffset: number, bytes = batch(['a', 'b'])): Uint8Array {
  new RecordBatch(bytes).baseOffset = baseOffset;
  return bytes;
}

function held() {
  const memory = new AnswerMemory();
  const records = new HeldRecords(memory);
  const from = (offset: number, wish = {}) =>
    records
      .from(offset, { ...everything, ...wish })
      ?.map((bytes) => new RecordBatch(bytes).baseOffset);
  return { memory, records, from };
}

describe('records that are held', () => {
  it('begin with the batch that contains the offset', () => {
    const { records, from } = held();
    records.add([batchAt(4), batchAt(6)]);
    records.add([batchAt(8)]);
    expect(from(3)).toBeUndefined();
    expect(from(4)).toEqual([4, 6, 8]);
    expect(from(7)).toEqual([6, 8]);
    expect(from(10)).toBeUndefined();
  });

  it('let go of what the reader has passed, and count what is left', () => {
    const { memory, records, from } = held();
    records.add([batchAt(0), batchAt(2), batchAt(4)]);
    const { used } = memory;
    expect(used).toBeGreaterThan(3 * batchAt(0).length);
    from(4);
    expect(memory.used).toBe(used / 3);
    expect(from(2)).toBeUndefined();
    records.drop();
    expect(memory.used).toBe(0);
  });

  it('are as many whole batches as fit', () => {
    const { records, from } = held();
    const size = batchAt(0).length;
    records.add([batchAt(0), batchAt(2)]);
    expect(from(0, { maxBytes: 2 * size - 1 })).toEqual([0]);
    expect(from(0, { maxBytes: size - 1 })).toBeUndefined();
  });

  it('end where the reader may go, and before a transaction for who reads what is committed', () => {
    const { records, from } = held();
    records.add([batchAt(0), batchAt(2, transactional(7, 0, 0, ['c', 'd'])), batchAt(4)]);
    expect(from(0, { end: 2 })).toEqual([0]);
    expect(from(0)).toEqual([0, 2, 4]);
    expect(from(0, { committed: true })).toEqual([0]);
    expect(from(2, { committed: true })).toBeUndefined();
  });

  it('are those behind a gap alone', () => {
    const { records, from } = held();
    records.add([batchAt(0)]);
    records.add([batchAt(5)]);
    expect(from(0)).toBeUndefined();
    expect(from(5)).toEqual([5]);
  });

  it('are none when they are too many, or memory is full', () => {
    const { memory, records, from } = held();
    const large = batch(['x'.repeat(40_000)]);
    records.add([batchAt(0, large)]);
    records.add([batchAt(1, large.slice())]);
    expect([from(0), from(1), memory.used]).toEqual([undefined, undefined, 0]);
    memory.sending(24 * 1024 * 1024);
    records.add([batchAt(2)]);
    expect(from(2)).toBeUndefined();
  });

  it('leave half of the memory to answers, however many readers do not come for theirs', () => {
    const memory = new AnswerMemory();
    for (let i = 0; i < 2_000; i++)
      new HeldRecords(memory).add([batchAt(0, batch(['x'.repeat(60_000)]))]);
    expect(memory.used).toBeLessThanOrEqual(24 * 1024 * 1024);
    expect(memory.claim().extend(1024 * 1024)).toBe(1024 * 1024);
  });
});
