/**
 * The Worker, running on this machine: bundled from source, in workerd, with its objects on disk.
 * What runs is the Worker that is deployed, and its connect() handler takes the Kafka connections
 * itself; nothing stands in between.
 */
import { join } from 'node:path';
import { isLoopback, type LocalOptions } from './local-options.ts';
import { freePort } from './ports.ts';
import { guardWorkerd } from './processes.ts';
import { readWorkerConfig, type WorkerConfig } from './worker-config.ts';

export interface LocalKedge {
  readonly kafkaPort: number;
  readonly httpPort: number;
  stop(): Promise<void>;
}

export interface LocalKedgeEvents {
  /** A line the Worker or workerd wrote. */
  onLine(level: string, message: string): void;
  /** workerd ended by itself and runs again, on the same ports. */
  onRestart(): void;
  /** workerd ended by itself and could not be started again. */
  onFailure(error: Error): void;
}

interface Place {
  readonly path: string;
  readonly workerdPidFile: string;
}

const root = join(import.meta.dirname, '../..');

/** Starts workerd with the Worker; settles when both ports answer. */
export async function runWorker(
  options: LocalOptions,
  place: Place,
  events: LocalKedgeEvents,
): Promise<LocalKedge> {
  guardWorkerd();
  const worker = readWorkerConfig(join(root, 'wrangler.toml'));
  const [script, { convertV4MiniflareOptions, Log, LogLevel, Miniflare }] = await Promise.all([
    bundle(worker),
    import('miniflare'),
  ]);
  const httpPort = await httpPortOf(options);
  class Reporter extends Log {
    override error(error: Error): void {
      events.onFailure(error);
    }
  }
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: worker.name,
      modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
      compatibilityDate: worker.compatibilityDate,
      compatibilityFlags: [...worker.compatibilityFlags],
      // Nothing counts calls here, so no connection needs to be closed for their sake.
      bindings: {
        KEDGE_CALLS_PER_CONNECTION: '0',
        KEDGE_REQUESTS_PER_CONNECTION: '0',
        // A page could have its own name lead here, to be taken for one of ours.
        ...(isLoopback(options.host) && { KEDGE_HOSTS: 'localhost' }),
        ...worker.vars,
        ...options.variables,
      },
      durableObjects: worker.durableObjects,
      connectHandlers: [{ protocol: 'tcp', port: options.kafkaPort, address: options.host }],
      host: options.host,
      port: httpPort,
      resourcePersistencePath: place.path,
      unsafeRuntimeEnv: { KEDGE_WORKERD_PID_FILE: place.workerdPidFile },
      cf: false,
      cacheAPI: false,
      logRequests: false,
      log: new Reporter(LogLevel.ERROR),
      handleStructuredLogs: ({ level, message }) => events.onLine(level, message),
      unsafeHandleRuntimeRestart: () => events.onRestart(),
    }),
  );
  try {
    const url = await miniflare.ready;
    return {
      kafkaPort: await portOf(miniflare),
      httpPort: httpPort || Number(url.port),
      stop: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}

/**
 * The port to ask for; 0 where Miniflare will tell which one it became. On an address that it does
 * not know for this machine's, such as 127.0.0.2, the one it tells is another, for its own use.
 */
async function httpPortOf({ host, httpPort }: LocalOptions): Promise<number> {
  return httpPort === 0 && host !== '127.0.0.1' ? freePort(host) : httpPort;
}

/** The port workerd listens on for Kafka, found by connecting to it: it may have been any. */
async function portOf(miniflare: import('miniflare').Miniflare): Promise<number> {
  const socket = await miniflare.dispatchConnect();
  const port = socket.remotePort!;
  socket.destroy();
  return port;
}

async function bundle(worker: WorkerConfig): Promise<string> {
  const { build, stop } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(root, worker.main)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    sourcemap: 'inline',
    logLevel: 'silent',
  });
  void stop();
  return outputFiles[0].text;
}
