/**
 * A Kedge on this machine: the Worker that is deployed, in a workerd of its own, with its objects
 * on disk. Its connect() handler takes the Kafka connections itself; nothing stands in between. The
 * surprise: it ends with our process, however that ends.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { constants, cp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { advertisedVariables, numbered } from './advertised.ts';
import { type DataDirectory, holdDataDirectory, holdTemporaryDirectory } from './data-directory.ts';
import { isLoopback, type Listener, type LocalOptions, type PrefixPorts } from './local-options.ts';
import {
  freshObjectsIn,
  type ObjectIds,
  objectIdsIn,
  objectsIn,
  removeObjects,
  replaceObjects,
  settleObjects,
} from './objects-directory.ts';
import { assertAvailable, takenPort } from './ports.ts';
import { whileStopped } from './processes.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';
import { listenersAt, prefixPortsAt, socketsOf } from './sockets.ts';
import type { TestHost } from './test-host.ts';
import {
  assertUsable,
  readTestState,
  type TestState,
  testVariables,
  writeTestState,
} from './test-state.ts';
import { type WorkerScript, workerScript } from './worker-script.ts';
import { type Socket, workerdConfig } from './workerd-config.ts';
import { startWorkerd, WorkerdNotStarted, type WorkerdProcess } from './workerd-process.ts';

export interface LocalKedge {
  readonly kafkaPort: number;
  readonly httpPort: number;
  /** The further listeners, at the ports they have. */
  readonly listeners: readonly Listener[];
  readonly prefixPorts: PrefixPorts;
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
  /** Starts it again: same ports, same data (after `stop` those of a data directory). */
  start(): Promise<void>;
  /** Ends it in good order and starts it again. */
  restart(): Promise<void>;
  /** From now on it keeps no process from ending that has nothing else to do. */
  unref(): void;
  /** Writes all it keeps to one file. It stands still for a moment meanwhile. */
  snapshot(file: string): Promise<void>;
  /** Puts what such a file holds in the place of all it keeps, and starts it again. */
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

/**
 * Starts a Kedge; settles when it can be reached at all its ports. Throws PortUnavailable and
 * DirectoryUnavailable.
 */
export async function startLocalKedge(
  options: LocalOptions,
  events: LocalKedgeEvents,
): Promise<LocalKedge> {
  const kedge = new RunningKedge(options, events);
  try {
    await kedge.start();
    return kedge;
  } catch (error) {
    await kedge.stop();
    throw error;
  }
}

/** A directory of its own for a Kedge that keeps nothing starts with this path. */
const memoryPrefix = resolve(tmpdir(), 'kedge-memory-');

class RunningKedge implements LocalKedge {
  readonly #options: LocalOptions;
  readonly #events: LocalKedgeEvents;
  #directory: DataDirectory | undefined;
  #host: TestHost | undefined;
  #process: WorkerdProcess | undefined;
  #isUnreferenced = false;
  /** The port of each socket: those it was given at first stay. */
  #ports: ReadonlyMap<string, number> = new Map();
  /** Whether it is to run: an end that nobody wanted is none that somebody has asked for since. */
  #isWanted = false;
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

  get listeners(): readonly Listener[] {
    return listenersAt(this.#options, this.#ports);
  }

  get prefixPorts(): PrefixPorts {
    return prefixPortsAt(this.#ports);
  }

  start(): Promise<void> {
    this.#isWanted = true;
    return this.#alone(() => this.#run());
  }

  stop(): Promise<void> {
    this.#isWanted = false;
    return this.#alone(async () => {
      await this.#end('stop');
      this.#host?.close();
      this.#host = undefined;
      this.#directory?.release();
      this.#directory = undefined;
    });
  }

  crash(): Promise<void> {
    this.#isWanted = false;
    return this.#alone(() => this.#end('kill'));
  }

  restart(): Promise<void> {
    return this.#again('stop');
  }

