/**
 * The directory of the objects' files within a data directory, and how another takes its place. The
 * surprise: at every moment a crash leaves either the one or the other to be found.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

const [fresh, old] = ['do.fresh', 'do.old'];

/** Where the objects' files are: where they always were. */
export function objectsIn(dataDir: string): string {
  return join(dataDir, 'do');
}

/** Where others are laid down that are to take their place. */
export function freshObjectsIn(dataDir: string): string {
  return join(dataDir, fresh);
}

/** Puts what was laid down in place; what was there before is gone when it settles. */
export async function replaceObjects(dataDir: string): Promise<void> {
  if (!existsSync(join(dataDir, fresh))) return;
  renameSync(objectsIn(dataDir), join(dataDir, old));
  renameSync(join(dataDir, fresh), objectsIn(dataDir));
  await rm(join(dataDir, old), { recursive: true, force: true });
}

/** Finds the way back from a replacement that did not come to its end. */
export function settleObjects(dataDir: string): void {
  const names = readdirSync(dataDir);
  if (!existsSync(objectsIn(dataDir)) && names.includes(old)) {
    renameSync(join(dataDir, old), objectsIn(dataDir));
  }
  for (const name of [fresh, old]) {
    if (names.includes(name)) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}
