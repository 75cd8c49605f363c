/**
 * Brings the clients of other ecosystems onto this machine, each with its own package tool and at
 * a pinned version. A step that finds its work done does nothing, so a second run starts at once;
 * a download that fails is tried again.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runToEnd, type SpawnOptions } from './processes.ts';
import type { DebianPackage } from './suite.ts';

const INSTALL_MS = 240_000;

/** The git-ignored folder a suite keeps its downloads and builds in. */
export function cacheOf(suite: string): string {
  const folder = join(import.meta.dirname, suite, '.cache');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A path that is given relative to `test/compat`. */
export function pathOf(relative: string): string {
  return join(import.meta.dirname, relative);
}

/** Runs a package tool, and again when it fails: mirrors and networks have bad moments. */
export async function download(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runToEnd(command, args, { ...options, timeoutMs: INSTALL_MS });
      return;
    } catch (error) {
      if (attempt === 3) throw error;
      await delay(attempt * 2_000);
    }
  }
}

/** Installs what is missing of the Debian packages; needs root, or sudo without a password. */
export async function installDebianPackages(packages: readonly DebianPackage[]): Promise<void> {
  const missing = new Set<string>();
  for (const wanted of packages) if (!(await isThere(wanted))) missing.add(wanted.name);
  if (missing.size === 0) return;
  const root = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = async (...args: string[]) => {
    const [command, ...rest] = [...root, 'apt-get', ...args];
    await download(command!, rest, { env });
  };
  try {
    await aptGet('update');
    await aptGet('install', '-y', '--no-install-recommends', ...missing);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`could not install the Debian packages ${[...missing].join(' ')}\n${reason}`);
  }
}

async function isThere({ name, unless }: DebianPackage): Promise<boolean> {
  const folders = (process.env.PATH ?? '').split(':');
  if (unless !== undefined && folders.some((folder) => existsSync(join(folder, unless))))
    return true;
  try {
    const status = await runToEnd('dpkg-query', ['-s', name]);
    return status.includes('Status: install ok installed');
  } catch {
    return false;
  }
}

/** Runs `work` unless it was done before for the same inputs. */
export async function once(
  stamp: string,
  inputs: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const hash = createHash('sha256');
  for (const path of inputs) hash.update(readFileSync(path));
  const wanted = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await work();
  writeFileSync(stamp, wanted);
}
