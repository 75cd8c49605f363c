import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/core/quota/token-bucket.ts';

describe('a token bucket', () => {
  it('gives a burst of eleven seconds, and the last may take more than is there', () => {
    const bucket = new TokenBucket();
    expect(bucket.throttleMs(2, 1_000_000)).toBe(0);
    bucket.take(22, 2, 1_000_000);
    expect(bucket.throttleMs(2, 1_000_000)).toBe(0);
    bucket.take(10, 2, 1_000_000);
    expect(bucket.throttleMs(2, 1_000_000)).toBe(5_000);
    expect(bucket.throttleMs(2, 1_004_000)).toBe(1_000);
    expect(bucket.throttleMs(2, 1_005_000)).toBe(0);
  });

  it('is never fuller than a burst', () => {
    const bucket = new TokenBucket();
    bucket.take(0, 1, 1_000);
    bucket.take(12, 1, 1_000_000);
    expect(bucket.throttleMs(1, 1_000_000)).toBe(1_000);
  });
});
