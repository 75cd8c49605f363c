/**
 * What every form of the log's store must do, whichever it is: the same tests run against memory
 * and against the SQLite of a Durable Object.
 */
import { describe, expect, it } from 'vitest';
import type { LogRow, LogState, LogStore } from '../../src/core/log/store.ts';

/** Runs a test with an empty store; `open` gives it again as it is after a restart. */
export type WithStore = (test: (open: () => LogStore) => void) => Promise<void>;

function row(baseOffset: number, count: number, change: Partial<LogRow> = {}): LogRow {
  return {
    baseOffset,
    nextOffset: baseOffset + count,
    maxTimestamp: 1_000 + baseOffset,
    maxTimestampSoFar: 2_000 + baseOffset,
    appendedAt: 1_750_000_000_000 + baseOffset,
    producers: null,
    bytes: Uint8Array.from({ length: 10 + count }, (_, i) => baseOffset + i),
    ...change,
  };
}

function state(logStartOffset: number): LogState {
  return {
    spec: { topicId: 'AAAAAAAAAAAAAAAAAAAAAA', topic: 'orders', partition: 3, configs: { a: 'b' } },
    logStartOffset,
    cleanedTo: 5,
    cleanings: [{ to: 5, at: 1_750_000_000_000 }],
    firstTombstone: undefined,
  };
}

function headOf({ bytes, producers: _, ...head }: LogRow) {
  return { ...head, byteCount: bytes.length };
}

