import { describe, expect, it } from 'vitest';
import { SequencedBatch } from '../../../bench/load/sequence.ts';
import { buildBatch, RecordBatch } from '../../../src/protocol/records/index.ts';

function batchOf(valueBytes: number): Uint8Array {
  const value = new Uint8Array(valueBytes).map((_, i) => i);
  const options = { producerId: 9, producerEpoch: 1, baseSequence: 0 };
  return buildBatch([{ value, timestamp: 1 }], options);
}

describe('a batch that was made beforehand', () => {
  it.each([0, 1, 7, 1_000, 100_000])('keeps its checksum right: %i bytes', (valueBytes) => {
    const bytes = batchOf(valueBytes);
    const batch = new SequencedBatch(0, bytes);
    for (const sequence of [1, 0x7fff_ffff, 0, 255, 256, 0x0102_0304, 0x7000_0001]) {
      batch.baseSequence = sequence;
      expect(new RecordBatch(bytes).baseSequence).toBe(sequence);
      expect(new RecordBatch(bytes).isValid).toBe(true);
    }
  });

  it('lies in a larger buffer as well', () => {
    const bytes = batchOf(50);
    const larger = new Uint8Array(bytes.length + 20).fill(3);
    larger.set(bytes, 11);
    const view = larger.subarray(11, 11 + bytes.length);
    new SequencedBatch(0, view).baseSequence = 77;
    expect(new RecordBatch(view).isValid).toBe(true);
    expect(larger.subarray(0, 11)).toEqual(new Uint8Array(11).fill(3));
  });
});
