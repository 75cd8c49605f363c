/**
 * The program that runs Cloudflare Queues: Miniflare, as `wrangler dev` has it, in a process of its
 * own, whose memory and processor time are those of the peer. Tells who forked it where it serves
 * HTTP. The surprise: the Worker has a socket of its own, so that nothing that is there for
 * developers stands in the way of a request.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, stop } from 'esbuild';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { readWorkerConfig } from '../../../src/local/worker-config.ts';
import { workerBundle } from '../../../src/local/worker-script.ts';

const root = join(import.meta.dirname, '../../..');
const [dataDir] = process.argv.slice(2);
const { compatibilityDate } = readWorkerConfig(join(root, 'wrangler.toml'));

async function script(): Promise<string> {
  const entryPoints = [join(import.meta.dirname, 'queues-worker.ts')];
  const { outputFiles } = await build({ ...workerBundle, entryPoints, write: false });
  void stop();
  return outputFiles[0].text;
}

/** Makes Miniflare start workerd so that it does not outlive us. */
function guardWorkerd(): void {
  const require = createRequire(import.meta.resolve('miniflare'));
  process.env.KEDGE_WORKERD = require('workerd').default;
  process.env.MINIFLARE_WORKERD_PATH = join(root, 'src/local/workerd.sh');
}

guardWorkerd();
/** Whole seconds; 0: what has come goes at once. */
const consumer = { maxBatchSize: 100, maxBatchTimeout: 0 };
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    resourcePersistencePath: dataDir,
    unsafeRuntimeEnv: { KEDGE_WORKERD_PID_FILE: join(dataDir, 'workerd.pid') },
    workers: [
      {
        name: 'queues',
        modules: [{ type: 'ESModule', path: 'queues.js', contents: await script() }],
        compatibilityDate,
        queueProducers: { TAKEN: { queueName: 'taken' }, TOLD: { queueName: 'told' } },
        queueConsumers: { taken: consumer, told: consumer },
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      },
    ],
  }),
);
await miniflare.ready;
const { href } = await miniflare.unsafeGetDirectURL('queues');
process.send!(href.replace(/\/$/, ''));

const end = async (): Promise<void> => {
  await miniflare.dispose();
  process.exit(0);
};
process.once('SIGTERM', end);
process.once('disconnect', end);
