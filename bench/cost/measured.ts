/**
 * What records take of a running Kedge: of its processor, and by the meters of its objects, real
 * SQLite and all. The surprise: storage confirms at once here, so that nobody has the time to
 * gather while a row is being confirmed; rows are few all the same.
 */
import { createTopic, Wire } from '../../test/kafka/wire.ts';
import type { Report } from '../load/job.ts';
import { type Load, put } from '../speed/loads.ts';
import type { Running } from '../speed/system.ts';
import { startMeteredKedge } from './metered-kedge.ts';
import { since, totalOf, usagesAt } from './usage.ts';

export interface Measured {
  readonly title: string;
  /** Of workerd: gateway and objects. */
  readonly cpuMsPerThousand: number;
  readonly objectRequestsPerThousand: number;
  readonly rowsWrittenPerThousand: number;
  /** What the rows are meant to be at most. */
  readonly mostRows?: number;
}

interface Shape {
  readonly title: string;
  load(topic: string, url: string): Load;
  readonly partitions?: number;
  readonly mostRows?: number;
  /** Reads what the one before has written. */
  readonly reads?: boolean;
  /** Default 0.5. */
  readonly warmUpSeconds?: number;
}

const seconds = 1.5;

const batches = { codec: 'none', inFlight: 5, connections: 1, batchBytes: 16_384 } as const;

function batched(title: string, recordBytes: number, partitions = 1): Shape {
  const load = (topic: string): Load => ({
    kind: 'produce',
    topic,
    partitions,
    recordBytes,
    ...batches,
  });
  // Each partition writes its tables first.
  return { title, partitions, load, warmUpSeconds: 0.5 + partitions / 400 };
}

/** Each waits for its answer; `mostRows` for a thousand records is what is aimed at. */
function tenProducers(records: number, mostRows: number): Shape {
  const batchBytes = 61 + records * 110;
  const load = (topic: string): Load =>
    records === 1
      ? { kind: 'one', topic, partitions: 1, recordBytes: 100, connections: 10 }
      : {
          ...{ kind: 'produce', topic, partitions: 1, recordBytes: 100, codec: 'none' },
          ...{ batchBytes, inFlight: 1, connections: 10 },
        };
  const title = `100 B, ${records} a request, 10 producers`;
  return { title, mostRows, load };
}

function tenCallers(recordsPerRequest: number, mostRows: number): Shape {
  const load = (topic: string, url: string): Load => ({
    ...{ kind: 'http', topic, partitions: 1, recordBytes: 100, recordsPerRequest },
    ...{ connections: 10, url: `${url}/rest/topics/${topic}` },
  });
  const title = `100 B, HTTP, ${recordsPerRequest} a request, 10 callers`;
  return { title, mostRows, load };
}

function reading(title: string): Shape {
  const most = { maxBytes: 52_428_800, partitionMaxBytes: 1_048_576 };
  const load = (topic: string): Load => ({ kind: 'fetch', topic, partitions: 1, ...most });
  return { title, reads: true, load };
}

const one = { kind: 'one', partitions: 1, recordBytes: 100 } as const;
const transaction = { kind: 'transactions', partitions: 1, recordBytes: 100 } as const;

const shapes: readonly Shape[] = [
  batched('100 B, batched', 100),
  reading('100 B, read from the start'),
  batched('1 KB, batched', 1_000),
  reading('1 KB, read from the start'),
  batched('10 KB, batched', 10_000),
  reading('10 KB, read from the start'),
  batched('1 KB, batched, 1,000 partitions', 1_000, 1_000),
  { title: '100 B, one by one', load: (topic) => ({ ...one, topic }) },
  tenProducers(1, 150),
  tenProducers(10, 30),
  tenProducers(100, 10),
  tenCallers(1, 150),
  tenCallers(10, 30),
  tenCallers(100, 10),
  {
    title: '100 B, transactions of 100',
    load: (topic) => ({ ...transaction, topic, recordsPerPartition: 100 }),
  },
  {
    title: '100 B, one every 10 ms, a reader that waits',
    load: (topic) => ({ ...one, kind: 'tail', topic, everyMs: 10 }),
  },
];

/** Measures one after the other, each on a topic of its own; `tell` hears of each. */
export async function measureShapes(tell: (title: string) => void): Promise<Measured[]> {
  await using kedge = await startMeteredKedge();
  const running: Running = {
    dialect: 'kafka',
    host: kedge.host,
    port: kedge.kafkaPort,
    url: kedge.url,
    version: 'metered',
    pids: () => [kedge.pid],
    stop: async () => {},
  };
  const measured: Measured[] = [];
  let topic = '';
  for (const [i, shape] of shapes.entries()) {
    tell(shape.title);
    if (!shape.reads) topic = `cost-${i}`;
    measured.push(await measure(running, kedge.url, topic, shape));
  }
  return measured;
}

async function measure(
  running: Running,
  url: string,
  topic: string,
  { title, load, reads = false, partitions = 1, mostRows, warmUpSeconds = 0.5 }: Shape,
): Promise<Measured> {
  const job = load(topic, url);
  const create = partitions > 1 && !reads;
  if (!create) await makeTopic(running, topic);
  await put(running, { ...job, create, seconds: warmUpSeconds });
  const before = await usagesAt(url);
  const report = (await put(running, { ...job, seconds })) as Report;
  const { calls, watches, alarms, rowsWritten } = totalOf(since(before, await usagesAt(url)));
  const thousands = report.records / 1_000;
  return {
    title,
    cpuMsPerThousand: ((report.systemCpuSeconds ?? 0) * 1_000) / thousands,
    objectRequestsPerThousand: (calls + watches + alarms) / thousands,
    rowsWrittenPerThousand: rowsWritten / thousands,
    ...(mostRows !== undefined && { mostRows }),
  };
}

async function makeTopic({ host, port }: Running, topic: string): Promise<void> {
  const wire = await Wire.open({ host, kafkaPort: port });
  await createTopic(wire, topic);
  wire.close();
}
