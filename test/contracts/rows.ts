/**
 * What every table of rows must do, whichever it is: the same tests run against memory and against
 * the SQLite of a Durable Object.
 */
import { describe, expect, it } from 'vitest';
import type { Rows } from '../../src/runtime/rows.ts';

/** Runs a test with an empty table; `open` gives it again as it is after a restart. */
export type WithRows = (test: (open: () => Rows) => void) => Promise<void>;

const large = 'grüße 👋 '.repeat(400_000);

const values: [string, unknown][] = [
  ['text', 'plain'],
  ['an empty text', ''],
  ['numbers', [0, -1, 1.5, Number.MAX_SAFE_INTEGER]],
  ['truth', [true, false, null]],
  ['bytes', { metadata: Uint8Array.of(0, 1, 254, 255), empty: new Uint8Array(0) }],
  ['bytes of a part of a buffer', Uint8Array.of(9, 8, 7, 6).subarray(1, 3)],
  ['many bytes', Uint8Array.from({ length: 100_000 }, (_, index) => index)],
  ['odd keys', JSON.parse('{ "__proto__": 1, "": 2, "constructor": { "$bytes": 3 } }')],
  ['more than fits one row of SQLite', { large }],
];

export function describeRows(name: string, withRows: WithRows): void {
  const rowsOf = (rows: Rows) =>
    Object.fromEntries(rows.load().map(({ key, value }) => [key, value]));

  describe(`${name} as rows`, () => {
    it('starts empty, and putting nothing changes nothing', () =>
      withRows((open) => {
        const rows = open();
        expect(rows.load()).toEqual([]);
        rows.put([]);
        expect(rows.load()).toEqual([]);
      }));

    it('keeps the last value of each key, in the order of keys', () =>
      withRows((open) => {
        open().put([
          { key: 'b', value: 1 },
          { key: 'a', value: 2 },
        ]);
        open().put([{ key: 'b', value: 3 }]);
        expect(open().load()).toEqual([
          { key: 'a', value: 2 },
          { key: 'b', value: 3 },
        ]);
      }));

    it('null deletes, also what was put in the same breath', () =>
      withRows((open) => {
        open().put([
          { key: 'a', value: 1 },
          { key: 'b', value: 2 },
          { key: 'a', value: null },
        ]);
        open().put([{ key: 'never there', value: null }]);
        expect(rowsOf(open())).toEqual({ b: 2 });
        open().put([{ key: 'b', value: null }]);
        expect(open().load()).toEqual([]);
      }));

    it.each(values)('gives back %s', (_, value) =>
      withRows((open) => {
        open().put([{ key: 'k', value }]);
        expect(open().load()).toEqual([{ key: 'k', value }]);
      }),
    );

    it('a large value gives way to a small one, and to none', () =>
      withRows((open) => {
        open().put([{ key: 'k', value: large }]);
        open().put([{ key: 'k', value: 'small' }]);
        expect(rowsOf(open())).toEqual({ k: 'small' });
        open().put([{ key: 'k', value: large }]);
        open().put([{ key: 'k', value: null }]);
        expect(open().load()).toEqual([]);
      }));

    it('shares nothing with who put or who loads', () =>
      withRows((open) => {
        const value = { list: [1], bytes: Uint8Array.of(1) };
        open().put([{ key: 'k', value }]);
        value.list.push(2);
        value.bytes[0] = 2;
        const [loaded] = open().load();
        (loaded.value as typeof value).list.push(3);
        expect(rowsOf(open())).toEqual({ k: { list: [1], bytes: Uint8Array.of(1) } });
      }));

    it('stores all of a put or none of it', () =>
      withRows((open) => {
        const cycle: Record<string, unknown> = {};
        cycle.self = cycle;
        const put = () =>
          open().put([
            { key: 'a', value: 1 },
            { key: 'b', value: cycle },
          ]);
        expect(put).toThrow();
        expect(open().load()).toEqual([]);
        open().put([{ key: 'a', value: 1 }]);
        expect(rowsOf(open())).toEqual({ a: 1 });
      }));
  });
}
