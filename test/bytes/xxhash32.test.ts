import { expect, test } from 'vitest';
import { xxhash32 } from '../../src/bytes/xxhash32.ts';

/** What the reference implementation answers with seed 0. */
test.each([
  ['', 46947589],
  ['a', 1426945110],
  ['abc', 852579327],
  ['kafka', 3733900277],
  ['0123456789abcdef', 3267648361],
  ['Nobody inspects the spammish repetition', 3794352943],
])('xxhash32(%s)', (text, hash) => {
  const bytes = new TextEncoder().encode(text);
  expect(xxhash32(bytes)).toBe(hash);
  expect(xxhash32(new Uint8Array([1, ...bytes, 2]), 1, 1 + bytes.length)).toBe(hash);
});
