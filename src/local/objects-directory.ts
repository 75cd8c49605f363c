/**
 * The directory of the objects' files within a data directory, and how another takes its place. The
 * surprise: at every moment a crash leaves either the one or the other to be found.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
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

/** Ids of objects, by class. */
export type ObjectIds = Readonly<Record<string, readonly string[]>>;

/** The folders of the classes, by class: `kedge-Partition` is that of Partition. */
async function foldersIn(dataDir: string): Promise<Map<string, string>> {
  const entries = await readdir(objectsIn(dataDir), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return new Map(
    folders.map(({ name }) => [
      name.slice(name.lastIndexOf('-') + 1),
      join(objectsIn(dataDir), name),
    ]),
  );
}

/** The objects there are files of. */
export async function objectIdsIn(dataDir: string): Promise<ObjectIds> {
  const folders = [...(await foldersIn(dataDir))];
  const idsIn = async (folder: string) =>
    (await readdir(folder)).flatMap((name) => /^([0-9a-f]{64})\.sqlite$/.exec(name)?.[1] ?? []);
  return Object.fromEntries(
    await Promise.all(folders.map(async ([className, folder]) => [className, await idsIn(folder)])),
  );
}

/** Removes the files of objects that nobody will ask again. */
export async function removeObjects(dataDir: string, objects: ObjectIds): Promise<void> {
  const folders = await foldersIn(dataDir);
  for (const [className, ids] of Object.entries(objects)) {
    const folder = folders.get(className);
    if (folder === undefined) continue;
    for (const id of ids.filter((one) => /^[0-9a-f]{64}$/.test(one))) {
      for (const ending of ['', '-wal', '-shm']) {
        await rm(join(folder, `${id}.sqlite${ending}`), { force: true });
      }
    }
  }
}
