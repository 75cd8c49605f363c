/**
 * What the Worker weighs, and what it takes of the processor before it has done anything. The
 * surprise: the platform allows a second for that, but whoever comes to a place where no Worker is
 * yet waits for it, and so does an object that is woken. It is what workerd takes until it
 * listens, less what it takes with an empty Worker of the same size.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { readWorkerConfig, type WorkerConfig } from '../../src/local/worker-config.ts';
import { workerBundle } from '../../src/local/worker-script.ts';
import { workerdConfig } from '../../src/local/workerd-config.ts';
import { startWorkerd } from '../../src/local/workerd-process.ts';
import { type Benchmark, progress, progressDone, table, UsageError } from '../benchmark.ts';
import { processorMsOf } from '../processes.ts';
import { median } from '../statistics.ts';

const help = `size: what the Worker weighs, and what it takes of the processor to start.

Bundles the Worker as it is deployed; starts workerd with it, and with an empty Worker of the same
size, in turns: what it takes of the processor more than that is what reading and evaluating takes.
Fails when it is more than 500 KiB gzipped, or takes more than 50 ms.

Usage: npm run bench -- size [--rounds n] [--help]

  --rounds n   how often each is started (9)
`;

export const mostBytes = 500 * 1024;
const mostStartMs = 50;

const root = join(import.meta.dirname, '../..');
const host = '127.0.0.1';

/** The Worker as it is deployed. */
export async function deployedWorker(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    ...workerBundle,
    absWorkingDir: root,
    entryPoints: ['src/worker.ts'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0].contents;
}

/** A Worker with as many objects and of the same size, that does nothing: it is a comment. */
function emptyWorker({ durableObjects }: WorkerConfig, worker: Uint8Array): string {
  const classes = Object.values(durableObjects).map(
    ({ className }) => `export class ${className} extends DurableObject {}`,
  );
  return [
    "import { DurableObject } from 'cloudflare:workers';",
    ...classes,
    "export default { fetch: () => new Response('empty') };",
    `/*${new TextDecoder().decode(worker).replaceAll('*/', '* /')}*/`,
  ].join('\n');
}

/** Milliseconds on the processor until workerd with this Worker listens. */
export async function startMs(script: string | Uint8Array): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'kedge-size-'));
  const objectsPath = join(directory, 'objects');
  mkdirSync(objectsPath);
  writeFileSync(join(directory, 'worker.js'), script);
  const configFile = join(directory, 'config.capnp');
  const config = workerdConfig({
    script: 'worker.js',
    worker: readWorkerConfig(join(root, 'wrangler.toml')),
    variables: { KEDGE_OPEN: 'true' },
    objectsPath,
    sockets: [{ name: 'http', kind: 'http', host, port: 0 }],
  });
  writeFileSync(configFile, config);
  const process = await startWorkerd({
    configFile,
    pidFile: join(directory, 'workerd.pid'),
    sockets: ['http'],
    onLine: () => {},
  });
  try {
    return processorMsOf(process.pid);
  } finally {
    await process.kill();
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

function roundsFrom(args: readonly string[]): number {
  if (args.length === 0) return 9;
  const rounds = Number(args[1]);
  if (args[0] !== '--rounds' || args.length > 2 || !Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(`size takes no '${args.join(' ')}'.`);
  }
  return rounds;
}

export const size: Benchmark = {
  summary: 'what the Worker weighs, and what it takes to start',
  help,
  async run(args) {
    const rounds = roundsFrom(args);
    const worker = await deployedWorker();
    const empty = emptyWorker(readWorkerConfig(join(root, 'wrangler.toml')), worker);
    const times = { worker: [] as number[], empty: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      progress(`start ${round + 1} of ${rounds}`);
      times.empty.push(await startMs(empty));
      times.worker.push(await startMs(worker));
    }
    progressDone();
    const bytes = gzipSync(worker).length;
    const start = median(times.worker) - median(times.empty);
    const kib = (count: number) => `${(count / 1024).toFixed(0)} KiB`;
    console.log(
      table([
        ['What', 'is', 'at most'],
        ['bundle', kib(worker.length), ''],
        ['bundle, gzipped', kib(bytes), kib(mostBytes)],
        ['start, on the processor', `${start.toFixed(1)} ms`, `${mostStartMs} ms`],
      ]),
    );
    return bytes <= mostBytes && start <= mostStartMs;
  },
};
