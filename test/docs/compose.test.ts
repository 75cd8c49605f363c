import { connect } from 'node:net';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../../src/local/ports.ts';
import { type Program, root, run } from '../cli/processes.ts';
import { page } from './page.ts';

interface Service {
  readonly image?: string;
  readonly command?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const docs = page('docs/compose.md');
/** As written, and with this machine's ports and directory in the place of the container's. */
let written: Compose;
let ported: Compose;
let ports: Readonly<Record<string, number>>;
let kafka: Program;

beforeAll(async () => {
  const text = docs.code('compose');
  // The page's Kedge has put itself in the place of the usual addresses.
  const original = text
    .replaceAll(docs.kedge.url.replace('http://', ''), '127.0.0.1:8787')
    .replaceAll(docs.kedge.bootstrapServers, '127.0.0.1:9092');
  written = parse(original);
  const [other, host, http] = await Promise.all([1, 2, 3].map(() => freePort('127.0.0.1')));
  ports = { 29092: other, 9092: host, 8787: http };
  const here = Object.entries(ports).reduce(
    (said, [from, to]) => said.replaceAll(`:${from}`, `:${to}`),
    original.replaceAll('/var/lib/kafka/data', join(docs.scratch, 'data')),
  );
  ported = parse(here);
  const { command, environment } = ported.services.kafka;
  const [, args] = /^npx --yes --package=\S+ kedge (.*)$/.exec(command!)!;
  kafka = run(
    process.execPath,
    [join(root, 'src/cli/kedge.ts'), ...args.split(' '), '--http-port', `${http}`],
    { cwd: docs.scratch, env: { ...environment } },
  );
  await kafka.until('Ctrl-C stops it');
});

/** A client in compose's network, or on the machine: what `kafka` means, compose would say. */
async function roundTrip(broker: string): Promise<string[]> {
  const dialled: string[] = [];
  const client = new Kafka({
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    socketFactory({ host, port, onConnect }) {
      dialled.push(`${host}:${port}`);
      return connect({ host: host === 'kafka' ? '127.0.0.1' : host, port }, onConnect);
    },
  });
  const producer = client.producer();
  await producer.connect();
  await producer.send({ topic: 'orders', messages: [{ value: broker }] });
  await producer.disconnect();
  return [...new Set(dialled)];
}

describe('the compose file', () => {
  it('runs in an image that has what it needs, and lasts', () => {
    const { services, volumes } = written;
    expect(services.kafka.image).toMatch(/^node:\d+-slim$/);
    const [name, path] = services.kafka.volumes!.at(-1)!.split(':');
    expect(Object.keys(volumes)).toEqual([name]);
    expect(services.kafka.environment.KAFKA_LOG_DIRS).toBe(path);
    const tarball = /--package=(\S+)/.exec(services.kafka.command!)![1];
    expect(services.kafka.volumes![0]).toContain(`:${tarball}:`);
    // What is open is open to this machine alone.
    for (const port of services.kafka.ports!) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    expect(services.shop.depends_on).toEqual({ kafka: { condition: 'service_healthy' } });
  });

  it('leads each client to the address that is meant for it', async () => {
    const { KAFKA_BROKERS } = ported.services.shop.environment;
    expect(await roundTrip(KAFKA_BROKERS)).toEqual([`kafka:${ports[29_092]}`]);
    expect(await roundTrip(`localhost:${ports[9_092]}`)).toEqual([`localhost:${ports[9_092]}`]);
    expect(kafka.stderr()).toBe('');
  });

  it('makes the topics that it names', async () => {
    const client = new Kafka({
      brokers: [`localhost:${ports[9_092]}`],
      logLevel: logLevel.NOTHING,
    });
    const admin = client.admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata();
    const sizes = topics.map(({ name, partitions }) => [name, partitions.length]).sort();
    expect(sizes).toEqual([
      ['orders', 3],
      ['prices', 1],
    ]);
    await admin.disconnect();
  });

  it('is healthy when it is, and not before', async () => {
    const [cmd, command, ...args] = ported.services.kafka.healthcheck!.test;
    expect([cmd, command]).toEqual(['CMD', 'node']);
    expect(await run(process.execPath, args).ended).toBe(0);
    const silent = args.map((arg) => arg.replaceAll(`:${ports[8787]}`, ':1'));
    expect(await run(process.execPath, silent).ended).toBe(1);
  });
});
