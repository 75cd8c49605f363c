import { describe, expect, it } from 'vitest';
import { notBeforeHeader } from '../../../src/core/push/messages.ts';
import {
  DeliveryWindow,
  type Outcome,
  type Pending,
  type WindowSettings,
} from '../../../src/core/push/window.ts';
import type { DecodedRecord } from '../../../src/protocol/records/index.ts';

const settings: WindowSettings = {
  maxBatchSize: 3,
  maxBatchTimeoutMs: 0,
  maxRetries: 2,
  retryDelayMs: 100,
  maxRetryDelayMs: 300,
  order: 'partition',
};
const bytes = (text: string) => new TextEncoder().encode(text);
const record = (offset: number, key: string | null = null, more: Partial<DecodedRecord> = {}) => ({
  offset,
  timestamp: 0,
  key: key === null ? null : bytes(key),
  value: bytes(`v${offset}`),
  headers: [],
  ...more,
});
const offsets = (batch: readonly Pending[] | undefined) => batch?.map((one) => one.record.offset);
const acked: Outcome = { acked: true };
const failed = (delayMs: number | null = null): Outcome => ({
  acked: false,
  error: 'no',
  delayMs,
});

function windowOf(count: number, change: Partial<WindowSettings> = {}): DeliveryWindow {
  const window = new DeliveryWindow({ ...settings, ...change }, 0);
  const records = Array.from({ length: count }, (_, offset) => record(offset, `k${offset % 2}`));
  window.add(records, count, 1_000);
  return window;
}

describe('a window over a partition in order', () => {
  it('hands out one batch at a time, and is finished as far as it was taken', () => {
    const window = windowOf(5);
    const first = window.take(1_000)!;
    expect(offsets(first)).toEqual([0, 1, 2]);
    expect(window.take(1_000)).toBeUndefined();
    expect(window.inFlight).toBe(3);
    window.settle(first, [acked, acked, acked], 1_000);
    expect(window.position).toBe(3);
    const second = window.take(1_000)!;
    expect(offsets(second)).toEqual([3, 4]);
    window.settle(second, [acked, acked], 1_000);
    expect([window.position, window.next, window.isEmpty, window.kept]).toEqual([5, 5, true, null]);
  });

  it('holds up everything behind a record that is to come again, later each time', () => {
    const window = windowOf(6);
    const first = window.take(1_000)!;
    window.settle(first, [acked, failed(), acked], 1_000);
    expect([window.position, window.settledBeyond, window.waitingForRetry]).toEqual([1, 1, 1]);
    expect(window.take(1_099)).toBeUndefined();
    expect([window.dueAt, window.isHeldUp(1_099)]).toEqual([1_100, true]);
    const second = window.take(1_100)!;
    // By itself: what is new must not overtake it when it fails once more.
    expect(offsets(second)).toEqual([1]);
    expect(second[0].attempts).toBe(1);
    window.settle(second, [failed()], 1_100);
    expect(window.dueAt).toBe(1_300);
    window.settle(window.take(1_300)!, [failed()], 1_300);
    expect(window.dead.map((one) => [one.record.offset, one.attempts, one.error])).toEqual([
      [1, 3, 'no'],
    ]);
    expect(window.take(9_000)).toBeUndefined();
    window.bury(window.dead[0]);
    expect(window.position).toBe(3);
    expect(offsets(window.take(9_000))).toEqual([3, 4, 5]);
  });

  it('lets records that failed together come again together', () => {
    const window = windowOf(6);
    window.settle(window.take(1_000)!, [acked, failed(), failed()], 1_000);
    expect(offsets(window.take(1_100))).toEqual([1, 2]);
  });

  it('waits as long as the target says', () => {
    const window = windowOf(1);
    window.settle(window.take(1_000)!, [failed(5_000)], 1_000);
    expect(window.dueAt).toBe(6_000);
    expect(window.take(5_999)).toBeUndefined();
    expect(offsets(window.take(6_000))).toEqual([0]);
  });

  it('lets a batch wait until it is full, but not for longer than it may', () => {
    const window = windowOf(2, { maxBatchTimeoutMs: 500 });
    expect(window.take(1_499)).toBeUndefined();
    expect([window.dueAt, window.missing(1_000)]).toEqual([1_500, 1]);
    window.add([record(2)], 3, 1_400);
    expect(offsets(window.take(1_400))).toEqual([0, 1, 2]);
    const other = windowOf(2, { maxBatchTimeoutMs: 500 });
    expect(offsets(other.take(1_500))).toEqual([0, 1]);
  });

  it('does not deliver a record before its time', () => {
    const window = new DeliveryWindow(settings, 0);
    const headers = [{ key: notBeforeHeader, value: bytes('5000') }];
    window.add([record(0), record(1, null, { headers }), record(2)], 3, 1_000);
    const first = window.take(1_000)!;
    expect(offsets(first)).toEqual([0]);
    window.settle(first, [acked], 1_000);
    expect([window.take(4_999), window.dueAt]).toEqual([undefined, 5_000]);
    expect(offsets(window.take(5_000))).toEqual([1, 2]);
  });

  it('gives a large record a batch to itself', () => {
    const window = new DeliveryWindow(settings, 0);
    const large = new Uint8Array(1_048_577);
    window.add([record(0), record(1, null, { value: large }), record(2)], 3, 0);
    for (const expected of [[0], [1], [2]]) {
      const batch = window.take(0)!;
      expect(offsets(batch)).toEqual(expected);
      window.settle(batch, [acked], 0);
    }
  });

  it('reads no further than it can remember', () => {
    const window = windowOf(1_500);
    expect([window.next, window.hasRoom]).toEqual([1_000, false]);
    window.settle(window.take(1_000)!, [acked, acked, acked], 1_000);
    window.add([record(999), record(1_000), record(1_001)], 1_500, 1_000);
    expect(window.next).toBe(1_500);
    expect(window.hasRoom).toBe(true);
  });

  it('passes over offsets that are nobody’s', () => {
    const window = new DeliveryWindow(settings, 4);
    window.add([record(2), record(6)], 9, 0);
    expect([window.position, window.next]).toEqual([6, 9]);
    window.settle(window.take(0)!, [acked], 0);
    expect(window.position).toBe(9);
  });
});

