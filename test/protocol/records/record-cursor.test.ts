import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch, RecordBatch, RecordCursor } from '../../../src/protocol/records/index.ts';
import { ascii } from './samples.ts';

const invalid = expect.objectContaining({ code: ErrorCode.INVALID_RECORD });

/** length 8, attributes, timestamp delta, offset delta, key 'k', value 'v', no headers */
const plain = [16, 0, 0, 0, 2, 0x6b, 2, 0x76, 0];

function walk(bytes: readonly number[]): RecordCursor {
  const cursor = new RecordCursor(Uint8Array.from(bytes));
  while (!cursor.atEnd) cursor.next();
  return cursor;
}

describe('RecordCursor', () => {
  it('stands on one record after the other', () => {
    const { recordBytes } = new RecordBatch(
      buildBatch([
        { key: ascii('key'), value: ascii('value'), timestamp: 1_000 },
        { key: null, value: null, timestamp: 400 },
        {
          value: new Uint8Array(300),
          headers: [
            { key: 'h', value: ascii('x') },
            { key: '', value: null },
          ],
          timestamp: 2 ** 45,
        },
      ]),
    );
    const cursor = new RecordCursor(recordBytes);
    cursor.next();
    expect(cursor).toMatchObject({ offsetDelta: 0, timestampDelta: 0, keyLength: 3 });
    cursor.next();
    expect(cursor).toMatchObject({ offsetDelta: 1, timestampDelta: -600, keyLength: -1 });
    expect(cursor.valueLength).toBe(-1);
    cursor.next();
    expect(cursor).toMatchObject({ offsetDelta: 2, timestampDelta: 2 ** 45 - 1_000 });
    expect(cursor).toMatchObject({ valueLength: 300, headerCount: 2 });
    expect(cursor.headers()).toEqual([ascii('h'), ascii('x'), ascii(''), null]);
    expect(cursor.atEnd).toBe(true);
  });

  it('refuses a record cut at any byte', () => {
    expect(walk(plain).keyLength).toBe(1);
    for (let cut = 1; cut < plain.length; cut++) {
      expect(() => walk(plain.slice(0, cut)), `cut at ${cut}`).toThrow(invalid);
    }
  });

  it.each([
    ['a record length that overruns', [18, ...plain.slice(1)]],
    ['a negative record length', [1, ...plain.slice(1)]],
    ['a record longer than its fields', [18, ...plain.slice(1), 0]],
    ['a record that swallows the next', [34, ...plain.slice(1), ...plain]],
    ['a record shorter than its fields', [14, ...plain.slice(1)]],
    ['a key that overruns', [16, 0, 0, 0, 40, 0x6b, 2, 0x76, 0]],
    ['a value that overruns', [16, 0, 0, 0, 2, 0x6b, 8, 0x76, 0]],
    ['a negative count of headers', [16, 0, 0, 0, 2, 0x6b, 2, 0x76, 1]],
    ['more headers than bytes', [16, 0, 0, 0, 2, 0x6b, 2, 0x76, 20]],
    ['a header without a key', [20, 0, 0, 0, 2, 0x6b, 2, 0x76, 2, 1, 1]],
    ['a varint of six bytes', [28, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1, 1, 0, 0, 0, 0]],
    ['a timestamp beyond 2^53', [26, 0, ...Array(8).fill(0xff), 0x7f, 0, 1, 1, 0]],
    ['a timestamp of eleven bytes', [30, 0, ...Array(10).fill(0x80), 0, 0, 1, 1, 0]],
  ])('refuses %s', (_, bytes) => {
    expect(() => walk(bytes)).toThrow(invalid);
  });
});
