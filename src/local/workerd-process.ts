/**
 * workerd as a process of ours. The surprise: it is started through a shell script where there is a
 * shell, which ends it when we are gone, however that came; on Windows the system itself does so.
 * The same pipe tells us where it listens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface WorkerdProcess {
  readonly pid: number;
  /** Where it listens, by the name of the socket. */
  readonly ports: ReadonlyMap<string, number>;
  /** Settles when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it in good order: what is under way is answered, if that does not take long. */
  stop(): Promise<void>;
  /** Ends it at once; settles when it has. */
  kill(): Promise<void>;
  /** From now on our process may end though this one runs; then this one ends too. */
  unref(): void;
}

export interface WorkerdStart {
  readonly configFile: string;
  /** The file that names its process id while it runs. */
  readonly pidFile: string;
  /** The sockets it is to listen on. */
  readonly sockets: readonly string[];
  onLine(level: string, message: string): void;
}

/** It would wait for ever for clients that stay connected, as those of Kafka do. */
const graceMs = 100;

/** What workerd says of itself, and nobody can do anything about. */
const noise = [
  /^service kedge: The compatibility flag \S+ became the default/,
  /Not symbolizing stack traces because \$LLVM_SYMBOLIZER is not set/,
  /took recursive isolate lock/,
  /CODE_MOVED for unknown code block/,
  // An alarm was set anew at the moment it was to ring, and rings later.
  /^NOSENTRY SQLite alarm handler canceled/,
  /stack:( (0|[a-f\d]{4,})){3,}/,
];

/** It did not start; `said` is what it wrote to standard error. */
export class WorkerdNotStarted extends Error {
  readonly said: string;

  constructor(said: string) {
    super(`workerd did not start${said ? `:\n${said}` : ''}`);
    this.said = said;
  }
}

const require = createRequire(import.meta.url);

/** Starts workerd; settles when it listens. Throws WorkerdNotStarted. */
export async function startWorkerd(start: WorkerdStart): Promise<WorkerdProcess> {
  const child = launch(start);
  const [, stdout, stderr, control] = child.stdio as unknown as Readable[];
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  void ended.then(() => control.destroy());
  const kill = async (): Promise<void> => {
    child.ref();
    child.kill('SIGKILL');
    await ended;
  };
  const stop = async (): Promise<void> => {
    child.ref();
    child.kill('SIGTERM');
    await Promise.race([ended, delay(graceMs, undefined, { ref: false })]);
    await kill();
  };
  const unref = (): void => {
    for (const one of [child, stdout, stderr, control] as { unref(): void }[]) one.unref();
  };
  const lines = new Lines(start.onLine);
  for (const stream of [stdout, stderr]) {
    createInterface(stream).on('line', (line) => lines.take(line));
  }
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const first = await Promise.race([portsFrom(control, start.sockets), closed, failed]);
  if (first instanceof Error) throw new WorkerdNotStarted(first.message);
  if (first === undefined) throw new WorkerdNotStarted(lines.held.join('\n'));
  lines.release();
  return { pid: child.pid!, ports: first, ended, stop, kill, unref };
}

/** What workerd writes, held back until it has started: if it does not, it is why. */
class Lines {
  readonly #onLine: WorkerdStart['onLine'];
  #held: { level: string; message: string }[] | undefined = [];

  constructor(onLine: WorkerdStart['onLine']) {
    this.#onLine = onLine;
  }

  get held(): string[] {
    return (this.#held ?? []).map(({ message }) => message);
  }

  take(text: string): void {
    const line = parse(text);
    if (noise.some((pattern) => pattern.test(line.message))) return;
    if (this.#held) this.#held.push(line);
    else this.#onLine(line.level, line.message);
  }

  release(): void {
    for (const { level, message } of this.#held ?? []) this.#onLine(level, message);
    this.#held = undefined;
  }
}

function launch({ configFile, pidFile }: WorkerdStart): ChildProcess {
  const workerd: string = require('workerd').default;
  // For whoever profiles Kedge, or looks into it with a debugger.
  const inspector = process.env.KEDGE_INSPECTOR;
  const inspected = inspector ? [`--inspector-addr=${inspector}`] : [];
  const args = ['serve', '--control-fd=3', ...inspected, configFile];
  const isWindows = process.platform === 'win32';
  const [program, ...rest] = isWindows
    ? [workerd, ...args]
    : ['/bin/sh', join(import.meta.dirname, 'workerd.sh'), ...args];
  return spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
    env: {
      ...process.env,
      TZ: 'UTC',
      KEDGE_WORKERD: workerd,
      KEDGE_WORKERD_PID_FILE: pidFile,
    },
  });
}

/** The ports of all these sockets, once workerd listens on the last. */
function portsFrom(control: Readable, names: readonly string[]): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  return new Promise((resolve) => {
    createInterface(control).on('line', (line) => {
      const { event, socket, port } = JSON.parse(line);
      if (event === 'listen') ports.set(socket, port);
      if (names.every((name) => ports.has(name))) resolve(ports);
    });
  });
}

/** A line as workerd logs it; what comes from deeper down is no JSON. */
function parse(line: string): { level: string; message: string } {
  try {
    const { level, message } = JSON.parse(line);
    if (typeof level === 'string' && typeof message === 'string') return { level, message };
  } catch {
    // As it is.
  }
  return { level: 'log', message: line };
}