describe('a window in order by key', () => {
  const byKey = { order: 'key' as const, maxBatchSize: 2 };

  it('hands out batches side by side, no key in two of them', () => {
    const window = new DeliveryWindow({ ...settings, ...byKey }, 0);
    const keys = ['a', 'b', 'a', 'c', null, null];
    window.add(
      keys.map((key, offset) => record(offset, key)),
      6,
      0,
    );
    const first = window.take(0)!;
    const second = window.take(0)!;
    const third = window.take(0)!;
    expect([first, second, third].map(offsets)).toEqual([[0, 1], [3, 4], [5]]);
    expect(window.take(0)).toBeUndefined();
    window.settle(second, [acked, acked], 0);
    expect([window.position, window.settledBeyond]).toEqual([0, 2]);
    window.settle(first, [failed(), acked], 0);
    expect(window.take(99)).toBeUndefined();
    expect(window.isHeldUp(0)).toBe(false);
    expect(offsets(window.take(100))).toEqual([0]);
  });
});

describe('what is kept of a window', () => {
  it('brings back attempts, and nothing that is finished', () => {
    const window = windowOf(8, { maxBatchSize: 6 });
    const outcomes = [acked, failed(), acked, failed(4_000), acked, acked];
    window.settle(window.take(1_000)!, outcomes, 1_000);
    const { kept, position } = window;
    expect(kept).toMatchObject({
      next: 8,
      unfinished: [
        [1, 1],
        [3, 3],
        [6, 7],
      ],
    });
    const again = new DeliveryWindow({ ...settings, maxBatchSize: 6 }, position, kept);
    const records = Array.from({ length: 9 }, (_, i) => record(i + 1));
    again.add(records, 10, 2_000);
    const batch = again.take(2_000)!;
    expect(batch.map((one) => [one.record.offset, one.attempts])).toEqual([[1, 1]]);
    again.settle(batch, [acked], 2_000);
    expect(again.position).toBe(3);
    const last = again.take(5_000)!;
    expect(offsets(last)).toEqual([3]);
    again.settle(last, [acked], 5_000);
    expect(offsets(again.take(5_000))).toEqual([6, 7, 8, 9]);
  });

  it('remembers that a record is dead', () => {
    const window = windowOf(1, { maxRetries: 0 });
    window.settle(window.take(1_000)!, [failed()], 1_000);
    const again = new DeliveryWindow({ ...settings, maxRetries: 0 }, 0, window.kept);
    again.add([record(0)], 1, 2_000);
    expect(again.dead).toHaveLength(1);
  });
});
