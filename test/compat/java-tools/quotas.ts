/**
 * Quotas as an operator sets them, and as Java's clients feel them: how long they were told to wait
 * is in their own metrics. They share the JVM of the other tools.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockOf } from '../../docs/blocks.ts';
import { lines, unique } from '../words.ts';
import { type Bench, contains, type Play, topicWith } from './bench.ts';

/** Sets a quota of a client id. */
async function limit({ run }: Bench, client: string, quota: string): Promise<void> {
  const entity = ['--entity-type', 'clients', '--entity-name', client];
  contains(await run('configs', '--alter', ...entity, '--add-config', quota), 'Completed updating');
}

/** Properties in a file, for tools that take no others. */
function properties(content: string): string {
  const path = join(tmpdir(), `${unique('client')}.properties`);
  writeFileSync(path, content);
  return path;
}

/** What a tool printed of a metric of its client. */
function metric(text: string, name: string): number {
  const line = lines(text).find((one) => one.includes(`:${name}:`));
  const value = Number(line?.split(' : ')[1]);
  if (Number.isNaN(value)) throw new Error(`no ${name} in:\n${text}`);
  return value;
}

export const quotas: Readonly<Record<string, Play>> = {
  'tools-quotas-of-a-producer': async (bench) => {
    const topic = await topicWith(bench, 0);
    const client = unique('writer');
    // 2 MB come at once in ten seconds; the rest is waited for.
    await limit(bench, client, 'producer_byte_rate=200000');
    const produce = (clientId: string) => {
      const size = ['--num-records', '2600', '--record-size', '1000', '--throughput', '-1'];
      const own = [`bootstrap.servers=${bench.bootstrap}`, `client.id=${clientId}`];
      const words = [...size, '--print-metrics', '--command-property', ...own];
      return bench.run('producerPerformance', '--topic', topic, ...words);
    };
    const throttled = metric(await produce(client), 'produce-throttle-time-max');
    if (!(throttled > 500)) throw new Error(`told to wait for ${throttled} ms`);
    const free = metric(await produce(unique('writer')), 'produce-throttle-time-max');
    if (free !== 0) throw new Error(`another client was told to wait for ${free} ms`);
  },
  'tools-quotas-of-a-consumer': async (bench) => {
    const topic = unique('tools');
    await bench.run('topics', '--create', '--topic', topic);
    const size = ['--num-records', '2600', '--record-size', '1000', '--throughput', '-1'];
    const servers = ['--command-property', `bootstrap.servers=${bench.bootstrap}`];
    await bench.run('producerPerformance', '--topic', topic, ...size, ...servers);
    const client = unique('reader');
    await limit(bench, client, 'consumer_byte_rate=200000');
    const config = properties(`client.id=${client}\nmax.partition.fetch.bytes=200000\n`);
    const words = ['--num-records', '2600', '--print-metrics', '--command-config', config];
    const text = await bench.run('consumerPerformance', '--topic', topic, ...words);
    const throttled = metric(text, 'fetch-throttle-time-max');
    if (!(throttled > 500)) throw new Error(`told to wait for ${throttled} ms`);
  },
  'tools-quotas-of-new-partitions': async (bench) => {
    const client = unique('admin');
    await limit(bench, client, 'controller_mutation_rate=1');
    const config = ['--command-config', properties(`client.id=${client}\n`)];
    const create = ['--create', '--partitions', '100'];
    await bench.run('topics', ...create, '--topic', unique('many'), ...config);
    const refused = await bench.fails('topics', ...create, '--topic', unique('more'), ...config);
    contains(refused, 'ThrottlingQuotaExceededException');
  },
  'tools-quotas-of-the-docs': async ({ run, bootstrap }) => {
    const place = { bootstrapServers: bootstrap, url: '' };
    const code = blockOf('docs/security.md', 'quotas', place).replaceAll('\\\n', ' ');
    const config = properties('');
    let said = '';
    for (const line of lines(code)) {
      const [script, , , ...words] = line.split(/\s+/);
      if (script !== 'kafka-configs') throw new Error(`not a command to be run: ${line}`);
      said = await run('configs', ...words.map((w) => (w === 'admin.properties' ? config : w)));
    }
    contains(said, 'producer_byte_rate=1048576.0', 'consumer_byte_rate=2097152.0');
  },
};
