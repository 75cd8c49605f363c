/** The page is about a project that Kedge is installed in, so its code runs in one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectKedge, startKedge } from '../../src/testing/index.ts';
import { run } from '../cli/processes.ts';
import { linkedProject } from '../linked-project.ts';
import { page } from './page.ts';

/** Jest, JUnit and Go: test/compat/recipes. */
const docs = page('docs/testing.md', { elsewhere: ['install', 'dev', 'jest', 'junit', 'go'] });

/** Runs a program with these files in a project; what it printed. */
async function printed(files: Record<string, string>, ...args: readonly string[]): Promise<string> {
  using project = linkedProject(['vitest']);
  writeFileSync(join(project.path, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project.path, name), text);
  const program = run(process.execPath, args, { cwd: project.path, env: { NO_COLOR: '1' } });
  const end = await program.ended;
  if (end !== 0) throw new Error(`ended with ${end}:\n${program.stdout()}${program.stderr()}`);
  expect(program.stderr()).toBe('');
  return program.stdout();
}

const script = (block: string) => printed({ 'block.mjs': docs.code(block) }, 'block.mjs');
const vitest = 'node_modules/vitest/vitest.mjs';

it('starts, and says where', async () => {
  const lines = /^127\.0\.0\.1:\d+\nhttp:\/\/127\.0\.0\.1:\d+\n\[ 'orders' \]\n$/;
  expect(await script('start')).toMatch(lines);
});

it('gives tests of vitest a Kedge each worker, or one for all', async () => {
  const tests = { 'orders.test.ts': docs.code('vitest') };
  expect(await printed(tests, vitest, 'run')).toMatch(/Tests +2 passed/);
  const config = { 'vitest.config.ts': docs.code('vitest-config') };
  const two = { ...tests, 'bills.test.ts': docs.code('vitest') };
  expect(await printed({ ...two, ...config }, vitest, 'run')).toMatch(/Tests +4 passed/);
});

it('says why one Kedge is not for files that run at the same time', async () => {
  const config = docs.code('vitest-config').replace('fileParallelism: false', 'maxWorkers: 2');
  const files = { 'vitest.config.ts': config, 'orders.test.ts': docs.code('vitest') };
  await expect(printed(files, vitest, 'run')).rejects.toThrow(/fileParallelism: false/);
});

it('gives tests of node:test a Kedge', async () => {
  const said = await printed({ 'orders.test.mjs': docs.code('node-test') }, '--test');
  expect(said).toMatch(/pass 2\n.*fail 0\n/s);
});

it('fails, lives through a week, and crashes on demand', async () => {
  expect(await script('faults')).toBe('1 answer was lost, and milk is at 1\n');
  expect(await script('clock')).toBe('after eight days there is 1 record, at 1\n');
  expect(await script('crash')).toBe('milk is at 1\n');
});

it('begins with what it is given', async () => {
  expect(await script('seeds')).toBe("[ 'bills', 'orders' ]\n");
  const file = join(docs.scratch, 'orders.jsonl');
  writeFileSync(file, docs.code('seed-file'));
  await using kedge = await startKedge({ records: file });
  const ends = [0, 1].map((partition) => ({ topic: 'orders', partition, at: 'latest' as const }));
  const offsets = await kedge.admin.listOffsets(ends);
  expect(offsets.map(({ offset }) => offset)).toEqual([1, 1]);
  expect(await kedge.admin.groupOffsets('kitchen')).toEqual([
    { topic: 'orders', partition: 0, offset: 1 },
  ]);
});

it('is controlled over HTTP', async () => {
  await using kedge = await startKedge();
  const { bootstrapServers, url, secret } = kedge.address;
  const shell = (block: string) =>
    docs
      .code(block)
      .replaceAll(docs.kedge.url.slice('http://'.length), url.slice('http://'.length))
      .replaceAll('curl ', `curl -sS --fail-with-body -H 'Authorization: Bearer ${secret}' `);
  const http = run('bash', ['-e', '-c', `${shell('reset')}\n${shell('http')}`]);
  expect([await http.ended, http.stderr()]).toEqual([0, '']);
  const again = connectKedge({ bootstrapServers, url, secret });
  expect(await again.admin.listTopics()).toEqual(['orders']);
  expect(await again.now()).toBeGreaterThan(Date.now() + 500_000);
  await again.reset();
  expect(await again.admin.listTopics()).toEqual([]);
});
