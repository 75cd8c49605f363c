/**
 * What a record costs where there are a thousand partitions, to what it costs where there is one:
 * requests of one batch, which go to one partition after another. The surprise: every partition is
 * written to before anything is measured, for the first record of each costs a file.
 */

import type { Report } from '../../load/job.ts';
import { fill, lastsFor, prepare, put } from '../loads.ts';
import type { Running } from '../system.ts';
import type { Figure, Round, Workload } from '../workload.ts';
import { java } from './produce.ts';

const many = 1_000;
const recordBytes = 1_000;

/** Microseconds of the system's processors for a record. */
export const cost: Figure = { name: 'processor', unit: 'µs/record', better: 'lower' };

export function costOf({ systemCpuSeconds, records }: Report): number | undefined {
  return systemCpuSeconds === undefined ? undefined : (systemCpuSeconds * 1e6) / records;
}

/** The same requests to so many partitions. */
async function costAmong(
  running: Running,
  partitions: number,
  round: Round,
): Promise<number | undefined> {
  const topic = `partitions-${partitions}`;
  const shape = {
    kind: 'produce',
    topic,
    partitions,
    recordBytes,
    codec: 'none',
    connections: 1,
    partitionsPerRequest: 1,
    ...java,
  } as const;
  const batchRecords = Math.floor(java.batchBytes / recordBytes);
  // Twice around, so that nothing is the first of its partition.
  await fill(running, { ...shape, records: 2 * partitions * batchRecords });
  await prepare(running, topic);
  const report = await put(running, { ...shape, ...lastsFor(round, 1) });
  return report && costOf(report);
}

export const partitions: Workload = {
  name: 'partitions',
  title: `produce 1 KB to ${many} partitions, a batch a request`,
  figures: [cost, { name: 'to one partition', unit: 'ratio', better: 'lower' }],
  async sample(running, round) {
    if (running.dialect !== 'kafka') return undefined;
    const [among, alone] = [
      await costAmong(running, many, round),
      await costAmong(running, 1, round),
    ];
    if (among === undefined || alone === undefined) return undefined;
    return { [cost.name]: among, 'to one partition': among / alone };
  },
};
