/**
 * Starts the bare Worker by the workerd that Kedge runs in, in the way Kedge starts it: with the
 * same compatibility date and flags, its objects in files on the same disk.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, stop } from 'esbuild';
import { capnpText, Embedded } from '../../../src/local/capnp-text.ts';
import { readWorkerConfig } from '../../../src/local/worker-config.ts';
import { workerBundle } from '../../../src/local/worker-script.ts';
import { startWorkerd } from '../../../src/local/workerd-process.ts';
import type { Running } from '../system.ts';
import type { BareMode } from './dialect.ts';

/** The bare Worker, running. */
export interface Bare extends Running {
  readonly dialect: 'bare';
  /** Says which object keeps what is sent over connections from now on, and what else is done. */
  prepare(topic: string, mode?: BareMode): Promise<void>;
  /** Removes what an object keeps. */
  discard(topic: string): Promise<void>;
  /** Has the object of that name insert rows from its own memory; milliseconds it took. */
  fill(object: string, rows: number, rowBytes: number): Promise<number>;
}

const root = join(import.meta.dirname, '../../..');
const sockets = ['kafka', 'http'];

/** Starts it with empty data. */
export async function startBare(): Promise<Bare> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-bare-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  process.once('exit', remove);
  mkdirSync(join(folder, 'do'));
  writeFileSync(join(folder, 'worker.js'), await script());
  const configFile = join(folder, 'bare.capnp');
  writeFileSync(configFile, config(join(folder, 'do')));
  const workerd = await startWorkerd({
    configFile,
    pidFile: join(folder, 'workerd.pid'),
    sockets,
    // It says that flags became the default, whatever is asked of it.
    onLine: (level, message) => level === 'error' && console.error(`bare: ${message}`),
  });
  const [port, httpPort] = sockets.map((name) => workerd.ports.get(name)!);
  const ask = async (query: Readonly<Record<string, string>>): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${httpPort}/?${new URLSearchParams(query)}`);
    if (!response.ok) throw new Error(`the bare Worker answered ${response.status}`);
    await response.arrayBuffer();
  };
  return {
    dialect: 'bare',
    host: '127.0.0.1',
    port,
    version: 'bare Worker',
    pids: () => [workerd.pid],
    prepare: (object, mode = 'insert') => ask({ mode, object }),
    async fill(object, rows, rowBytes) {
      const before = performance.now();
      await ask({ object, fill: String(rows), bytes: String(rowBytes) });
      return performance.now() - before;
    },
    discard: (object) => ask({ object, clear: '' }),
    async stop() {
      await workerd.stop();
      process.off('exit', remove);
      remove();
    },
  };
}

async function script(): Promise<string> {
  const entryPoints = [join(import.meta.dirname, 'worker.ts')];
  const { outputFiles } = await build({ ...workerBundle, entryPoints, write: false });
  void stop();
  return outputFiles[0].text;
}

function config(objectsPath: string): string {
  const { compatibilityDate, compatibilityFlags } = readWorkerConfig(join(root, 'wrangler.toml'));
  const worker = {
    modules: [{ name: 'worker.js', esModule: new Embedded('worker.js') }],
    compatibilityDate,
    compatibilityFlags,
    bindings: [{ name: 'ROWS', durableObjectNamespace: 'Rows' }],
    durableObjectNamespaces: [{ className: 'Rows', uniqueKey: 'bare-Rows', enableSql: true }],
    durableObjectStorage: { localDisk: 'objects' },
  };
  const text = capnpText({
    services: [
      { name: 'bare', worker },
      { name: 'objects', disk: { path: objectsPath, writable: true } },
    ],
    sockets: [
      { name: 'kafka', address: '127.0.0.1:0', tcp: {}, service: 'bare' },
      { name: 'http', address: '127.0.0.1:0', http: {}, service: 'bare' },
    ],
    logging: { structuredLogging: true },
  });
  return `using Workerd = import "/workerd/workerd.capnp";\n
const config :Workerd.Config = ${text};\n`;
}
