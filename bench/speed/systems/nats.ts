/**
 * NATS JetStream, with streams in files: Debian's server as it is set by default, and a newer one
 * that flushes to the disk before it acknowledges, as Kedge does. The surprise: by default what
 * NATS has acknowledged is flushed every two minutes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../test/compat/broker.ts';
import { Running as Process } from '../../../test/compat/processes.ts';
import type { Load } from '../loads.ts';
import { NatsConnection, streamOf } from '../peers/nats-connection.ts';
import { builtNats, debianNats } from '../peers/nats-server.ts';
import type { Running, System } from '../system.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

const program = join(import.meta.dirname, '../peers/nats-load.ts');
const answersWithinMs = 30_000;

async function launch(command: string, settings: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-nats-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  const address = { host: '127.0.0.1', port: await freePort() };
  const file = join(folder, 'nats.conf');
  const jetStream = `store_dir: ${JSON.stringify(join(folder, 'store'))}\n${settings}`;
  writeFileSync(file, `listen: 127.0.0.1:${address.port}\njetstream {\n${jetStream}\n}\n`);
  const before = performance.now();
  const server = new Process(command, ['-c', file]);
  const end = () => {
    server.signal('SIGKILL');
    remove();
  };
  process.once('exit', end);
  const stop = async () => {
    await server.stop('SIGKILL'); // there is nothing it has to save
    process.off('exit', end);
    remove();
  };
  try {
    const version = await answered(address, server);
    const startedAfterMs = performance.now() - before;
    return {
      dialect: 'nats',
      ...address,
      version,
      startedAfterMs,
      generator: { program, takes },
      pids: () => [server.pid!],
      prepare: async (topic) =>
        void (await ask(address, `STREAM.CREATE.${topic}`, streamOf(topic))),
      discard: async (topic) => void (await ask(address, `STREAM.DELETE.${topic}`)),
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${server.stderr.slice(-2000)}`);
  }
}

/** One stream has no partitions, and nobody compresses what comes in. */
function takes(job: Load): boolean {
  if (job.kind === 'produce') return job.partitions === 1 && job.codec === 'none';
  return ['one', 'fetch', 'tail', 'idle'].includes(job.kind) && job.partitions === 1;
}

/** Asks JetStream's API; the server's version. */
async function ask(address: Address, api: string, body?: object): Promise<string> {
  const connection = await NatsConnection.open(address);
  try {
    await connection.request(api, body);
    return `nats-server ${connection.version}`;
  } finally {
    connection.close();
  }
}

/** Asks until it answers. */
async function answered(address: Address, server: Process): Promise<string> {
  const deadline = performance.now() + answersWithinMs;
  for (;;) {
    try {
      return await ask(address, 'INFO');
    } catch (error) {
      if (server.exitCode !== null || performance.now() > deadline) throw error;
      await delay(5);
    }
  }
}

export const nats: System = {
  name: 'nats',
  title: 'NATS JetStream',
  start: async () => launch(await debianNats(), ''),
};

export const natsFlush: System = {
  name: 'nats-flush',
  title: 'NATS JetStream, flushing',
  start: async () => launch(await builtNats(), 'sync_interval: always'),
};
