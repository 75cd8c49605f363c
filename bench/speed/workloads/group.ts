/**
 * Four members of a new group share sixteen partitions, and read them from the first offset to the
 * last. The surprise: the time begins when all have their partitions, since how long a broker waits
 * for more members to come is a setting.
 */
import { put } from '../loads.ts';
import type { Workload } from '../workload.ts';
import { filledTopic } from './fetch.ts';
import { processor, speedOf, throughput } from './produce.ts';

const topic = 'group';
const partitions = 16;

export const group: Workload = {
  name: 'group',
  title: 'a group of 4 on 16 partitions',
  figures: [throughput, processor],
  // A broker that waits takes three seconds each time.
  rounds: 3,
  async sample(running, round) {
    if (running.dialect !== 'kafka') return undefined;
    if (!(await filledTopic(running, topic, partitions, round.records))) return undefined;
    const report = await put(running, { kind: 'group', topic, partitions, members: 4 });
    return report && speedOf(report, report.bytes);
  },
};
