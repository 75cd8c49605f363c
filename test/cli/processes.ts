/** Programs under test, as processes whose output and end can be awaited. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const root = join(import.meta.dirname, '../..');
export const startProgram = [join(root, 'src/cli/kedge.ts'), 'dev'];

export interface Program {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Settles when standard output holds the text; throws when the program ends before. */
  until(text: string): Promise<void>;
  /** Settles with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();

/** Runs a program without the npm, broker and test variables of our own environment. */
export function run(
  command: string,
  args: readonly string[],
  { env = {}, ...options }: SpawnOptions = {},
): Program {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(KAFKA_|npm_|MINIFLARE_|KEDGE_|NODE_OPTIONS$|VITEST|NODE_ENV$)/.test(name),
  );
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...env },
    ...options,
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let end: number | NodeJS.Signals | undefined;
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      end = code ?? signal!;
      resolve(end);
    });
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    async until(text) {
      while (!stdout.includes(text)) {
        if (end !== undefined) throw new Error(`ended with ${end}:\n${stdout}${stderr}`);
        await delay(10);
      }
    },
  };
}

/** `npm start` or the program itself, with free ports unless the arguments say otherwise. */
export async function startFrom(
  dataDir: string,
  { npm = false, args = [] as string[], env = {} as NodeJS.ProcessEnv } = {},
): Promise<Program & { kafkaPort: number; httpPort: number; workerdPid: number }> {
  const all = ['--kafka-port', '0', '--http-port', '0', '--data-dir', dataDir, ...args];
  const program = npm
    ? run('npm', ['start', '--', ...all], { cwd: root, detached: true, env })
    : run(process.execPath, [...startProgram, ...all], { env });
  await program.until('Ctrl-C stops it');
  return { ...program, ...portsIn(program.stdout()), workerdPid: workerdOf(dataDir) };
}

export function portsIn(banner: string): { kafkaPort: number; httpPort: number } {
  const port = (pattern: RegExp): number => Number(pattern.exec(banner)?.[1]);
  return {
    kafkaPort: port(/Kafka +\S+:(\d+)/),
    httpPort: port(/HTTP +\S+:(\d+)/),
  };
}

export function workerdOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'workerd.pid'), 'utf8'));
}

/** Whether a process runs; one that has ended and is only waiting to be collected does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    // There is no /proc on macOS, and the signal went through.
    return process.platform !== 'linux' && (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Settles when a process has ended. */
export async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await delay(10);
}

/** Ends whatever a failed test left running. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
