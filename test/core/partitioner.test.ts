import { describe, expect, test } from 'vitest';
import { partitionForKey, stickyPartitioner } from '../../src/core/partitioner.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('a key', () => {
  test.each([
    ['foobar', 3, 0],
    ['21', 3, 0],
    ['abc', 3, 0],
    ['abc', 7, 4],
    ['', 6, 3],
    ['foobar', 1, 0],
  ])('%s of %i partitions goes to %i', (key, partitions, partition) => {
    const hash = partitionForKey(bytes(key), 2 ** 31);
    expect(hash).toBeGreaterThanOrEqual(0);
    expect(partitionForKey(bytes(key), partitions)).toBe(partition);
  });
});

describe('without a key', () => {
  test('records stick to a partition until a batch is full, then move on', () => {
    const place = stickyPartitioner(3, 2);
    expect([place(10_000), place(6_383), place(1)]).toEqual([2, 2, 2]);
    expect([place(20_000), place(5)]).toEqual([0, 1]);
    expect(place(5)).toBe(1);
  });

  test('one partition takes everything', () => {
    const place = stickyPartitioner(1, 5);
    expect([place(20_000), place(20_000)]).toEqual([0, 0]);
  });
});
