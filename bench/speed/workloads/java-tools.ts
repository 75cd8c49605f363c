/**
 * Kafka's own programs that measure brokers, kafka-producer-perf-test and kafka-consumer-perf-test:
 * what they say of Kafka and of Kedge. They are here so that it is seen whether our own generator
 * flatters anybody. The surprise: they count records and not seconds, and mostly they measure Java.
 */
import { fetchJars, jarsOf } from '../../../test/compat/maven.ts';
import { runToEnd } from '../../../test/compat/processes.ts';
import { createTopic, Wire } from '../../../test/kafka/wire.ts';
import { processorSecondsOf } from '../../processes.ts';
import { fill, remove } from '../loads.ts';
import type { Running } from '../system.ts';
import type { Round, Workload } from '../workload.ts';
import { java, processor, throughput } from './produce.ts';

const recordBytes = 1_000;
/** What is sent before anything counts, while Java compiles itself. */
const warmUpRecords = 100_000;
const producedRecords = 200_000;
const consumedRecords = 300_000;
const timeoutMs = 120_000;

/** Those of bin/kafka-run-class.sh and of the programs' own scripts. */
const javaOptions = [
  ...['-Xmx512m', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
  ...['-XX:InitiatingHeapOccupancyPercent=35', '-XX:+ExplicitGCInvokesConcurrent'],
  ...['-Djava.awt.headless=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
];

async function run(tool: string, { host, port }: Running, args: readonly string[]) {
  await fetchJars('java-tools');
  const program = [`org.apache.kafka.tools.${tool}`, '--bootstrap-server', `${host}:${port}`];
  const command = [...javaOptions, '-cp', jarsOf('java-tools'), ...program, ...args];
  return runToEnd('java', command, { timeoutMs });
}

/** Records a second, as the last line of that kind says: the steady state comes after the whole. */
export function producedPerSecond(printed: string): number {
  const lines = [...printed.matchAll(/records sent, ([\d.]+) records\/sec/g)];
  const last = lines.at(-1);
  if (last === undefined) throw new Error(`kafka-producer-perf-test said no speed:\n${printed}`);
  return Number(last[1]);
}

/** Records a second, without the time that it took to join the group. */
export function consumedPerSecond(printed: string): number {
  const [names, values] = printed.trim().split('\n').slice(-2);
  const column = names.split(', ').indexOf('fetch.nMsg.sec');
  const speed = Number(values.split(', ')[column]);
  if (Number.isNaN(speed)) throw new Error(`kafka-consumer-perf-test said no speed:\n${printed}`);
  return speed;
}

const megabytes = (records: number): number => (records * recordBytes) / 1e6;

async function produce(running: Running, topic: string, { records }: Round) {
  const wire = await Wire.open({ host: running.host, kafkaPort: running.port });
  await createTopic(wire, topic);
  wire.close();
  const warmUp = records === undefined ? warmUpRecords : 0;
  const all = warmUp + (records ?? producedRecords);
  const before = processorSecondsOf(running.pids());
  const printed = await run('ProducerPerformance', running, [
    ...['--topic', topic, '--num-records', `${all}`, '--record-size', `${recordBytes}`],
    ...['--throughput', '-1', '--command-property', 'acks=all'],
    ...(warmUp > 0 ? ['--warmup-records', `${warmUp}`] : []),
  ]);
  const seconds = processorSecondsOf(running.pids()) - before;
  return {
    throughput: megabytes(producedPerSecond(printed)),
    processor: (seconds * 1e3) / megabytes(all),
  };
}

async function consume(running: Running, { records = consumedRecords }: Round) {
  const topic = 'java-consume';
  const shape = { recordBytes, codec: 'none', connections: 1, partitions: 1, ...java } as const;
  await fill(running, { kind: 'produce', topic, records, ...shape });
  const printed = await run('ConsumerPerformance', running, [
    ...['--topic', topic, '--num-records', `${records}`],
  ]);
  return { throughput: megabytes(consumedPerSecond(printed)) };
}

export const javaTools: readonly Workload[] = [
  {
    name: 'java-produce',
    title: 'kafka-producer-perf-test, 1 KB, acks=all',
    figures: [throughput, processor],
    rounds: 3,
    async sample(running, round) {
      if (running.dialect !== 'kafka') return undefined;
      const topic = `java-produce-${round.number}`;
      try {
        return await produce(running, topic, round);
      } finally {
        await remove(running, topic);
      }
    },
  },
  {
    name: 'java-consume',
    title: 'kafka-consumer-perf-test, 1 KB',
    figures: [throughput],
    rounds: 3,
    async sample(running, round) {
      return running.dialect === 'kafka' ? consume(running, round) : undefined;
    },
  },
];
