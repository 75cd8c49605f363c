/**
 * The processes around us: workerd below, which must not outlive us, and npm above, which we must
 * not outlive.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Ends the process with this id if it is a workerd, and waits until it is gone. */
export async function endWorkerd(pid: number): Promise<void> {
  const runs = (): boolean => /workerd( |$)/.test(describe(pid)?.command ?? '');
  if (!Number.isInteger(pid) || pid <= 1 || !runs()) return;
  process.kill(pid, 'SIGKILL');
  for (let tries = 0; tries < 1_000 && runs(); tries++) await delay(10);
}

/** Whether the system can stop a process, and let it go on. */
export const canStandStill = process.platform !== 'win32';

/**
 * Does something while a process stands still: what it keeps on disk is then what a crash at that
 * moment would leave. False, and nothing was done, where the system knows of no such thing.
 */
export async function whileStopped(pid: number, work: () => Promise<void>): Promise<boolean> {
  if (!canStandStill) return false;
  if (!signal(pid, 'SIGSTOP')) return false;
  try {
    for (let tries = 0; !standsStill(pid); tries++) {
      if (tries === 100) return false;
      await delay(5);
    }
    await work();
    return true;
  } finally {
    signal(pid, 'SIGCONT');
  }
}

/** False: there is no such process any more. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Whether all threads of a process were stopped by a signal. */
function standsStill(pid: number): boolean {
  try {
    if (process.platform !== 'linux') return /^T/.test(ps(pid, 'state='));
    return readdirSync(`/proc/${pid}/task`).every((task) =>
      /^State:\s+T/m.test(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8')),
    );
  } catch {
    // It, or one of its threads, has ended meanwhile.
    return false;
  }
}

/**
 * Calls back when the npm that started us is gone, which a killed one does not tell us. Between npm
 * and us there may be the shell it runs scripts with.
 */
export function whenNpmIsGone(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const shell = describe(parent);
  const watched = shell && /^\S*sh -c /.test(shell.command) ? [parent, shell.parent] : [parent];
  const timer = setInterval(() => {
    if (process.ppid === parent && watched.every(isAlive)) return;
    clearInterval(timer);
    callback();
  }, 200);
  timer.unref();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What a process runs and who started it; undefined when there is none, or it cannot be told. */
function describe(pid: number): { parent: number; command: string } | undefined {
  try {
    if (process.platform === 'linux') {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      return { parent: Number(parent?.[1]), command };
    }
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(ps(pid, 'ppid=,command=')) ?? [];
    return command === undefined ? undefined : { parent: Number(parent), command };
  } catch {
    return undefined;
  }
}

/** What ps says of a process; throws where there is none. */
function ps(pid: number, columns: string): string {
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