  #again(how: 'stop' | 'kill'): Promise<void> {
    this.#isWanted = true;
    return this.#alone(async () => {
      await this.#end(how);
      await this.#run();
    });
  }

  unref(): void {
    this.#isUnreferenced = true;
    this.#process?.unref();
  }

  snapshot(file: string): Promise<void> {
    return this.#alone(async () => {
      const { scratch } = await this.#hold();
      const copy = join(scratch, `snapshot-${unique()}`);
      // Where the system has it, the copy shares its bytes with what it is of.
      const take = () =>
        cp(this.#objects, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
      try {
        await this.#whileQuiet(take);
        await writeSnapshot(file, copy);
      } finally {
        await rm(copy, { recursive: true, force: true });
      }
    });
  }

  restore(file: string): Promise<void> {
    return this.#alone(async () => {
      await this.#prepareRestore(file);
      await this.#replace();
    });
  }

  /** Lays down what a snapshot holds, beside what it is to replace. */
  async #prepareRestore(file: string): Promise<void> {
    const { path } = await this.#hold();
    const fresh = freshObjectsIn(path);
    await rm(fresh, { recursive: true, force: true });
    try {
      await readSnapshot(file, fresh);
      assertUsable(file, readTestState(fresh), this.#options);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      throw error;
    }
  }

  async #replace(): Promise<void> {
    this.#isWanted = true;
    await this.#end('kill');
    await replaceObjects(this.dataDir);
    await this.#run();
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  get #objects(): string {
    return objectsIn(this.dataDir);
  }

  async #run(): Promise<void> {
    if (this.#process) return;
    const { testControls } = this.#options;
    const loading = workerScript(testControls === undefined ? 'worker' : 'testing-worker');
    loading.catch(() => {});
    // A workerd that was left behind with the directory may listen where we want to.
    const directory = await this.#hold();
    const sockets = await this.#sockets();
    const [script] = await Promise.all([
      loading,
      ...sockets.filter(({ port }) => port !== 0).map(assertAvailable),
    ]);
    if (testControls !== undefined) await this.#openHost(directory);
    const configFile = this.#writeFiles(script, directory, sockets);
    try {
      const process = await startWorkerd({
        configFile,
        pidFile: directory.workerdPidFile,
        sockets: sockets.map(({ name }) => name),
        onLine: (level, message) => this.#events.onLine(level, message),
      });
      this.starts++;
      this.#process = process;
      if (this.#isUnreferenced) process.unref();
      this.#ports = process.ports;
      this.workerdPid = process.pid;
      void process.ended.then(() => this.#onEnd(process));
    } catch (error) {
      const taken = error instanceof WorkerdNotStarted && takenPort(error.said, sockets);
      throw taken || error;
    } finally {
      // It may hold secrets, and is not looked at again.
      await rm(configFile, { force: true });
    }
  }

  /** Where it is to listen: where it did, or where it was told. */
  #sockets(): Promise<Socket[]> {
    const asked = socketsOf(this.#options);
    return numbered(
      asked.map((socket) => ({ ...socket, port: this.#ports.get(socket.name) ?? socket.port })),
    );
  }

  async #hold(): Promise<DataDirectory> {
    if (this.#directory) return this.#directory;
    const { dataDir } = this.#options;
    this.#directory = await (dataDir === null
      ? holdTemporaryDirectory(memoryPrefix)
      : holdDataDirectory(dataDir));
    this.dataDir = this.#directory.path;
    settleObjects(this.dataDir);
    assertUsable(this.dataDir, readTestState(this.#objects), this.#options);
    return this.#directory;
  }

  async #openHost({ scratch }: DataDirectory): Promise<void> {
    if (this.#host) return;
    const { startTestHost } = await import('./test-host.ts');
    // Meanwhile it may have been stopped.
    const later = (work: () => Promise<void>) => async () => {
      if (this.#isWanted) await work().catch(this.#events.onFailure);
    };
    this.#host = await startTestHost({
      scratch,
      keepState: (state: TestState) => writeTestState(this.#objects, state),
      objects: () => objectIdsIn(this.dataDir),
      forget: (objects) => this.#forget(objects),
      crash: later(() => this.#again('kill')),
      restart: later(() => this.restart()),
      snapshot: (file) => this.snapshot(file),
      prepareRestore: (file) => this.#alone(() => this.#prepareRestore(file)),
      restorePrepared: later(() => this.#alone(() => this.#replace())),
    });
  }

  /** Not where others have taken their place since, which may have the same names. */
  #forget(objects: ObjectIds): Promise<void> {
    const asked = this.starts;
    return this.#alone(async () => {
      if (this.starts === asked) await removeObjects(this.dataDir, objects);
    });
  }

  /** What workerd reads when it starts; answers with the file that names the rest. */
  #writeFiles(
    script: WorkerScript,
    { scratch }: DataDirectory,
    sockets: readonly Socket[],
  ): string {
    mkdirSync(this.#objects, { recursive: true });
    writeFileSync(join(scratch, 'worker.js'), script.text);
    const { host, variables } = this.#options;
    const config = workerdConfig({
      script: 'worker.js',
      worker: script.config,
      objectsPath: this.#objects,
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
        ...testVariables(this.#options, readTestState(this.#objects), this.starts + 1),
      },
      host: this.#host,
    });
    const file = join(scratch, `${unique()}.capnp`);
    writeFileSync(file, config, { mode: 0o600 });
    return file;
  }

  async #end(how: 'stop' | 'kill'): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.[how]();
  }

  /** Does something while nothing is written, whether workerd runs or not. */
  async #whileQuiet(work: () => Promise<void>): Promise<void> {
    const process = this.#process;
    if (process === undefined) return work();
    if (await whileStopped(process.pid, work)) return;
    await this.#end('stop');
    await work();
    await this.#run();
  }

  /** workerd has ended; when that was not our doing it is started again. */
  #onEnd(process: WorkerdProcess): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#alone(async () => {
      if (!this.#isWanted) return;
      await this.#run();
      this.#events.onRestart();
    }).catch(this.#events.onFailure);
  }
}

function unique(): string {
  return randomBytes(6).toString('hex');
}
