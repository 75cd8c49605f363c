import { describe, expect, it } from 'vitest';
import { produceRing, type RingOptions } from '../../../bench/load/produce-frames.ts';
import { Values } from '../../../bench/load/values.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';

const options: RingOptions = {
  topic: 'load',
  topicId: ZERO_UUID,
  partitions: 1,
  recordBytes: 1_000,
  batchBytes: 16_384,
  codec: 'none',
  inFlight: 5,
};

function ringOf(changed: Partial<RingOptions>) {
  const whole = { ...options, ...changed };
  return produceRing(whole, new Values(whole.recordBytes));
}

describe('a ring of requests', () => {
  it('fills batches as far as they go', () => {
    for (const recordBytes of [100, 1_000, 10_000]) {
      const [{ batches, records, batchBytes }] = ringOf({ recordBytes });
      expect(batches[0].sizeInBytes).toBeLessThanOrEqual(16_384);
      expect(batches[0].sizeInBytes + (batchBytes - 61) / records).toBeGreaterThan(16_384);
    }
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('fills batches of %s nearly', (codec) => {
    const sizes = ringOf({ codec }).flatMap((frame) => frame.batches.map((b) => b.sizeInBytes));
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    expect(mean).toBeGreaterThan(0.85 * 16_384);
    expect(Math.max(...sizes)).toBeLessThan(1.1 * 16_384);
  });

  it('has one record to a batch when batches are to be small', () => {
    expect(ringOf({ batchBytes: 0 }).every(({ records }) => records === 1)).toBe(true);
  });

  it('writes to all partitions with each request while these fit', () => {
    for (const frame of ringOf({ partitions: 16 })) {
      expect(frame.batches.map(({ partition }) => partition)).toEqual([...Array(16).keys()]);
    }
  });

  it('writes to all partitions in turn when they are too many for a request', () => {
    const ring = ringOf({ partitions: 150 });
    expect(ring.every(({ bytes }) => bytes.length <= 1.01 * (1 << 20))).toBe(true);
    const written = ring.flatMap(({ batches }) => batches.map(({ partition }) => partition));
    expect(new Set(written).size).toBe(150);
    expect(written.every((partition, i) => partition === i % 150)).toBe(true);
  });

  it('writes to as few partitions with each request as it is told', () => {
    const ring = ringOf({ partitions: 3, partitionsPerRequest: 1 });
    expect(ring.map(({ batches }) => batches.map(({ partition }) => partition))).toEqual(
      ring.map((_, i) => [i % 3]),
    );
  });

  it('has more requests than are under way at a time', () => {
    expect(ringOf({ inFlight: 200 }).length).toBeGreaterThan(200);
  });

  it('holds text that a codec makes about a third of', () => {
    const [none] = ringOf({ batchBytes: 1_000_000 });
    const [gzip] = ringOf({ batchBytes: 1_000_000, codec: 'gzip' });
    const ratio = none.batchBytes / none.records / (gzip.batchBytes / gzip.records);
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(3.5);
  });
});
