import { expect, test } from 'vitest';
import { murmur2 } from '../../src/bytes/murmur2.ts';

/** What Kafka's Java client computes. */
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2(%s)', (text, hash) => {
  expect(murmur2(new TextEncoder().encode(text))).toBe(hash);
});

test('a view is hashed where it points', () => {
  const bytes = new TextEncoder().encode('xxfoobaryy');
  expect(murmur2(bytes.subarray(2, 8))).toBe(-790332482);
});
