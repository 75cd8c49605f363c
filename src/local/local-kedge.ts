/**
 * A Kedge on this machine: the Worker that is deployed, in a workerd of its own, with its objects
 * on disk. Its connect() handler takes the Kafka connections itself; nothing stands in between.
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { advertisedVariables, numbered } from './advertised.ts';
import { type DataDirectory, holdDataDirectory, holdTemporaryDirectory } from './data-directory.ts';
import { isLoopback, type LocalOptions } from './local-options.ts';
import { type WorkerScript, workerScript } from './worker-script.ts';
import { type Socket, workerdConfig } from './workerd-config.ts';
import { startWorkerd, type WorkerdProcess } from './workerd-process.ts';

export interface LocalKedge {
  readonly kafkaPort: number;
  readonly httpPort: number;
  /** Of the further listeners, in the order in which they were asked for. */
  readonly listenerPorts: readonly number[];
  readonly prefixPorts: Readonly<{ registry?: number; rest?: number; connect?: number }>;
  /** The directory everything is kept in. */
  readonly dataDir: string;
  /** The workerd that runs, or ran last. */
  readonly workerdPid: number;
  /** How often workerd was started: 1, 2 after a crash … */
  readonly starts: number;
  /** Ends it, and lets go of its directory. */
  stop(): Promise<void>;
  /** Ends workerd as `kill -9` does, and leaves it so; settles when it is gone. */
  crash(): Promise<void>;
  /** Starts it again: same ports, same data. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** From now on it keeps no process from ending that has nothing else to do. */
  unref(): void;
  /** Writes everything it keeps to one file. It is not there for a moment meanwhile. */
  snapshot(file: string): Promise<void>;
  /** Puts what such a file holds in the place of what it keeps. It is away for a moment. */
  restore(file: string): Promise<void>;
}

export interface LocalKedgeEvents {
  /** A line the Worker or workerd wrote. */
  onLine(level: string, message: string): void;
  /** workerd ended by itself and runs again, on the same ports. */
  onRestart(): void;
  /** workerd ended by itself and could not be started again. */
  onFailure(error: Error): void;
}

/** Starts a Kedge; settles when it can be reached at all its ports. */
export async function startLocalKedge(
  options: LocalOptions,
  events: LocalKedgeEvents,
): Promise<LocalKedge> {
  const kedge = new RunningKedge(options, events);
  await kedge.start();
  return kedge;
}

/** A directory of its own for a Kedge that keeps nothing starts with this path. */
const memoryPrefix = resolve(tmpdir(), 'kedge-memory-');

class RunningKedge implements LocalKedge {
  readonly #options: LocalOptions;
  readonly #events: LocalKedgeEvents;
  #script: Promise<WorkerScript> | undefined;
  #directory: DataDirectory | undefined;
  #process: WorkerdProcess | undefined;
  #isUnreferenced = false;
  /** The port of each socket; the ones it was given first stay. */
  #ports: ReadonlyMap<string, number> = new Map();
  /** One thing at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  dataDir = '';
  workerdPid = 0;
  starts = 0;

  constructor(options: LocalOptions, events: LocalKedgeEvents) {
    this.#options = options;
    this.#events = events;
  }

  get kafkaPort(): number {
    return this.#ports.get('kafka')!;
  }

  get httpPort(): number {
    return this.#ports.get('http')!;
  }

  get listenerPorts(): readonly number[] {
    return (this.#options.listeners ?? []).map((_, index) => this.#ports.get(`kafka-${index}`)!);
  }

  get prefixPorts(): Readonly<Record<string, number>> {
    return {};
  }

  start(): Promise<void> {
    return this.#alone(() => this.#run());
  }

  stop(): Promise<void> {
    return this.#alone(async () => {
      await this.#end();
      this.#directory?.release();
      this.#directory = undefined;
    });
  }

  crash(): Promise<void> {
    return this.#alone(() => this.#end());
  }

  restart(): Promise<void> {
    return this.#alone(async () => {
      await this.#end();
      await this.#run();
    });
  }

  unref(): void {
    this.#isUnreferenced = true;
    this.#process?.unref();
  }

  snapshot(_file: string): Promise<void> {
    return Promise.reject(new Error('not built yet'));
  }

  restore(_file: string): Promise<void> {
    return Promise.reject(new Error('not built yet'));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #run(): Promise<void> {
    if (this.#process) return;
    this.#script ??= workerScript(this.#options.testControls ? 'testing-worker' : 'worker');
    const [script, directory] = await Promise.all([this.#script, this.#hold()]);
    const configFile = await this.#write(script, directory);
    try {
      const process = await startWorkerd({
        configFile,
        pidFile: directory.workerdPidFile,
        sockets: this.#sockets().map(({ name }) => name),
        onLine: (level, message) => this.#events.onLine(level, message),
      });
      this.#process = process;
      if (this.#isUnreferenced) process.unref();
      this.#ports = process.ports;
      this.workerdPid = process.pid;
      this.starts++;
      void process.ended.then(() => this.#onEnd(process));
    } finally {
      // It may hold secrets, and is not looked at again.
      await rm(configFile, { force: true });
    }
  }

  async #hold(): Promise<DataDirectory> {
    const { dataDir } = this.#options;
    this.#directory ??= await (dataDir
      ? holdDataDirectory(dataDir)
      : holdTemporaryDirectory(memoryPrefix));
    this.dataDir = this.#directory.path;
    return this.#directory;
  }

  async #write(script: WorkerScript, directory: DataDirectory): Promise<string> {
    const objectsPath = join(directory.path, 'do');
    await mkdir(objectsPath, { recursive: true });
    writeFileSync(join(directory.scratch, 'worker.js'), script.text);
    const configFile = join(directory.scratch, `${randomUUID()}.capnp`);
    const { variables, host } = this.#options;
    const sockets = await numbered(this.#sockets());
    const config = workerdConfig({
      script: 'worker.js',
      worker: script.config,
      objectsPath,
      sockets,
      variables: {
        // Nothing counts calls here, so no connection needs to be closed for their sake.
        KEDGE_CALLS_PER_CONNECTION: '0',
        KEDGE_REQUESTS_PER_CONNECTION: '0',
        // A page could have its own name lead here, to be taken for one of ours.
        ...(isLoopback(host) && { KEDGE_HOSTS: 'localhost' }),
        ...script.config.vars,
        ...variables,
        ...advertisedVariables(this.#options, sockets),
      },
    });
    writeFileSync(configFile, config, { mode: 0o600 });
    return configFile;
  }

  #sockets(): Socket[] {
    const { host, kafkaPort, httpPort, listeners = [] } = this.#options;
    const asked: Socket[] = [
      { name: 'kafka', kind: 'tcp', host, port: kafkaPort },
      { name: 'http', kind: 'http', host, port: httpPort },
      ...listeners.map(
        ({ host, port }, index): Socket => ({ name: `kafka-${index}`, kind: 'tcp', host, port }),
      ),
    ];
    return asked.map((socket) => ({
      ...socket,
      port: this.#ports.get(socket.name) ?? socket.port,
    }));
  }

  async #end(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.kill();
  }

  /** workerd has ended; when that was not our doing it is started again. */
  #onEnd(process: WorkerdProcess): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#alone(() => this.#run()).then(
      () => this.#events.onRestart(),
      (error) => this.#events.onFailure(error),
    );
  }
}
