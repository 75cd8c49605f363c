import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { holdTemporaryDirectory } from '../../src/local/data-directory.ts';

it('says where it cannot have one', async () => {
  const prefix = join(tmpdir(), 'kedge-nowhere', 'memory-');
  await expect(holdTemporaryDirectory(prefix)).rejects.toThrow(
    `Nothing can be kept in ${join(tmpdir(), 'kedge-nowhere')} meanwhile (ENOENT).`,
  );
});

it('removes what was left behind as it was being set up, but not what is', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'kedge-directory-'));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const prefix = join(scratch, 'memory-');
  const [old, young] = ['old', 'young'].map((name) => `${prefix}${name}`);
  for (const path of [old, young]) mkdirSync(path);
  const hourAgo = Date.now() / 1_000 - 3_600;
  utimesSync(old, hourAgo, hourAgo);
  const held = await holdTemporaryDirectory(prefix);
  expect([old, young, held.path].map((path) => existsSync(path))).toEqual([false, true, true]);
  held.release();
  expect(existsSync(held.path)).toBe(false);
});
