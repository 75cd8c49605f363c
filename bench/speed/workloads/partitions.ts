/**
 * What a record costs where there are a thousand partitions, to what it costs where there is one:
 * requests of one batch, which go to one partition after another. And what the first record costs
 * one that slept. The surprise: before a look is measured every partition is written to once, in
 * that look, for some fall asleep when nobody has written to them for seconds, and other systems
 * have their turns in between.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../../load/job.ts';
import { fill, lastsFor, put } from '../loads.ts';
import type { Running } from '../system.ts';
import type { Figure, Round, Workload } from '../workload.ts';
import { java } from './produce.ts';

const many = 1_000;
const recordBytes = 1_000;
/** workerd takes an object out of memory that has had nothing to do for ten seconds. */
const asleepAfterMs = 11_000;

/** Microseconds of the system's processors for a record. */
export const cost: Figure = { name: 'processor', unit: 'µs/record', better: 'lower' };

export function costOf({ systemCpuSeconds, records }: Report): number | undefined {
  return systemCpuSeconds === undefined ? undefined : (systemCpuSeconds * 1e6) / records;
}

/** Requests of one batch to so many partitions in turn. */
function shapeOf(partitions: number) {
  return {
    kind: 'produce',
    topic: `partitions-${partitions}`,
    partitions,
    recordBytes,
    codec: 'none',
    connections: 1,
    partitionsPerRequest: 1,
    ...java,
  } as const;
}

/** So many records are at least one batch for each. */
function onceAround(partitions: number): number {
  return partitions * Math.floor(java.batchBytes / recordBytes);
}

/** Nothing is the first of its partition after this: that one makes tables. */
async function filled(running: Running, partitions: number): Promise<void> {
  await fill(running, { ...shapeOf(partitions), records: onceAround(partitions) });
}

/** The same requests to so many partitions. */
async function costAmong(
  running: Running,
  partitions: number,
  round: Round,
): Promise<number | undefined> {
  await filled(running, partitions);
  const report = await put(running, {
    ...shapeOf(partitions),
    ...lastsFor(round),
    warmUpRecords: onceAround(partitions),
  });
  return report && costOf(report);
}

const awake: Workload = {
  name: 'partitions',
  title: `produce 1 KB to ${many} partitions, a batch a request`,
  figures: [cost, { name: 'to one partition', unit: 'ratio', better: 'lower' }],
  async sample(running, round) {
    if (running.dialect !== 'kafka') return undefined;
    const among = await costAmong(running, many, round);
    const alone = await costAmong(running, 1, round);
    if (among === undefined || alone === undefined) return undefined;
    return { [cost.name]: among, 'to one partition': among / alone };
  },
};

/** When each was written to last, so that those that wait in turns wait at the same time. */
const wokenAt = new WeakMap<Running, number>();

async function untilAsleep(running: Running): Promise<void> {
  const since = performance.now() - (wokenAt.get(running) ?? performance.now());
  await delay(Math.max(0, asleepAfterMs - since));
}

const asleep: Workload = {
  name: 'waking',
  title: `one record to each of ${many} partitions that slept`,
  figures: [
    { name: 'processor', unit: 'ms/partition', better: 'lower' },
    { name: 'first answer', unit: 'ms p50', better: 'lower' },
  ],
  seconds: 3,
  rounds: 3,
  async sample(running, round) {
    if (running.dialect !== 'kafka') return undefined;
    await filled(running, many);
    // The first look counts for nothing, and what it wakes has slept when the next one comes.
    if (round.number > 0) await untilAsleep(running);
    const { topic, partitions } = shapeOf(many);
    const report = await put(running, {
      kind: 'one',
      ...{ topic, partitions, recordBytes },
      ...lastsFor(round, 0),
      records: Math.min(round.records ?? many, many),
    });
    wokenAt.set(running, performance.now());
    const costs = report && costOf(report);
    if (costs === undefined) return undefined;
    return { processor: costs / 1e3, 'first answer': report!.latencyMs!.p50 };
  },
};

export const partitions: readonly Workload[] = [awake, asleep];