/** Bytes that no two positions of a piece share by accident. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8) * 7) & 0xff);
}

export function describeLogStore(name: string, withStore: WithStore): void {
  describe(`${name} as a log store`, () => {
    it('is empty before the first append', () =>
      withStore((open) => {
        const store = open();
        expect(store.dropped).toBe(false);
        expect(store.floor(10)).toBeUndefined();
        expect(store.from(0, 10)).toEqual([]);
        expect(store.data(0, 10)).toEqual([]);
        expect(store.count(0)).toBe(0);
        expect(store.snapshot()).toBeUndefined();
        expect(store.producerRows(0)).toEqual([]);
      }));

    it('keeps what a partition is as a stream, alone or with what is appended', () =>
      withStore((open) => {
        expect(open().streamRow('stream')).toBeUndefined();
        open().keepStreamRows([{ key: 'stream', value: 'first' }]);
        open().append([row(0, 1)], undefined, undefined, [
          { key: 'stream', value: 'second' },
          { key: 'producer/a', value: 'x'.repeat(100_000) },
        ]);
        expect(open().streamRow('stream')).toBe('second');
        expect(open().streamRow('producer/a')).toHaveLength(100_000);
        expect(open().count(0)).toBe(1);
        open().keepStreamRows([{ key: 'producer/a', value: undefined }]);
        expect(open().streamRow('producer/a')).toBeUndefined();
        open().drop();
        expect(open().streamRow('stream')).toBeUndefined();
      }));

    it('keeps what share groups have read, and forgets it', () =>
      withStore((open) => {
        const [first, second] = [pattern(700), pattern(4_500_000)];
        open().keepShareState('a group', first);
        open().keepShareState('another', second);
        expect(open().shareState('a group')).toEqual(first);
        expect(open().shareState('another')).toEqual(second);
        expect(open().shareState('a third')).toBeUndefined();
        open().keepShareState('another', first);
        expect(open().shareState('another')).toEqual(first);
        open().keepShareState('a group', undefined);
        expect(open().shareState('a group')).toBeUndefined();
        expect(open().state()).toBeUndefined();
        expect(open().from(0, 1)).toEqual([]);
        open().drop();
        expect(open().shareState('another')).toBeUndefined();
      }));

    it('keeps who waits for the log to grow, and forgets it', () =>
      withStore((open) => {
        const [first, second] = ['a', 'b'].map((reader) => ({ reader, place: 'x:0', above: 7 }));
        expect(open().waiting()).toEqual([]);
        open().keepWaiting(first);
        open().keepWaiting(second);
        open().keepWaiting({ ...first, above: 9 });
        expect(open().waiting()).toEqual([{ ...first, above: 9 }, second]);
        open().forgetWaiting('a');
        open().forgetWaiting('nobody');
        expect(open().waiting()).toEqual([second]);
        expect(open().state()).toBeUndefined();
        open().drop();
        expect(open().waiting()).toEqual([]);
      }));

    it('finds rows by offset, before and after a restart', () =>
      withStore((open) => {
        const rows = [row(0, 3), row(3, 1), row(10, 5)];
        const written = open();
        written.append(rows.slice(0, 2), undefined);
        written.append(rows.slice(2), undefined);
        const heads = rows.map(headOf);
        for (const store of [written, open()]) {
          expect(store.floor(0)).toEqual(heads[0]);
          expect(store.floor(2)).toEqual(heads[0]);
          expect(store.floor(3)).toEqual(heads[1]);
          expect(store.floor(9)).toEqual(heads[1]);
          expect(store.floor(Number.MAX_SAFE_INTEGER)).toEqual(heads[2]);
          expect(store.floor(-1)).toBeUndefined();
          expect(store.from(0, 10)).toEqual(heads);
          expect(store.from(1, 1)).toEqual([heads[1]]);
          expect(store.from(4, 5)).toEqual([heads[2]]);
          expect(store.from(11, 5)).toEqual([]);
          expect(store.data(3, 10)).toEqual([rows[1].bytes, rows[2].bytes]);
          expect(store.data(0, 2)).toEqual([rows[0].bytes]);
          expect(store.data(4, 9)).toEqual([]);
          expect([0, 1, 10, 11].map((offset) => store.count(offset))).toEqual([3, 2, 1, 0]);
        }
      }));

    it('keeps offsets and timestamps up to 2^53', () =>
      withStore((open) => {
        const far = row(2 ** 52, 1, { maxTimestamp: -1, maxTimestampSoFar: 2 ** 52 + 1 });
        open().append([far], undefined);
        expect(open().floor(Number.MAX_SAFE_INTEGER)).toEqual(headOf(far));
      }));

    it('keeps what it was given, whatever becomes of it', () =>
      withStore((open) => {
        const larger = pattern(100);
        const view = larger.subarray(20, 60);
        const store = open();
        store.append([row(0, 1, { bytes: view, producers: larger.subarray(0, 5) })], undefined);
        larger.fill(0);
        expect(store.data(0, 0)).toEqual([pattern(100).subarray(20, 60)]);
        expect(store.producerRows(0)[0].producers).toEqual(pattern(5));
      }));

    it('keeps rows of 8 MB and of a size that meets the cut', () =>
      withStore((open) => {
        const sizes = [8_000_000, 1_950_000, 1_950_001, 3_900_000];
        const rows = sizes.map((size, i) => row(i, 1, { bytes: pattern(size) }));
        open().append(rows, undefined);
        const store = open();
        expect(store.from(0, 10).map(({ byteCount }) => byteCount)).toEqual(sizes);
        for (const { baseOffset, bytes } of rows) {
          const [stored] = store.data(baseOffset, baseOffset);
          expect(Buffer.compare(stored, bytes), `row of ${bytes.length}`).toBe(0);
        }
      }));

    it('gives the rows that concern producers', () =>
      withStore((open) => {
        const producers = Uint8Array.of(1, 2, 3);
        open().append([row(0, 1), row(1, 1, { producers }), row(2, 1, { producers })], undefined);
        const store = open();
        const appendedAt = 1_750_000_000_001;
        expect(store.producerRows(0)).toEqual([
          { baseOffset: 1, appendedAt, producers },
          { baseOffset: 2, appendedAt: appendedAt + 1, producers },
        ]);
        expect(store.producerRows(2)).toHaveLength(1);
      }));

    it('keeps the last snapshot, however large', () =>
      withStore((open) => {
        const store = open();
        store.append([row(0, 1)], { nextOffset: 1, bytes: pattern(4_500_000) });
        expect(Buffer.compare(open().snapshot()!.bytes, pattern(4_500_000))).toBe(0);
        store.append([row(1, 1)], { nextOffset: 2, bytes: pattern(7) });
        for (const again of [store, open()]) {
          expect(again.snapshot()).toEqual({ nextOffset: 2, bytes: pattern(7) });
        }
        store.append([row(2, 1)], undefined);
        expect(store.snapshot()?.nextOffset).toBe(2);
      }));

    it('keeps what was aborted, in order, until it is forgotten', () =>
      withStore((open) => {
        const aborted = [4, 9, 12].map((lastOffset) => ({
          producerId: 2 ** 40 + lastOffset,
          firstOffset: lastOffset - 3,
          lastOffset,
          lastStableOffset: 2 ** 50 + lastOffset,
        }));
        const store = open();
        expect([...store.abortedFrom(0)]).toEqual([]);
        store.append([row(0, 5, { aborted: aborted.slice(0, 1) })], undefined);
        store.append([row(5, 8, { aborted: aborted.slice(1) }), row(13, 1)], undefined);
        for (const again of [store, open()]) {
          expect([...again.abortedFrom(0)]).toEqual(aborted);
          expect([...again.abortedFrom(5)]).toEqual(aborted.slice(1));
          expect([...again.abortedFrom(13)]).toEqual([]);
        }
        const nothing = { rows: [], snapshot: undefined, state: undefined };
        store.rewrite({ first: 0, last: 4, forgotten: [4, 12], ...nothing });
        for (const again of [store, open()])
          expect([...again.abortedFrom(0)]).toEqual([aborted[1]]);
        store.drop();
        expect([...open().abortedFrom(0)]).toEqual([]);
      }));

    it('stores nothing of an append that fails', () =>
      withStore((open) => {
        const store = open();
        store.append([row(0, 1)], { nextOffset: 1, bytes: pattern(3) });
        // Two rows at one offset: the second must take the first along.
        const clash = [row(1, 1), row(1, 2)];
        expect(() => store.append(clash, { nextOffset: 9, bytes: pattern(1) })).toThrow();
        for (const again of [store, open()]) {
          expect(again.count(0)).toBe(1);
          expect(again.snapshot()?.nextOffset).toBe(1);
        }
        store.append([row(1, 1)], undefined);
        expect(store.count(0)).toBe(2);
      }));

    it('lets its last row grow', () =>
      withStore((open) => {
        const aborted = [{ producerId: 1, firstOffset: 0, lastOffset: 3, lastStableOffset: 4 }];
        const producers = Uint8Array.of(1, 2, 3);
        const store = open();
        store.append([row(0, 1), row(1, 1)], undefined);
        store.append([row(1, 2, { grownFrom: 2, producers })], undefined);
        const last = row(1, 3, { producers });
        store.append([{ ...last, grownFrom: 3, aborted }, row(4, 1)], undefined, state(0));
        for (const again of [store, open()]) {
          expect(again.from(0, 9)).toEqual([row(0, 1), last, row(4, 1)].map(headOf));
          expect(again.data(1, 1)).toEqual([last.bytes]);
          expect(again.producerRows(0).map(({ baseOffset }) => baseOffset)).toEqual([1]);
          expect([...again.abortedFrom(0)]).toEqual(aborted);
          expect(again.state()).toEqual(state(0));
        }
      }));

    it('lets no row grow that is not as it was, and stores nothing then', () =>
      withStore((open) => {
        const store = open();
        store.append([row(0, 2)], undefined);
        const wrong = [row(0, 3, { grownFrom: 1 }), row(1, 2, { grownFrom: 2 })];
        for (const grown of wrong) {
          expect(() => store.append([grown], undefined)).toThrow();
          expect(() => store.append([grown, row(5, 1)], undefined, state(1))).toThrow();
        }
        for (const again of [store, open()]) {
          expect(again.from(0, 9)).toEqual([headOf(row(0, 2))]);
          expect(again.state()).toBeUndefined();
        }
      }));

    it('stores nothing of a first append that fails', () =>
      withStore((open) => {
        const store = open();
        expect(() => store.append([row(0, 1), row(0, 1)], undefined)).toThrow();
        expect(store.count(0)).toBe(0);
        store.append([row(0, 1)], undefined);
        expect(open().count(0)).toBe(1);
      }));

    it('keeps a state of its own, alone or with rows', () =>
      withStore((open) => {
        const store = open();
        expect(store.state()).toBeUndefined();
        expect(store.totals(0)).toEqual({ rows: 0, bytes: 0 });
        store.append([row(0, 1)], undefined, state(0));
        store.append([], undefined, state(1));
        store.append([row(1, 2)], undefined);
        for (const again of [store, open()]) {
          expect(again.state()).toEqual(state(1));
          expect(again.totals(0)).toEqual({ rows: 2, bytes: 11 + 12 });
          expect(again.totals(1)).toEqual({ rows: 1, bytes: 12 });
        }
      }));

    it('puts rows in place of others, with snapshot and state', () =>
      withStore((open) => {
        const store = open();
        const large = row(1, 1, { bytes: pattern(4_500_000) });
        store.append([row(0, 1), large, row(2, 1), row(5, 2)], undefined);
        store.rewrite({
          first: 1,
          last: 4,
          rows: [row(1, 4, { bytes: pattern(2_500_000) })],
          snapshot: { nextOffset: 7, bytes: pattern(3) },
          state: state(1),
        });
        for (const again of [store, open()]) {
          expect(again.from(0, 9).map((head) => [head.baseOffset, head.nextOffset])).toEqual([
            [0, 1],
            [1, 5],
            [5, 7],
          ]);
          expect(Buffer.compare(again.data(1, 1)[0], pattern(2_500_000))).toBe(0);
          expect(again.snapshot()).toEqual({ nextOffset: 7, bytes: pattern(3) });
          expect(again.state()).toEqual(state(1));
        }
        store.rewrite({ first: 0, last: 9, rows: [], snapshot: undefined, state: state(7) });
        for (const again of [store, open()]) {
          expect(again.count(0)).toBe(0);
          expect(again.floor(9)).toBeUndefined();
          expect(again.state()?.logStartOffset).toBe(7);
        }
        store.append([row(7, 1)], undefined);
        expect(open().data(0, 9)).toEqual([row(7, 1).bytes]);
      }));

    it('changes nothing when a rewrite fails', () =>
      withStore((open) => {
        const store = open();
        store.append([row(0, 1), row(1, 1), row(2, 1)], undefined, state(0));
        const clash = [row(0, 1), row(2, 1)];
        expect(() =>
          store.rewrite({ first: 0, last: 1, rows: clash, snapshot: undefined, state: state(2) }),
        ).toThrow();
        for (const again of [store, open()]) {
          expect(again.count(0)).toBe(3);
          expect(again.state()?.logStartOffset).toBe(0);
        }
      }));

    it('forgets everything when dropped, for good', () =>
      withStore((open) => {
        const store = open();
        store.append([row(0, 3)], { nextOffset: 3, bytes: pattern(3) }, state(0));
        store.drop();
        store.drop();
        for (const again of [store, open()]) {
          expect(again.dropped).toBe(true);
          expect(again.floor(5)).toBeUndefined();
          expect(again.from(0, 1)).toEqual([]);
          expect(again.snapshot()).toBeUndefined();
          expect(again.state()).toBeUndefined();
        }
        open().drop();
      }));

    it('can be dropped before it held anything', () =>
      withStore((open) => {
        open().drop();
        expect(open().dropped).toBe(true);
      }));
  });
}
