/** One transaction after another by one producer: a batch of ten records, then a commit. */
import { lastsFor, putOnce } from '../loads.ts';
import type { Workload } from '../workload.ts';

export const transactions: Workload = {
  name: 'transactions',
  title: 'transactions of 10 records of 1 KB',
  figures: [
    { name: 'throughput', unit: 'transactions/s', better: 'higher' },
    { name: 'p99', unit: 'ms', better: 'lower' },
  ],
  async sample(running, round) {
    const report = await putOnce(running, {
      kind: 'transactions',
      topic: `transactions-${round.number}`,
      partitions: 1,
      recordBytes: 1_000,
      recordsPerPartition: 10,
      ...lastsFor(round),
    });
    const latency = report?.latencyMs;
    return latency && { throughput: latency.count / report.seconds, p99: latency.p99 };
  },
};
