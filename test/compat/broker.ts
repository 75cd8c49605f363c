/**
 * The broker the clients talk to: Kedge, started by its own command line as a user starts it, on
 * free ports with a data directory of its own. A restart uses the same ports and the same data, so
 * that a client sees what it would see of any broker that went away and came back.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathOf } from './install.ts';
import { Running, runToEnd } from './processes.ts';
import type { Broker } from './suite.ts';

/** A broker somebody else runs, and the shell command that restarts it, if there is one. */
export function otherBroker(bootstrap: string, restartCommand: string | null): Broker {
  const restart = async () => {
    if (restartCommand === null) throw new Error('this broker cannot be restarted from here');
    await runToEnd('sh', ['-c', restartCommand]);
  };
  return { bootstrap, url: null, restartable: restartCommand !== null, restart };
}

/** Variables it is started with, besides our own. */
type Settings = Readonly<Record<string, string>>;

/** Kedge, once it has been started. */
export class Kedge implements Broker {
  readonly bootstrap: string;
  readonly url: string;
  readonly restartable = true;
  readonly #kafkaPort: number;
  readonly #httpPort: number;
  readonly #dataDirectory: string;
  readonly #settings: Settings;
  #process: Running | null = null;
  #restarts = 0;

  private constructor(
    kafkaPort: number,
    httpPort: number,
    dataDirectory: string,
    settings: Settings,
  ) {
    this.bootstrap = `localhost:${kafkaPort}`;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.#kafkaPort = kafkaPort;
    this.#httpPort = httpPort;
    this.#dataDirectory = dataDirectory;
    this.#settings = settings;
  }

  static async start(settings: Settings = {}): Promise<Kedge> {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'kedge-compat-'));
    process.once('exit', () => rmSync(dataDirectory, { recursive: true, force: true }));
    // Both are held at the same time, or they could be the same.
    const [kafkaPort, httpPort] = await Promise.all([freePort(), freePort()]);
    const kedge = new Kedge(kafkaPort, httpPort, dataDirectory, settings);
    await kedge.#up();
    return kedge;
  }

  /** By turns as an operator does it and as a power cut does. */
  async restart(how?: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#restarts += 1;
    await this.#process?.stop(how ?? (this.#restarts % 2 === 1 ? 'SIGTERM' : 'SIGKILL'));
    await this.#up();
  }

  /** Stops it and removes its data. */
  async close(): Promise<void> {
    await this.#process?.stop('SIGTERM');
    await rm(this.#dataDirectory, { recursive: true, force: true });
  }

  /** The end of what it has complained of since it was last started: nothing, if all is well. */
  get complaints(): string {
    return this.#process?.stderr.trim().slice(-3000) ?? '';
  }

  async #up(): Promise<void> {
    const ports = ['--kafka-port', `${this.#kafkaPort}`, '--http-port', `${this.#httpPort}`];
    const args = [
      pathOf('../../src/cli/kedge.ts'),
      'dev',
      ...ports,
      '--data-dir',
      this.#dataDirectory,
    ];
    const kedge = new Running(process.execPath, args, {
      cwd: pathOf('../../'),
      env: this.#settings,
    });
    this.#process = kedge;
    await kedge.until(({ stdout }) => stdout.includes(`${this.#kafkaPort}`), 'the banner', 60_000);
    await reachable(this.#kafkaPort);
  }
}

/** A port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function reachable(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
