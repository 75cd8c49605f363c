/** A workerd of its own with the Kedge whose meters can be read, its objects on disk. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { readWorkerConfig } from '../../src/local/worker-config.ts';
import { workerBundle } from '../../src/local/worker-script.ts';
import { workerdConfig } from '../../src/local/workerd-config.ts';
import { startWorkerd } from '../../src/local/workerd-process.ts';

export interface MeteredKedge extends AsyncDisposable {
  readonly host: string;
  readonly kafkaPort: number;
  /** Where HTTP is served, without a slash at the end. */
  readonly url: string;
  readonly pid: number;
}

const root = join(import.meta.dirname, '../..');
const host = '127.0.0.1';

/** Starts it with `KAFKA_…` variables; settles when it can be reached. */
export async function startMeteredKedge(
  variables: Readonly<Record<string, string>> = {},
): Promise<MeteredKedge> {
  const directory = mkdtempSync(join(tmpdir(), 'kedge-cost-'));
  const objectsPath = join(directory, 'objects');
  mkdirSync(objectsPath);
  await build({
    ...workerBundle,
    absWorkingDir: root,
    entryPoints: ['bench/cost/metered-worker.ts'],
    outfile: join(directory, 'worker.js'),
    logLevel: 'warning',
  });
  const configFile = join(directory, 'config.capnp');
  const config = workerdConfig({
    script: 'worker.js',
    worker: readWorkerConfig(join(root, 'wrangler.toml')),
    variables: {
      KEDGE_OPEN: 'true',
      KEDGE_CALLS_PER_CONNECTION: '0',
      KEDGE_REQUESTS_PER_CONNECTION: '0',
      ...variables,
    },
    objectsPath,
    sockets: [
      { name: 'kafka', kind: 'tcp', host, port: 0 },
      { name: 'http', kind: 'http', host, port: 0 },
    ],
  });
  writeFileSync(configFile, config);
  const process = await startWorkerd({
    configFile,
    pidFile: join(directory, 'workerd.pid'),
    sockets: ['kafka', 'http'],
    onLine: (level, message) => console.error(`${level}: ${message}`),
  });
  return {
    host,
    kafkaPort: process.ports.get('kafka')!,
    url: `http://${host}:${process.ports.get('http')}`,
    pid: process.pid,
    async [Symbol.asyncDispose]() {
      await process.stop();
      rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
