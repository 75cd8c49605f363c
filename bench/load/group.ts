/**
 * The load `group`: members that share a topic's partitions, read them to the end, and commit as
 * they go. The surprise: how long joining takes is not part of what is measured but a figure of its
 * own, since a broker may well wait for others on purpose (group.initial.rebalance.delay.ms).
 */
import { Connection } from './connection.ts';
import { Consumer, type Reading } from './consumer.ts';
import { maxWaitMs } from './fetch.ts';
import { FetchFrames } from './fetch-frames.ts';
import { Member } from './group-member.ts';
import type { GroupJob, Report } from './job.ts';
import { earliest, offsetsOf, topicIdFor } from './setup.ts';
import { untilSilent, Window } from './window.ts';

/** As clients have it (heartbeat.interval.ms). */
const heartbeatMs = 3_000;

export async function group(job: GroupJob): Promise<Report> {
  if (job.dialect === 'bare') throw new Error('the bare Worker has no groups');
  const window = new Window(job);
  const topicId = await topicIdFor(job);
  const starts = await offsetsOf(job, earliest);
  const { topic, partitions, members: count } = job;
  const groupId = job.groupId ?? `${topic}-${process.pid}-${Date.now()}`;
  const generations = new Map<number, number>();
  const membership = { groupId, topic, topicId, partitions, members: count, generations };
  const members = await Promise.all(
    Array.from({ length: count }, () => Member.open(job, membership)),
  );
  try {
    const began = performance.now();
    const assigned = await Promise.all(members.map((member) => member.join()));
    const joinSeconds = (performance.now() - began) / 1000;
    checkShares(assigned, partitions);
    window.open();
    const work = members.map((member, nth) => {
      return read(job, topicId, member, assigned[nth], starts, window);
    });
    await untilSilent(window, Promise.all(work));
    window.end();
    for (const member of members) await member.leave();
    return { ...window.report(), joinSeconds };
  } finally {
    for (const member of members) member.close();
  }
}

/** Each partition is somebody's, and nobody else's. */
function checkShares(assigned: readonly number[][], partitions: number): void {
  const all = assigned.flat();
  if (all.length !== partitions || new Set(all).size !== partitions) {
    throw new Error(`the members were told to read partitions ${all.join(' ')}`);
  }
}

/** Reads its share to the end, beats and commits meanwhile, and commits at the end. */
async function read(
  job: GroupJob,
  topicId: string,
  member: Member,
  partitions: readonly number[],
  starts: ReadonlyMap<number, number>,
  window: Window,
): Promise<void> {
  if (partitions.length === 0) return;
  const committed = await member.committed(partitions);
  const offsets = new Map(partitions.map((p) => [p, committed.get(p) ?? starts.get(p)!]));
  const { maxBytes = 50 << 20, partitionMaxBytes = 1 << 20, commitEveryMs = 5_000 } = job;
  const frames = new OnePass(offsets, { topicId, maxBytes, partitionMaxBytes, maxWaitMs });
  const consumer = new Consumer(await Connection.open(job), frames, window);
  let failed: (error: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  const beating = setInterval(() => {
    member.beat().then((stands) => {
      if (!stands) failed(new Error('the group was made anew meanwhile'));
    }, failed);
  }, heartbeatMs);
  const committing = setInterval(
    () => void member.commit(frames.offsets).catch(failed),
    commitEveryMs,
  );
  try {
    await Promise.race([consumer.run(), failure]);
  } finally {
    clearInterval(beating);
    clearInterval(committing);
    consumer.close();
  }
  await member.commit(frames.offsets);
}

/** What was read is not read again. */
class OnePass extends FetchFrames implements Reading {
  readonly rewind = undefined;
}
