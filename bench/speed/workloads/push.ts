/**
 * Records that go in over HTTP and come out at a webhook by themselves: how long one takes, and how
 * many do. The surprise: that is what queues are for, so a queue does it, and Kedge by a
 * subscription; neither waits for a batch to fill, and Kedge alone has the records on disk.
 */
import { join } from 'node:path';
import { createTopic, Wire } from '../../../test/kafka/wire.ts';
import { lastsFor, putBy, remove } from '../loads.ts';
import type { PushJob } from '../peers/push-job.ts';
import type { Running } from '../system.ts';
import type { Sample, Workload } from '../workload.ts';

const program = join(import.meta.dirname, '../peers/push-load.ts');
const recordBytes = 1_000;

type Shape = Pick<PushJob, 'recordsPerRequest' | 'connections' | 'recordsUnderWay' | 'everyMs'>;

type Ends = Pick<PushJob, 'url' | 'contentType' | 'subscription'>;

/** Where records go in, and what has them come out. */
function endsOf({ dialect, url }: Running, topic: string): Ends | undefined {
  if (url === undefined) return undefined;
  if (dialect === 'queues') return { url: `${url}/told`, contentType: 'application/json' };
  if (dialect !== 'kafka') return undefined;
  return {
    url: `${url}/rest/topics/${topic}`,
    contentType: 'application/vnd.kafka.json.v2+json',
    subscription: { url: `${url}/push/subscriptions/${topic}`, topic },
  };
}

async function make({ dialect, host, port }: Running, topic: string): Promise<void> {
  if (dialect !== 'kafka') return;
  const wire = await Wire.open({ host, kafkaPort: port });
  await createTopic(wire, topic);
  wire.close();
}

function push(workload: Pick<Workload, 'name' | 'title' | 'figures'>, shape: Shape): Workload {
  return {
    ...workload,
    async sample(running, round): Promise<Sample | undefined> {
      const topic = `${workload.name}-${round.number}`;
      const ends = endsOf(running, topic);
      if (ends === undefined) return undefined;
      await make(running, topic);
      try {
        const job: PushJob = {
          kind: 'push',
          pids: running.pids(),
          recordBytes,
          ...ends,
          ...shape,
          ...lastsFor(round),
        };
        const { records, seconds, latencyMs, systemCpuSeconds = 0 } = await putBy(program, job);
        return {
          delivered: records / seconds,
          processor: systemCpuSeconds / ((records * recordBytes) / 1e9),
          ...(latencyMs && { p50: latencyMs.p50, p99: latencyMs.p99 }),
        };
      } finally {
        if (ends.subscription) await fetch(ends.subscription.url, { method: 'DELETE' });
        await remove(running, topic);
      }
    },
  };
}

export const pushes: readonly Workload[] = [
  push(
    {
      name: 'push-one',
      title: 'one record of 1 KB by HTTP, pushed to a webhook',
      figures: [
        { name: 'p50', unit: 'ms', better: 'lower' },
        { name: 'p99', unit: 'ms', better: 'lower' },
      ],
    },
    { recordsPerRequest: 1, connections: 1, recordsUnderWay: 1_000, everyMs: 5 },
  ),
  push(
    {
      name: 'push-100',
      title: '100 records of 1 KB a request by HTTP, pushed to a webhook',
      figures: [
        { name: 'delivered', unit: 'records/s', better: 'higher' },
        { name: 'processor', unit: 'CPU s/GB', better: 'lower' },
      ],
    },
    { recordsPerRequest: 100, connections: 2, recordsUnderWay: 2_000, everyMs: 0 },
  ),
];
