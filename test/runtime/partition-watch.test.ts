import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/writer.ts';
import { memoryPartition } from '../../src/runtime/memory-partition.ts';
import {
  announcementOf,
  Enclosures,
  parseAnnouncement,
  partitionWatch,
} from '../../src/runtime/partition-watch.ts';
import { MemoryWatches } from '../../src/runtime/watch.ts';
import { append, batch, settings, startOfTime } from '../core/log/samples.ts';

const at = (offset: number) => ({ highWatermark: offset, lastStableOffset: offset });

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

describe('a watch with records', () => {
  const newPartition = () => memoryPartition({ settings, now: () => startOfTime });

  it('brings what was appended with where the log ends, to who asks for that', async () => {
    const partition = newPartition();
    const [watch, other] = [await partition.watch(true), await partition.watch()];
    const heard: [number, Uint8Array[], number][] = [];
    watch.listen(() => {
      heard.push([watch.highWatermark, [...watch.enclosed], other.enclosed.length]);
    });
    await partition.call('append', append(batch(['a'])));
    await partition.call('append', append(batch(['b', 'c'])));
    const read = { currentLeaderEpoch: -1, maxBytes: 1e6, minOneBatch: true, isolationLevel: 0 };
    const [{ records: a }, { records: bc }] = await Promise.all(
      [0, 1].map((fetchOffset) => partition.call('read', { ...read, fetchOffset })),
    );
    expect(concat(heard.flatMap(([, pieces]) => pieces))).toEqual(concat([...a]));
    expect(heard[1]).toEqual([3, bc, 0]);
    expect(watch.enclosed).toEqual([]);
  });

  it('brings none when records are gone, and says so', async () => {
    const partition = newPartition();
    const { spec } = append(batch(['a']));
    await partition.call('append', append(batch(['a'])));
    const watch = await partition.watch(true);
    const heard: number[] = [];
    watch.listen(() => heard.push(watch.enclosed.length));
    await partition.call('deleteRecords', { spec, offset: 1 });
    expect(heard).toEqual([0]);
  });
});

describe('what is enclosed', () => {
  it('is as much as a batch of 16 KiB, and no more than a MiB a second', () => {
    let now = startOfTime;
    const enclosures = new Enclosures(() => now);
    const batches = [new Uint8Array(10_000), new Uint8Array(6_384)];
    expect(enclosures.of([...batches, new Uint8Array(1)])).toEqual([]);
    for (let i = 0; i < 64; i++) expect(enclosures.of(batches)).toBe(batches);
    expect(enclosures.of(batches)).toEqual([]);
    now += 1_000;
    expect(enclosures.of(batches)).toBe(batches);
  });
});

describe('announcements', () => {
  it('are counted of share groups that somebody asks for', () => {
    const watches = new MemoryWatches();
    const watch = partitionWatch(watches.open(announcementOf(at(1))));
    const say = (groupId: string) => watches.announce(announcementOf({ ...at(1), groupId }));
    say('workers');
    expect(watch.sharedTimes('workers')).toBe(0);
    for (const groupId of ['workers', 'others', 'workers']) say(groupId);
    expect(['workers', 'others'].map((groupId) => watch.sharedTimes(groupId))).toEqual([2, 0]);
  });

  it('name the last stable offset only where it is another', () => {
    const open = { highWatermark: 9, lastStableOffset: 4 };
    expect([announcementOf(at(9)), announcementOf(open)]).toEqual(['9', '9 4']);
    expect([parseAnnouncement('9'), parseAnnouncement('9 4')]).toEqual([at(9), open]);
  });

  it.each(['workers', '', 'a b  c', '7'])('name the share group %o that may ask', (groupId) => {
    const announced = { ...at(9), groupId };
    expect(parseAnnouncement(announcementOf(announced))).toEqual(announced);
  });
});
