/**
 * Kedge and another Worker in one workerd, the other bound to Kedge's entrypoint as its own
 * wrangler.toml would bind it: what runs when both are deployed to one account.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { readWorkerConfig } from '../../src/local/worker-config.ts';

const root = join(import.meta.dirname, '../..');

export interface BoundWorker {
  /** A file, or the text of one. */
  readonly worker: { readonly path: string } | { readonly text: string };
  /** Variables of Kedge's; by default it is open. */
  readonly kedge?: Readonly<Record<string, string>>;
  /** What the binding says of who is bound. */
  readonly props?: Readonly<Record<string, unknown>>;
  /** Variables of the other Worker's. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly compatibilityFlags?: readonly string[];
  /** Whether it takes TCP connections, with Kedge's own handler bound as KAFKA to pass them on. */
  readonly takesTcp?: boolean;
  /** Bindings of Kedge's own to entrypoints of the other Worker, by name. */
  readonly kedgeBindings?: Readonly<Record<string, string>>;
  /** More bindings of the other Worker to entrypoints of Kedge's. */
  readonly bindings?: Readonly<
    Record<string, { readonly entrypoint: string; readonly props?: Record<string, unknown> }>
  >;
}

export interface Bound extends AsyncDisposable {
  /** Asks the other Worker. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Where Kedge serves HTTP. */
  readonly kedgeUrl: string;
  /** Where the other Worker takes TCP connections, if it does. */
  readonly tcpPort: number | undefined;
  /** Ends both as `kill -9` does; they run again at once, on the same ports, with their data. */
  kill(): void;
}

export async function startBound(options: BoundWorker): Promise<Bound> {
  guardWorkerd();
  const { worker, kedge = { KEDGE_OPEN: 'true' }, props, variables = {}, takesTcp } = options;
  const config = readWorkerConfig(join(root, 'wrangler.toml'));
  const data = mkdtempSync(join(tmpdir(), 'kedge-bound-'));
  const pidFile = join(data, 'workerd.pid');
  const [kedgeScript, script] = await Promise.all([
    bundled({ path: join(root, config.main) }),
    bundled(worker),
  ]);
  const common = { compatibilityDate: config.compatibilityDate };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      log: new Log(LogLevel.ERROR),
      resourcePersistencePath: data,
      unsafeRuntimeEnv: { KEDGE_WORKERD_PID_FILE: pidFile },
      workers: [
        {
          ...common,
          name: 'bound',
          modules: [{ type: 'ESModule', path: 'bound.js', contents: script }],
          compatibilityFlags: [...(options.compatibilityFlags ?? [])],
          bindings: variables,
          serviceBindings: {
            KEDGE: { name: 'kedge', entrypoint: 'Kedge', props },
            ...(takesTcp && { KAFKA: 'kedge' }),
            ...mapped(options.bindings, (binding) => ({ name: 'kedge', ...binding })),
          },
          ...(takesTcp && {
            connectHandlers: [{ protocol: 'tcp' as const, port: 0, address: '127.0.0.1' }],
          }),
        },
        {
          ...common,
          name: 'kedge',
          modules: [{ type: 'ESModule', path: 'kedge.js', contents: kedgeScript }],
          compatibilityFlags: [...config.compatibilityFlags],
          bindings: { ...config.vars, ...kedge },
          durableObjects: config.durableObjects,
          serviceBindings: mapped(options.kedgeBindings, (entrypoint) => ({
            name: 'bound',
            entrypoint,
          })),
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        },
      ],
    }),
  );
  const url = await miniflare.ready;
  const kedgeUrl = (await miniflare.unsafeGetDirectURL('kedge')).href.replace(/\/$/, '');
  return {
    fetch: (path, init) => fetch(new URL(path, url), init),
    kedgeUrl,
    kill: () => process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'),
    tcpPort: takesTcp ? await tcpPortOf(miniflare) : undefined,
    async [Symbol.asyncDispose]() {
      await miniflare.dispose();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function tcpPortOf(miniflare: Miniflare): Promise<number> {
  const socket = await miniflare.dispatchConnect();
  const port = socket.remotePort!;
  socket.destroy();
  return port;
}

async function bundled(worker: BoundWorker['worker']): Promise<string> {
  const { outputFiles } = await build({
    ...('path' in worker
      ? { entryPoints: [worker.path] }
      : { stdin: { contents: worker.text, loader: 'ts', resolveDir: root } }),
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

function mapped<From, To>(
  record: Readonly<Record<string, From>> = {},
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Makes Miniflare start workerd so that it does not outlive us, and says what its process is. */
function guardWorkerd(): void {
  const require = createRequire(import.meta.resolve('miniflare'));
  process.env.KEDGE_WORKERD = require('workerd').default;
  process.env.MINIFLARE_WORKERD_PATH = join(root, 'src/local/workerd.sh');
}
