import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AnswerMemory } from '../../src/broker/answer-memory.ts';
import { ControllerWatch } from '../../src/broker/controller-watch.ts';
import { ClusterMemory } from '../../src/broker/metadata-cache.ts';
import { ConnectionWatches } from '../../src/broker/watches.ts';
import { partitionWatch } from '../../src/runtime/partition-watch.ts';
import type { Objects, PartitionWatch } from '../../src/runtime/stubs.ts';
import { MemoryWatches } from '../../src/runtime/watch.ts';

/** Watches over one partition that only announces; `opened` are the watches it gave out. */
function watchesOf() {
  const partition = new MemoryWatches();
  const opened: PartitionWatch[] = [];
  let delayed: Promise<void> = Promise.resolve();
  const stub = {
    call: async () => {
      throw new Error('nobody should be asked');
    },
    watch: async () => {
      await delayed;
      opened.push(partitionWatch(partition.open('7')));
      return opened[opened.length - 1];
    },
  };
  const now = () => Date.now();
  const objects = { partition: () => stub } as unknown as Objects;
  return {
    partition,
    opened,
    watches: new ConnectionWatches(
      objects,
      new AnswerMemory(now),
      now,
      new ControllerWatch(objects, new ClusterMemory(), now),
    ),
    delayOpening: (until: Promise<void>) => {
      delayed = until;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the watches of a connection', () => {
  it('keep in mind for a moment what a partition has said', () => {
    const { watches } = watchesOf();
    const state = { highWatermark: 7, lastStableOffset: 7, logStartOffset: 0, leaderEpoch: -1 };
    watches.remember('id', 0, state);
    vi.advanceTimersByTime(4_000);
    expect(watches.recall('id', 0)).toBe(state);
    expect(watches.recall('id', 1)).toBeUndefined();
    for (let more = 1; more < 10_000; more++) watches.remember('id', more, state);
    expect(watches.recall('id', 0)).toBe(state);
    watches.remember('id', 10_000, state);
    expect(watches.recall('id', 0)).toBeUndefined();
    vi.advanceTimersByTime(1_000);
    expect(watches.recall('id', 10_000)).toBe(state);
    vi.advanceTimersByTime(4_000);
    expect(watches.recall('id', 10_000)).toBeUndefined();
  });

  it('open once a partition', async () => {
    const { watches, opened } = watchesOf();
    expect(watches.get('id', 0)).toBeUndefined();
    const first = await watches.open('id', 0);
    expect(first.watch.highWatermark).toBe(7);
    expect(await watches.open('id', 0)).toBe(first);
    expect(watches.get('id', 0)).toBe(first);
    expect(watches.get('id', 1)).toBeUndefined();
    expect(opened).toHaveLength(1);
    watches.closeAll();
    expect(opened[0].open).toBe(false);
  });

  it('keep what was last read with the watch', async () => {
    const { watches } = watchesOf();
    const watched = await watches.open('id', 0);
    watched.state = { highWatermark: 7, lastStableOffset: 7, logStartOffset: 2, leaderEpoch: 0 };
    expect(watches.get('id', 0)?.state?.logStartOffset).toBe(2);
    watches.closeAll();
  });

  it('forget a watch that closed', async () => {
    const { watches, partition } = watchesOf();
    await watches.open('id', 0);
    partition.closeAll();
    expect(watches.get('id', 0)).toBeUndefined();
    watches.closeAll();
  });

  it('put a line to the proof that was silent for a minute', async () => {
    const { watches, partition, opened } = watchesOf();
    await watches.open('id', 0);
    const poll = async (ms: number): Promise<boolean> => {
      for (let passed = 0; passed < ms; passed += 10_000) {
        await vi.advanceTimersByTimeAsync(10_000);
        if (watches.get('id', 0) === undefined) return false;
      }
      return true;
    };
    expect(await poll(3_600_000)).toBe(true);
    expect(opened).toHaveLength(1);
    partition.announce('8');
    partition.silent = true;
    expect(await poll(60_000)).toBe(true);
    expect(await poll(20_000)).toBe(false);
    expect(opened[0].open).toBe(false);
    await watches.open('id', 0);
    expect(opened).toHaveLength(2);
    watches.closeAll();
  });

  it('are opened anew after half a day, whatever they say of themselves', async () => {
    const { watches } = watchesOf();
    const { listen } = await watches.open('id', 0);
    expect(listen).toBeDefined();
    const used = setInterval(() => watches.get('id', 0), 30_000);
    await vi.advanceTimersByTimeAsync(11 * 3_600_000);
    expect(watches.get('id', 0)).toBeDefined();
    await vi.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(watches.get('id', 0)).toBeUndefined();
    clearInterval(used);
    watches.closeAll();
  });

  it('close what nobody asks for, but not what is listened to', async () => {
    const { watches, opened } = watchesOf();
    await watches.open('id', 0);
    const used = await watches.open('id', 1);
    const stop = used.listen(() => {});
    await vi.advanceTimersByTimeAsync(130_000);
    expect(opened.map(({ open }) => open)).toEqual([false, true]);
    stop();
    stop();
    await vi.advanceTimersByTimeAsync(130_000);
    expect(opened[1].open).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stay open while somebody waits for what any of them has to say', async () => {
    const { watches, partition, opened } = watchesOf();
    await watches.open('id', 0);
    await vi.advanceTimersByTimeAsync(30_000);
    await watches.open('id', 1);
    let heard = 0;
    const stop = watches.listen(() => heard++);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(opened.map(({ open }) => open)).toEqual([true, true]);
    partition.announce('8');
    expect(heard).toBe(2);
    partition.closeAll();
    expect(heard).toBe(4);
    stop();
    await watches.open('id', 0);
    partition.announce('9');
    expect(heard).toBe(4);
    await vi.advanceTimersByTimeAsync(130_000);
    expect(opened[2].open).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tell listeners, until they stop', async () => {
    const { watches, partition } = watchesOf();
    const watched = await watches.open('id', 0);
    const heard: number[] = [];
    const stop = watched.listen(() => heard.push(watched.watch.highWatermark));
    partition.announce('8');
    partition.announce('9');
    stop();
    partition.announce('10');
    expect(heard).toEqual([8, 9]);
    expect(watched.watch.highWatermark).toBe(10);
    watches.closeAll();
  });

  it('close a watch that was still being opened when the client left', async () => {
    const { watches, opened, delayOpening } = watchesOf();
    const { promise, resolve } = Promise.withResolvers<void>();
    delayOpening(promise);
    const opening = watches.open('id', 0);
    watches.closeAll();
    resolve();
    expect((await opening).watch.open).toBe(false);
    expect(opened[0].open).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
