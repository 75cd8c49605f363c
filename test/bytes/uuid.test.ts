import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  isUuid,
  ONE_UUID,
  uuidFromBytes,
  uuidFromRandom,
  uuidToBytes,
  ZERO_UUID,
} from '../../src/bytes/uuid.ts';

describe('UUIDs', () => {
  it('are base64url of 16 bytes, without padding', () => {
    for (let i = 0; i < 200; i++) {
      const bytes = randomBytes(16);
      const text = uuidFromBytes(bytes);
      expect(text).toBe(bytes.toString('base64url'));
      expect(isUuid(text)).toBe(true);
      expect(uuidToBytes(text)).toEqual(new Uint8Array(bytes));
    }
  });

  it('read the reserved ones by their names', () => {
    const one = new Uint8Array(16);
    expect(uuidFromBytes(one)).toBe(ZERO_UUID);
    one[15] = 1;
    expect(uuidFromBytes(one)).toBe(ONE_UUID);
    expect(uuidToBytes(ZERO_UUID)).toEqual(new Uint8Array(16));
  });

  it('refuse text that is not exactly one', () => {
    for (const text of [
      '',
      'AAAA',
      `${ZERO_UUID}A`,
      'AAAAAAAAAAAAAAAAAAAAAB',
      'AAAAAAAAAAAAAAAAAAAA+A',
    ]) {
      expect(isUuid(text)).toBe(false);
      expect(() => uuidToBytes(text)).toThrow(TypeError);
    }
    expect(() => uuidFromBytes(new Uint8Array(15))).toThrow(RangeError);
  });

  it('are made of randomness, as version 4, and never begin with a dash', () => {
    for (let first = 0; first < 256; first++) {
      const random = new Uint8Array(16).fill(255);
      random[0] = first;
      const id = uuidFromRandom(random);
      expect(id.startsWith('-')).toBe(false);
      const bytes = uuidToBytes(id);
      expect(bytes[6] >> 4).toBe(4);
      expect(bytes[8] >> 6).toBe(2);
      expect(random[6]).toBe(255);
    }
  });
});
