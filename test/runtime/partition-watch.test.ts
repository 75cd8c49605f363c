import { describe, expect, it, vi } from 'vitest';
import { memoryPartition } from '../../src/runtime/memory-partition.ts';
import {
  announcementOf,
  closedWatch,
  MemoryWatches,
  openWatch,
  parseAnnouncement,
  WatchState,
} from '../../src/runtime/partition-watch.ts';
import { append, batch, settings, startOfTime } from '../core/log/samples.ts';

const at = (offset: number) => ({ highWatermark: offset, lastStableOffset: offset });

describe('WatchState', () => {
  it('tells every listener until it stops listening', () => {
    const watch = new WatchState(at(4), () => {});
    const [first, second] = [vi.fn(), vi.fn()];
    watch.listen(first);
    const stop = watch.listen(second);
    watch.announce(at(5));
    stop();
    watch.announce(at(6));
    expect(watch.highWatermark).toBe(6);
    expect(first).toHaveBeenCalledTimes(2);
    expect(second).toHaveBeenCalledTimes(1);
  });

  it('counts one function that listens twice as two', () => {
    const watch = new WatchState(at(0), () => {});
    const listener = vi.fn();
    const stop = watch.listen(listener);
    watch.listen(listener);
    stop();
    watch.announce(at(1));
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('closes once, tells so, and says nothing more', () => {
    const whenClosed = vi.fn();
    const watch = new WatchState(at(4), whenClosed);
    const listener = vi.fn();
    watch.listen(listener);
    watch.close();
    watch.close();
    watch.announce(at(9));
    expect(watch).toMatchObject({ open: false, highWatermark: 4 });
    expect(whenClosed).toHaveBeenCalledTimes(1);
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe('MemoryWatches', () => {
  it('announces to those that are open', () => {
    const watches = new MemoryWatches();
    const [one, other] = [watches.open(at(0)), watches.open(at(0))];
    other.close();
    watches.announce(at(3));
    expect([one.highWatermark, other.highWatermark]).toEqual([3, 0]);
    watches.closeAll();
    expect(one.open).toBe(false);
  });
});

describe('openWatch', () => {
  it('is closed, not thrown, when the object cannot be reached', async () => {
    const stub = { fetch: () => Promise.reject(new Error('Network connection lost.')) };
    expect((await openWatch(stub)).open).toBe(false);
  });

  it('is closed when the object answers without a line', async () => {
    const answer = { status: 410, webSocket: null } as Response;
    expect((await openWatch({ fetch: async () => answer })).open).toBe(false);
    expect(closedWatch().open).toBe(false);
  });
});

describe('memoryPartition', () => {
  const settled = { settings, now: () => startOfTime };
  const one = append(batch(['a']));

  it('announces appends to its watches and closes them when dropped', async () => {
    const partition = memoryPartition(settled);
    const watch = await partition.watch();
    const heard: number[] = [];
    watch.listen(() => heard.push(watch.open ? watch.highWatermark : -1));
    await partition.call('append', one);
    await partition.call('append', one);
    expect((await partition.watch()).highWatermark).toBe(2);
    await partition.call('drop', {});
    expect(heard).toEqual([1, 2, -1]);
    expect((await partition.watch()).open).toBe(false);
  });
});

describe('announcements', () => {
  it('name the last stable offset only where it is another', () => {
    const open = { highWatermark: 9, lastStableOffset: 4 };
    expect([announcementOf(at(9)), announcementOf(open)]).toEqual(['9', '9 4']);
    expect([parseAnnouncement('9'), parseAnnouncement('9 4')]).toEqual([at(9), open]);
  });
});
