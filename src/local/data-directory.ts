/**
 * The directory Kedge keeps its data in, held by one process at a time. The hold is a lock of the
 * operating system (through SQLite), so it ends with its process, even one killed with -9: there
 * are no stale locks to break and no process ids to mistake.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { endWorkerd } from './processes.ts';

export interface DataDirectory {
  readonly path: string;
  /** The file workerd writes its process id to. */
  readonly workerdPidFile: string;
  /** For files that may go when Kedge ends. */
  readonly scratch: string;
  /** Ends the hold; a directory that was to keep nothing is removed. */
  release(): void;
}

/** A directory that cannot be had; the message is for the person who wants it. */
export class DirectoryUnavailable extends Error {}

/** Takes hold of a directory, creating it. Ends a workerd that an earlier process left behind. */
export async function holdDataDirectory(path: string): Promise<DataDirectory> {
  makeDirectory(path);
  const lock = tryLock(join(path, 'lock'));
  if (!lock) {
    const pid = readText(join(path, 'pid'));
    throw new DirectoryUnavailable(
      `${path} is in use by another Kedge${pid ? ` (process ${pid})` : ''}. ` +
        'Stop that one, or choose another directory.',
    );
  }
  writeFileSync(join(path, 'pid'), String(process.pid));
  const workerdPidFile = join(path, 'workerd.pid');
  await endWorkerd(Number(readText(workerdPidFile)));
  const scratch = join(path, 'tmp');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  return {
    path,
    workerdPidFile,
    scratch,
    release() {
      rmSync(scratch, { recursive: true, force: true });
      for (const name of ['pid', 'workerd.pid']) rmSync(join(path, name), { force: true });
      lock.close();
    },
  };
}

/** A directory that keeps nothing. Those of processes that could not tidy up are removed now. */
export async function holdTemporaryDirectory(prefix: string): Promise<DataDirectory> {
  const held = await holdDataDirectory(makeTemporary(prefix));
  return {
    ...held,
    release() {
      held.release();
      rmSync(held.path, { recursive: true, force: true });
    },
  };
}

function makeTemporary(prefix: string): string {
  const parent = dirname(prefix);
  try {
    for (const name of readdirSync(parent)) {
      if (name.startsWith(basename(prefix))) removeIfAbandoned(join(parent, name));
    }
    return mkdtempSync(prefix);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DirectoryUnavailable(
      `Nothing can be kept in ${parent} meanwhile (${code}). The variable TMPDIR may name another.`,
    );
  }
}

/** Setting a directory up takes no longer. */
const setUpMs = 60_000;

function ageMs(path: string): number {
  return Date.now() - statSync(path).mtimeMs;
}

function removeIfAbandoned(path: string): void {
  try {
    // A new directory without a process id is one that is being set up at this moment.
    const isSetUp = readText(join(path, 'pid')) !== '' || ageMs(path) > setUpMs;
    const lock = isSetUp ? tryLock(join(path, 'lock')) : undefined;
    if (!lock) return;
    lock.close();
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Another user's, or gone meanwhile.
  }
}

/** One by one from the top: where nothing can be made, as in /proc, `recursive` tries for ever. */
function makeDirectory(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) return;
  if (there) throw new DirectoryUnavailable(`${path} is a file, not a directory.`);
  if (dirname(path) !== path) makeDirectory(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const { code } = error as NodeJS.ErrnoException;
    throw new DirectoryUnavailable(`${path} cannot be created (${code}).`);
  }
}

/** Node.js 22 calls it experimental, to people who would not know what that has to do with them. */
function sqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function openLock(file: string): DatabaseSync {
  try {
    return new (sqlite().DatabaseSync)(file, { timeout: 0 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new DirectoryUnavailable(`${dirname(file)} cannot be written to (${reason}).`);
  }
}

function tryLock(file: string): DatabaseSync | undefined {
  const lock = openLock(file);
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (error instanceof Error && /locked/.test(error.message)) return undefined;
    throw error;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
