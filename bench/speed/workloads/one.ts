/**
 * One record at a time, acks=all, the next when the last was answered: how long an answer takes.
 */
import { lastsFor, putOnce } from '../loads.ts';
import type { Workload } from '../workload.ts';

export const one: Workload = {
  name: 'one',
  title: 'one record of 1 KB at a time',
  figures: [
    { name: 'p50', unit: 'ms', better: 'lower' },
    { name: 'p99', unit: 'ms', better: 'lower' },
    { name: 'p99.9', unit: 'ms', better: 'lower' },
  ],
  seconds: 1,
  async sample(running, round) {
    const report = await putOnce(running, {
      kind: 'one',
      topic: `one-${round.number}`,
      partitions: 1,
      recordBytes: 1_000,
      ...lastsFor(round),
    });
    const latency = report?.latencyMs;
    return latency && { p50: latency.p50, p99: latency.p99, 'p99.9': latency.p999 };
  },
};
