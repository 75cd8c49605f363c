import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ControllerWatch, renewMs } from '../../src/broker/controller-watch.ts';
import { ClusterMemory } from '../../src/broker/metadata-cache.ts';
import type { Objects } from '../../src/runtime/stubs.ts';
import { MemoryWatches } from '../../src/runtime/watch.ts';

const settledMs = 10_000;

let lines: MemoryWatches;
let opened: number;
let watch: ControllerWatch;

beforeEach(() => {
  vi.useFakeTimers();
  lines = new MemoryWatches();
  opened = 0;
  const controller = {
    watch: async () => {
      opened++;
      return lines.open('watching');
    },
  };
  const objects = { controller: () => controller } as unknown as Objects;
  watch = new ControllerWatch(objects, new ClusterMemory(), Date.now);
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A connection that has lived for a while, and asks about topics. */
async function follow(): Promise<void> {
  await pass(settledMs);
  watch.follow();
  await pass(0);
}

describe('a watch over the controller', () => {
  it('is opened once, by a connection that lives for a while', async () => {
    watch.follow();
    await pass(0);
    expect([opened, watch.unchangedSince]).toEqual([0, Infinity]);
    await follow();
    watch.follow();
    await pass(0);
    expect([opened, watch.unchangedSince]).toEqual([1, Date.now()]);
  });

  it('says since when nothing has changed', async () => {
    await follow();
    await pass(5_000);
    lines.announce('changed');
    const changedAt = Date.now();
    await pass(5_000);
    expect(watch.unchangedSince).toBe(changedAt);
  });

  it('is believed for as long as it gives signs of life when it is used', async () => {
    await follow();
    const openedAt = Date.now();
    for (let i = 0; i < 60; i++) {
      await pass(30_000);
      expect(watch.unchangedSince).toBe(openedAt);
    }
  });

  it('that nobody has used for long is believed when it has given a sign of life', async () => {
    await follow();
    const openedAt = Date.now();
    await pass(3_600_000);
    expect(watch.unchangedSince).toBe(Infinity);
    await pass(0);
    expect(watch.unchangedSince).toBe(openedAt);
  });

  it('that was lost in silence is never believed again', async () => {
    await follow();
    lines.silent = true;
    await pass(3_600_000);
    expect(watch.unchangedSince).toBe(Infinity);
    const proof = watch.prove();
    await pass(5_000);
    expect(await proof).toBe(false);
    expect([watch.unchangedSince, watch.heardSince]).toEqual([Infinity, Infinity]);
  });

  it('is opened anew after half a day, whatever it says of itself', async () => {
    await follow();
    await pass(renewMs);
    expect(await watch.prove()).toBe(false);
    watch.follow();
    await pass(0);
    expect([opened, await watch.prove()]).toEqual([2, true]);
  });

  it('that was still being opened when the client left is closed', async () => {
    await pass(settledMs);
    watch.follow();
    watch.close();
    await pass(0);
    expect([opened, watch.unchangedSince, await watch.prove()]).toEqual([1, Infinity, false]);
  });
});
