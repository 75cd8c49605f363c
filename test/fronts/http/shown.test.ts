/** Records as live streams show them, and take them. */
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/fronts/http/json.ts';
import { recordFrom, recordText, type Shown } from '../../../src/fronts/http/live/shown.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const values: (Uint8Array | null)[] = [
  null,
  bytes(''),
  bytes('plain'),
  bytes('"json"'),
  bytes('{"n": 12345678901234567890, "f": 1.0}'),
  bytes('7'),
  bytes('\u2028 "quoted"\r\n\u0000 \ufeff'),
  new Uint8Array([0xff, 0xfe, 0]),
  new Uint8Array([0xef, 0xbb, 0xbf, 0x31]),
];
const showings: Shown[] = ['text', 'json', 'base64'];

describe('a record that was shown', () => {
  it.each(showings)('can be produced again as it was: %s', (shown) => {
    const showing = { key: shown, value: shown };
    for (const value of values) {
      const headers = [{ key: 'h', value }];
      const record = { offset: 3, timestamp: 5, key: value, value, headers };
      const text = recordText('t', 1, record, showing);
      expect(text).not.toMatch(/[\r\n]/);
      const again = recordFrom(parseJson(text), showing, 0);
      expect(again).toMatchObject({ partition: 1, timestamp: 5 });
      const same = (one: Uint8Array | null) => meaning(one, shown);
      expect([same(again.key), same(again.value)]).toEqual([same(value), same(value)]);
      expect(again.headers).toEqual(headers);
    }
  });
});

/** JSON may come back with other white space. */
function meaning(value: Uint8Array | null, shown: Shown): unknown {
  if (value === null || shown !== 'json') return value;
  const text = new TextDecoder().decode(value);
  return /^[{"\d]/.test(text) && value[0] !== 0xef ? text.replaceAll(' ', '') : value;
}

describe('a record that is to be produced', () => {
  const showing = { key: 'text', value: 'text' } as const;

  it.each([
    [{ value: 7 }, 'value must be a string; connect with ?value=json to send JSON'],
    [{ value: 'a', value_base64: 'YQ==' }, 'value and value_base64 cannot both be given'],
    [{ value_base64: '?' }, 'value_base64 must be a string in base64'],
    [{ partition: -1 }, 'partition must be greater than or equal to 0'],
    [{ timestamp: 'now' }, 'timestamp must be a whole number'],
    [{ headers: {} }, 'headers must be an array'],
    [{ headers: [{ value: 'x' }] }, 'headers[0].key may not be null'],
    [{ nobody: 1 }, 'Unrecognized field: nobody'],
    [7, 'a record must be an object'],
  ])('is refused: %j', (frame, why) => {
    expect(() => recordFrom(frame, showing, 0)).toThrow(why);
  });

  it('has the time it came at, and no key, where it says neither', () => {
    const nothing = { key: null, value: null, partition: null, headers: [], timestamp: 9 };
    expect(recordFrom({}, showing, 9)).toEqual(nothing);
  });
});
