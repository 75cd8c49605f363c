import { describe, expect, it } from 'vitest';
import { memoryPartition } from '../../src/runtime/memory-partition.ts';
import {
  announcementOf,
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
