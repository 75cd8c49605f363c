/** Records over HTTP, as JSON, by Kedge's own route: one a request, and a hundred. */
import { lastsFor, putOnce } from '../loads.ts';
import type { Workload } from '../workload.ts';

function http(recordsPerRequest: number, title: string): Workload {
  const name = `http-${recordsPerRequest}`;
  return {
    name,
    title: `HTTP produce of ${title} of 1 KB`,
    figures: [
      { name: 'throughput', unit: 'records/s', better: 'higher' },
      { name: 'p50', unit: 'ms', better: 'lower' },
    ],
    async sample(running, round) {
      if (running.url === undefined) return undefined;
      const topic = `${name}-${round.number}`;
      const report = await putOnce(running, {
        kind: 'http',
        topic,
        partitions: 1,
        url: `${running.url}/rest/topics/${topic}`,
        recordBytes: 1_000,
        recordsPerRequest,
        connections: 4,
        ...lastsFor(round),
      });
      return (
        report?.latencyMs && {
          throughput: report.records / report.seconds,
          p50: report.latencyMs.p50,
        }
      );
    },
  };
}

export const https: readonly Workload[] = [http(1, '1 record'), http(100, '100 records')];
