/**
 * Topics taken from Kedge to Apache Kafka and back by `kedge export` and `kedge import`, as lines
 * and as record batches, which Kafka's own tool must be able to read.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kedge, kedgeAt } from '../../cli/records/kedge-command.ts';
import { jvm } from '../maven.ts';
import { runToEnd } from '../processes.ts';
import type { CaseResult } from '../suite.ts';
import { equal, includes, unique } from '../words.ts';
import type { Address } from './player.ts';

export const copiesCase = 'copies';

async function ran(kedge: Kedge, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await kedge(args, input);
  if (code !== 0) throw new Error(`kedge ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Lines that produce -J takes: nulls, bytes, times, repeated headers, a large one, many. */
function everything(): string {
  const line = (record: object) => `${JSON.stringify(record)}\n`;
  const headers = [
    ['trace', '1'],
    ['trace', { base64: '/w==' }],
    ['bare', null],
    ['', ''],
  ];
  const at = (partition: number, timestamp: number) => ({ topic: 'any', partition, timestamp });
  return [
    line({ ...at(0, 1_600_000_000_000), key: 'a', value: 'é "quoted"\n\u0000', headers }),
    line({ ...at(0, 5), key: '', value: '' }),
    line({ ...at(0, 6), key: 'tombstone', value: null }),
    line({ ...at(2, 0), key: { base64: 'AP/+' }, value: { base64: 'wIA=' } }),
    line({ ...at(2, 1_600_000_000_001), key: 'large', value: 'x'.repeat(1_000_000) }),
    ...Array.from({ length: 500 }, (_, n) => line({ ...at(1, n), value: `${n} `.repeat(20) })),
  ].join('');
}

/** All of a topic, with times, in the order of each partition. */
async function contents(kedge: Kedge, topic: string): Promise<string[]> {
  const format = '%p|%T|%K|%k|%S|%s|%h\\x01';
  const text = await ran(kedge, ['consume', '-t', topic, '-e', '-q', '-f', format]);
  return text.split('\x01').toSorted((a, b) => Number(a[0]) - Number(b[0]));
}

interface Places {
  /** Where the copies lie. */
  readonly folder: string;
  /** The class path of Kafka's tools. */
  readonly tools: string;
}

async function copyAround(kafka: Kedge, kedge: Kedge, { folder, tools }: Places): Promise<void> {
  const topic = unique('copied');
  const timed = unique('timed');
  const create = (name: string, partitions: number, ...configs: string[]) =>
    ran(kedge, [
      'topic',
      'create',
      name,
      '-p',
      `${partitions}`,
      ...configs.flatMap((one) => ['--config', one]),
    ]);
  await create(topic, 3, 'retention.ms=-1', 'segment.bytes=20000000');
  await create(timed, 1, 'message.timestamp.type=LogAppendTime');
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    await ran(kedge, ['produce', '-J', '-t', topic, '-q', '-z', codec], everything());
  }
  await ran(kedge, ['produce', '-t', timed, '-q'], 'now\n');
  const [all, now] = [await contents(kedge, topic), await contents(kedge, timed)];
  for (const format of ['json', 'binary']) {
    const [there, back] = [join(folder, `${format}-there`), join(folder, `${format}-back`)];
    const renamed = (name: string, as: string) => ['--topic', `${name}=${as}`];
    const named = `${topic}-${format}`;
    const timedNamed = `${timed}-${format}`;
    await ran(kedge, ['export', topic, timed, '--to', there, '--format', format, '-q']);
    const names = [...renamed(topic, named), ...renamed(timed, timedNamed)];
    await ran(kafka, ['import', there, ...names, '-q']);
    equal(await contents(kafka, named), all);
    equal(await contents(kafka, timedNamed), now);
    await ran(kafka, ['export', named, timedNamed, '--to', back, '--format', format, '-q']);
    await ran(kedge, ['import', back, '-q']);
    equal(await contents(kedge, named), all);
    equal(await contents(kedge, timedNamed), now);
    if (format === 'binary')
      await readByKafka([join(there, `${topic}-1`), join(back, `${named}-1`)], tools);
  }
}

/** Kafka's tool finds whole batches, of as many records as there are. */
async function readByKafka(folders: readonly string[], tools: string): Promise<void> {
  for (const folder of folders) {
    const [log] = await readdir(folder);
    const tool = ['-cp', tools, 'org.apache.kafka.tools.DumpLogSegments'];
    const args = ['--print-data-log', '--files', join(folder, log!)];
    const text = await runToEnd('java', [...jvm, ...tool, ...args]);
    includes([text.includes('isvalid: true'), !text.includes('isvalid: false')], true);
    equal(text.match(/^\| offset: /gm)?.length, 2_500);
  }
}

export async function playCopies(
  kafka: Address,
  kedge: Address,
  tools: string,
): Promise<CaseResult> {
  const folder = await mkdtemp(join(tmpdir(), 'kedge-copies-'));
  const at = ({ host, kafkaPort }: Address) => kedgeAt(`${host}:${kafkaPort}`);
  try {
    await copyAround(at(kafka), at(kedge), { folder, tools });
    return { name: copiesCase, verdict: 'passed', detail: '' };
  } catch (error) {
    return { name: copiesCase, verdict: 'failed', detail: (error as Error).message };
  } finally {
    await rm(folder, { recursive: true });
  }
}
