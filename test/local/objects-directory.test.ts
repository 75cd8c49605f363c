import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  freshObjectsIn,
  objectIdsIn,
  objectsIn,
  removeObjects,
  replaceObjects,
  settleObjects,
} from '../../src/local/objects-directory.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kedge-objects-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** Makes a directory that says what it is. */
function make(path: string, what: string): void {
  mkdirSync(path);
  writeFileSync(join(path, 'what'), what);
}
const what = (): string => readFileSync(join(objectsIn(dataDir), 'what'), 'utf8');

describe('the directory of the objects', () => {
  it('gives way to another', async () => {
    make(objectsIn(dataDir), 'old');
    make(freshObjectsIn(dataDir), 'fresh');
    await replaceObjects(dataDir);
    expect(what()).toBe('fresh');
    expect(readdirSync(dataDir)).toEqual(['do']);
    await replaceObjects(dataDir);
    expect(what()).toBe('fresh');
  });

  it.each([
    ['before the change', ['do', 'do.fresh'], 'do'],
    ['in the middle of it', ['do.old', 'do.fresh'], 'do.old'],
    ['after it', ['do', 'do.old'], 'do'],
  ])('is whole after a crash %s', (_, found, expected) => {
    for (const name of found) make(join(dataDir, name), name);
    settleObjects(dataDir);
    expect(what()).toBe(expected);
    expect(readdirSync(dataDir)).toEqual(['do']);
  });

  it('need not be there', () => {
    settleObjects(dataDir);
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe('the files of objects', () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];

  it('are listed by class, and removed with all that belongs to them', async () => {
    const partitions = join(objectsIn(dataDir), 'kedge-Partition');
    mkdirSync(partitions, { recursive: true });
    mkdirSync(join(objectsIn(dataDir), 'kedge-ClusterController'));
    for (const name of [`${a}.sqlite`, `${a}.sqlite-wal`, `${b}.sqlite`, 'metadata.sqlite']) {
      writeFileSync(join(partitions, name), '');
    }
    expect(await objectIdsIn(dataDir)).toEqual({ ClusterController: [], Partition: [a, b] });
    await removeObjects(dataDir, { Partition: [a, a, '../../lock', 'metadata'], Nothing: [b] });
    expect(readdirSync(partitions).sort()).toEqual([`${b}.sqlite`, 'metadata.sqlite']);
  });
});
