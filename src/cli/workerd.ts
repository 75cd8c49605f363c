/**
 * The workerd process: how it is started so that it cannot outlive us, and how one that did is
 * ended. Miniflare starts the program named in MINIFLARE_WORKERD_PATH in place of workerd's own.
 */
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Makes Miniflare start workerd through workerd.sh. Windows has no sh: there it starts as it is. */
export function guardWorkerd(): void {
  if (process.platform === 'win32') return;
  const require = createRequire(import.meta.resolve('miniflare'));
  process.env.KEDGE_WORKERD = require('workerd').default;
  process.env.MINIFLARE_WORKERD_PATH = join(import.meta.dirname, 'workerd.sh');
}

/** Ends the process with this id if it is a workerd, and waits until it is gone. */
export async function endWorkerd(pid: number): Promise<void> {
  if (!Number.isInteger(pid) || pid <= 1 || !programOf(pid).includes('workerd')) return;
  process.kill(pid, 'SIGKILL');
  for (let tries = 0; tries < 100 && programOf(pid).includes('workerd'); tries++) await delay(10);
}

/** The program a process runs, or '' when there is no such process. */
function programOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/exe`);
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
