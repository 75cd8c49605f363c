import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSnapshot, SnapshotUnreadable, writeSnapshot } from '../../src/local/snapshot.ts';

let folder: string;
let from: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-snapshot-'));
  from = join(folder, 'from');
  file = join(folder, 'a snapshot');
  mkdirSync(join(from, 'kedge-Partition'), { recursive: true });
  mkdirSync(join(from, 'kedge-Empty'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const into = () => join(folder, 'into');
const bytesOf = (...path: string[]): Buffer => readFileSync(join(...path));

/** Writes what could be a snapshot. */
function claim(header: object, body = ''): void {
  writeFileSync(file, gzipSync(`${JSON.stringify(header)}\n${body}`));
}

describe('a snapshot', () => {
  it('gives back the same files, large and empty ones, and only those that matter', async () => {
    const large = randomBytes(5_000_001);
    writeFileSync(join(from, 'kedge-Partition/aa.sqlite'), large);
    writeFileSync(join(from, 'kedge-Partition/aa.sqlite-wal'), 'wal\n{"not":"a header"}\n');
    writeFileSync(join(from, 'kedge-Partition/aa.sqlite-shm'), 'memory');
    writeFileSync(join(from, 'kedge-Partition/bb.sqlite'), '');
    writeFileSync(join(from, 'test-state.json'), '{}');
    await writeSnapshot(file, from);
    await readSnapshot(file, into());
    expect(readdirSync(into(), { recursive: true }).sort()).toEqual([
      'kedge-Partition',
      'kedge-Partition/aa.sqlite',
      'kedge-Partition/aa.sqlite-wal',
      'kedge-Partition/bb.sqlite',
      'test-state.json',
    ]);
    expect(bytesOf(into(), 'kedge-Partition/aa.sqlite').equals(large)).toBe(true);
    expect(bytesOf(into(), 'kedge-Partition/bb.sqlite')).toHaveLength(0);
  });

  it('is for its owner only, says what it is, and leaves nothing beside it', async () => {
    await writeSnapshot(file, from);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const header = JSON.parse(gunzipSync(readFileSync(file)).toString());
    expect(header).toMatchObject({ format: 'kedge-snapshot', version: 1, files: [] });
    expect(readdirSync(folder).sort()).toEqual(['a snapshot', 'from']);
  });

  it('takes the place of another only when it is whole', async () => {
    writeFileSync(file, 'the one before');
    await expect(writeSnapshot(file, join(folder, 'nowhere'))).rejects.toThrow('ENOENT');
    expect(readFileSync(file, 'utf8')).toBe('the one before');
    expect(readdirSync(folder).sort()).toEqual(['a snapshot', 'from']);
    await writeSnapshot(file, from);
    await readSnapshot(file, into());
  });

  it.each([0.1, 0.5, 0.999])('that was cut off at %d of it is refused', async (part) => {
    writeFileSync(join(from, 'kedge-Partition/aa.sqlite'), randomBytes(200_000));
    await writeSnapshot(file, from);
    truncateSync(file, Math.floor(statSync(file).size * part));
    const reading = readSnapshot(file, into());
    await expect(reading).rejects.toThrow(SnapshotUnreadable);
    await expect(reading).rejects.toThrow(`${file} is damaged or was cut off.`);
  });

  it('of which one bit was changed is refused', async () => {
    writeFileSync(join(from, 'kedge-Partition/aa.sqlite'), randomBytes(200_000));
    await writeSnapshot(file, from);
    const bytes = readFileSync(file);
    bytes[100_000] ^= 4;
    writeFileSync(file, bytes);
    await expect(readSnapshot(file, into())).rejects.toThrow('is damaged or was cut off');
  });

  it.each([
    ['text', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['gzip of something else', gzipSync('hello')],
    ['gzip of null', gzipSync('null\n')],
  ])('is not what holds %s', async (_, bytes) => {
    writeFileSync(file, bytes);
    await expect(readSnapshot(file, into())).rejects.toThrow(SnapshotUnreadable);
  });

  it('that lists no file where it lists one is refused', async () => {
    claim({ format: 'kedge-snapshot', version: 1, files: [null] });
    await expect(readSnapshot(file, into())).rejects.toThrow('something strange: undefined');
  });

  it('of a later version is refused', async () => {
    claim({ format: 'kedge-snapshot', version: 2, files: [] });
    await expect(readSnapshot(file, into())).rejects.toThrow(
      'has version 2, and this Kedge reads version 1',
    );
  });

  it.each(['../evil.sqlite', '/evil.sqlite', 'a/../../evil.sqlite', 'a/b/c.sqlite', 'run.sh'])(
    'writes nothing to %s',
    async (path) => {
      claim({ format: 'kedge-snapshot', version: 1, files: [{ path, size: 1 }] }, 'x');
      await expect(readSnapshot(file, into())).rejects.toThrow(`something strange: ${path}`);
      expect(readdirSync(folder).sort()).toEqual(['a snapshot', 'from']);
    },
  );

  it('with more in it than it says, or less, is refused', async () => {
    const files = [{ path: 'a/b.sqlite', size: 3 }];
    claim({ format: 'kedge-snapshot', version: 1, files }, 'four');
    await expect(readSnapshot(file, into())).rejects.toThrow('holds more than it says');
    claim({ format: 'kedge-snapshot', version: 1, files }, 'a');
    await expect(readSnapshot(file, into())).rejects.toThrow('damaged or was cut off');
  });

  it('that is not there is said to be not there', async () => {
    await expect(readSnapshot(file, into())).rejects.toThrow('ENOENT');
  });
});
