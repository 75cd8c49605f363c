import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../../src/bytes/base64.ts';

const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 31) & 0xff);

test('round trips at every length, and agrees with Node', () => {
  for (const length of [0, 1, 2, 3, 4, 255, 8_191, 8_192, 8_193, 20_000]) {
    const part = bytes.subarray(0, length);
    expect(toBase64(part)).toBe(Buffer.from(part).toString('base64'));
    expect(fromBase64(toBase64(part))).toEqual(part);
  }
});

describe('reading', () => {
  test.each(['YQ==', 'YQ', 'YWI=', 'YWI', 'YWJj', ''])('takes %j', (text) => {
    expect(fromBase64(text)).toEqual(new Uint8Array(Buffer.from(text, 'base64')));
  });

  test.each(['Y', 'YWJjY', 'YW Jj', 'YWJj\n', 'Y-_w', 'YQ===', '=', 'Y=Q=', 'YWJj=', 'ä'])(
    'refuses %j',
    (text) => {
      expect(fromBase64(text)).toBeUndefined();
    },
  );
});
