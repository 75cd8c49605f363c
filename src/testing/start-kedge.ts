/**
 * Starts a Kedge for a test. The surprise: there is no program in between, workerd is the test
 * process's own child, and it ends with that process whatever becomes of it.
 */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { type LocalKedge, type LocalKedgeEvents, startLocalKedge } from '../local/local-kedge.ts';
import { dialledHost } from '../local/local-options.ts';
import { PortUnavailable } from '../local/ports.ts';
import { addressText } from '../runtime/listeners.ts';
import { ControlledKedge, type Host } from './controlled-kedge.ts';
import type { Kedge } from './kedge.ts';
import { type KedgeOptions, seedsOf, variablesOf } from './options.ts';

/**
 * Starts a Kedge on free ports that keeps nothing, unless the options say otherwise; settles when
 * it answers. Any number may run at a time. `await using kedge = await startKedge()` stops it at
 * the end of the block. A process that forgets to stop it may end all the same, and it with it.
 *
 * Throws a TypeError for options that cannot be, and an Error that says what to do where a port or
 * a directory is taken.
 */
export async function startKedge(options: KedgeOptions = {}): Promise<Kedge> {
  const { host = '127.0.0.1', kafkaPort = 0, httpPort = 0, dataDir, snapshot } = options;
  const secret = randomUUID();
  const variables = variablesOf(options);
  const local = await startLocalKedge(
    {
      ...{ host, kafkaPort, httpPort, variables, testControls: secret },
      dataDir: dataDir === undefined ? null : resolve(dataDir),
    },
    eventsOf(options.onLog ?? complain),
  ).catch(withAdvice);
  local.unref();
  const at = (port: number) => addressText({ host: dialledHost(host), port });
  const address = {
    bootstrapServers: at(local.kafkaPort),
    url: `http://${at(local.httpPort)}`,
    secret,
    ...(variables.KEDGE_TOKEN && { token: variables.KEDGE_TOKEN }),
  };
  const beginning = { seeds: seedsOf(options), snapshot };
  const kedge = new ControlledKedge(address, new OwnHost(local), beginning);
  try {
    await kedge.begin();
    return kedge;
  } catch (error) {
    await kedge.stop();
    throw error;
  }
}

function withAdvice(error: unknown): never {
  if (!(error instanceof PortUnavailable)) throw error;
  const { message, socket } = error;
  const advice = `Without the option ${socket}Port any free port is taken.`;
  throw new Error(`${message} ${advice}`, { cause: error });
}

class OwnHost implements Host {
  readonly #local: LocalKedge;
  #isStopped = false;

  constructor(local: LocalKedge) {
    this.#local = local;
  }

  async crash(restart: boolean): Promise<void> {
    await this.#running.crash();
    if (restart) await this.#running.start();
  }

  async restart(): Promise<void> {
    await this.#running.restart();
  }

  async snapshot(file: string): Promise<void> {
    await this.#running.snapshot(resolve(file));
  }

  async restore(file: string): Promise<void> {
    await this.#running.restore(resolve(file));
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#local.stop();
  }

  /** What is stopped is gone with its directory: nothing is to bring it back, and leave it. */
  get #running(): LocalKedge {
    if (!this.#isStopped) return this.#local;
    throw new Error('This Kedge was stopped. startKedge() starts another.');
  }
}

function eventsOf(log: (level: string, message: string) => void): LocalKedgeEvents {
  return {
    onLine: log,
    onRestart: () => log('error', 'Kedge ended by itself and was started again.'),
    onFailure: (error) => log('error', `Kedge ended by itself: ${error.message}`),
  };
}

function complain(level: string, message: string): void {
  if (level === 'warn' || level === 'error') process.stderr.write(`kedge: ${message}\n`);
}
