/**
 * A Kedge for a test: the very program `npm start` runs, as a process of its own, on free ports and
 * in a directory of its own. It ends with the test process, whatever becomes of that.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KedgeOptions {
  /** Where data is kept, and stays; by default in a new directory that `stop` removes. */
  readonly dataDir?: string;
  /** Default 0: any free port. */
  readonly kafkaPort?: number;
  /** Default 0: any free port. */
  readonly httpPort?: number;
  readonly host?: string;
  /** `host:port` that Kafka clients are told to connect to. */
  readonly advertise?: string;
  /** Environment variables, for example `{ KAFKA_NUM_PARTITIONS: '3' }`. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Kedge extends AsyncDisposable {
  /** `host:port`, for a Kafka client. */
  readonly bootstrapServers: string;
  readonly host: string;
  readonly kafkaPort: number;
  readonly httpPort: number;
  /** Where HTTP is served, without a slash at the end. */
  readonly url: string;
  readonly dataDir: string;
  /** The process that can be killed. */
  readonly pid: number;
  /** The workerd under it at this moment. */
  workerdPid(): number;
  /** Everything written to standard output and standard error so far. */
  output(): string;
  /** Stops it as SIGTERM does. Removes the data directory if it made one. */
  stop(): Promise<void>;
  /** Kills it as `kill -9` does, without warning; the data stays. */
  kill(): Promise<void>;
  /** Stops it (unless it was killed) and starts it again: same ports, same data. */
  restart(): Promise<void>;
}

interface Ready {
  readonly bootstrapServers: string;
  readonly host: string;
  readonly kafkaPort: number;
  readonly httpPort: number;
  readonly url: string;
}

const program = join(import.meta.dirname, '../src/cli/kedge.ts');

/** Starts a Kedge; settles when it is ready. Throws with its output when it does not start. */
export async function spawnKedge(options: KedgeOptions = {}): Promise<Kedge> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'kedge-test-'));
  let output = '';
  const launch = (kafkaPort: number, httpPort: number): Promise<[ChildProcess, Ready]> =>
    launchProgram({ ...options, dataDir, kafkaPort, httpPort }, (text) => {
      output += text;
    });
  let [child, ready] = await launch(options.kafkaPort ?? 0, options.httpPort ?? 0);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  const stop = async (): Promise<void> => {
    await end('SIGTERM');
    if (options.dataDir !== undefined) return;
    // After a kill, the workerd under it ends and writes a moment later.
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  return {
    ...ready,
    dataDir,
    get pid() {
      return child.pid!;
    },
    workerdPid: () => Number(readFileSync(join(dataDir, 'workerd.pid'), 'utf8')),
    output: () => output,
    stop,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      [child] = await launch(ready.kafkaPort, ready.httpPort);
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function launchProgram(
  options: KedgeOptions & { dataDir: string; kafkaPort: number; httpPort: number },
  onOutput: (text: string) => void,
): Promise<[ChildProcess, Ready]> {
  const args = [
    'dev',
    ...['--kafka-port', String(options.kafkaPort), '--http-port', String(options.httpPort)],
    ...['--data-dir', options.dataDir, '--host', options.host ?? '127.0.0.1'],
    ...(options.advertise ? ['--advertise', options.advertise] : []),
  ];
  const child = fork(program, args, {
    env: { ...environment(), ...options.env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput(text);
    });
  }
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Ready));
    child.once('exit', (code) => {
      reject(new Error(`Kedge ended with exit code ${code} before it was ready:\n${output}`));
    });
  });
  return [child, ready];
}

/** Our environment, less what would configure the broker or make it think npm started it. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(KAFKA_|KEDGE_|npm_|MINIFLARE_|NODE_OPTIONS$|VITEST|NODE_ENV$)/.test(name),
    ),
  );
}
