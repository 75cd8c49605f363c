/**
 * A record every few milliseconds, and a consumer that waits for it: how long until it is there.
 */
import { lastsFor, putOnce } from '../loads.ts';
import type { Workload } from '../workload.ts';

export const tail: Workload = {
  name: 'tail',
  title: 'from producer to consumer, 1 KB every 5 ms',
  figures: [
    { name: 'p50', unit: 'ms', better: 'lower' },
    { name: 'p99', unit: 'ms', better: 'lower' },
  ],
  seconds: 1,
  async sample(running, round) {
    const report = await putOnce(running, {
      kind: 'tail',
      topic: `tail-${round.number}`,
      partitions: 1,
      recordBytes: 1_000,
      everyMs: 5,
      ...lastsFor(round),
    });
    const latency = report?.latencyMs;
    return latency && { p50: latency.p50, p99: latency.p99 };
  },
};
