import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Kedge, startKedge } from '../../src/testing/start-kedge.ts';
import { endAll, gone, root, run, workerdOf } from '../cli/processes.ts';
import { executedByCompat, readmeBlock, readmeBlocks } from './blocks.ts';

let kedge: Kedge;
let scratch: string;
/** `npm test` is what executes this. */
const executed = new Set(['test']);

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'kedge-readme-'));
  kedge = await startKedge();
});
afterAll(async () => {
  endAll();
  await kedge.stop();
  rmSync(scratch, { recursive: true, force: true });
});

function block(name: string): string {
  executed.add(name);
  return readmeBlock(name, kedge);
}

/** Runs a shell block to its end; every command in it must succeed. */
async function shell(code: string): Promise<string> {
  // curl is to fail where the answer is an error, and to be quiet about its progress.
  const quiet = 'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }';
  const program = run('bash', ['-e', '-o', 'pipefail', '-c', `${quiet}\n${code}`], { cwd: root });
  const end = await program.ended;
  if (end !== 0) throw new Error(`ended with ${end}:\n${program.stdout()}${program.stderr()}`);
  return program.stdout();
}

const jsonLines = (text: string) =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

it('starts with the command it names, where it says', async () => {
  const dataDir = join(scratch, 'data');
  const command = block('start').trim();
  const options = `-- --kafka-port 0 --http-port 0 --data-dir ${dataDir}`;
  const program = run('bash', ['-c', `exec ${command} ${options}`], { cwd: root });
  await program.until('Ctrl-C stops it');
  const pid = workerdOf(dataDir);
  program.child.kill('SIGTERM');
  await program.ended;
  await gone(pid);
  const help = run(process.execPath, [join(root, 'src/cli/start.ts'), '--help']);
  await help.ended;
  for (const fact of ['9092', '8787', '127.0.0.1', '.kedge']) {
    expect(help.stdout()).toContain(fact);
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(fact);
  }
});

it('produces and reads with curl', async () => {
  const [produced, read] = jsonLines(await shell(block('curl')));
  expect(produced.offsets).toEqual([{ partition: 0, offset: 0, error_code: null, error: null }]);
  expect(read).toMatchObject([{ topic: 'orders', key: 4, value: { item: 'tea' } }]);
});

it('reads in a group with curl, and goes on after the commit', async () => {
  const code = block('curl-group');
  const [created, records] = jsonLines(await shell(code));
  expect(created).toMatchObject({ instance_id: 'me' });
  expect(records).toMatchObject([{ topic: 'orders', offset: 0, value: { item: 'tea' } }]);
  await shell(block('curl'));
  const [, next] = jsonLines(await shell(code));
  expect(next).toMatchObject([{ topic: 'orders', offset: 1 }]);
});

it('produces and reads with kafkajs', async () => {
  // In the project, so that `kafkajs` is found as in a project of the reader's own.
  const file = join(root, 'node_modules/.kedge-readme.mjs');
  writeFileSync(file, block('kafkajs'));
  const program = run(process.execPath, [file], { cwd: root });
  await program.until('0 2 4 {"item": "tea"}');
  program.child.kill('SIGKILL');
  await program.ended;
  rmSync(file);
  // What curl produced is the same record, but for a space.
  expect(program.stdout()).toContain('0 0 4 {"item":"tea"}');
});

it('writes a bill for each order once, with kafkajs, stopped and started', async () => {
  const file = join(root, 'node_modules/.kedge-readme-bills.mjs');
  // A group waits this long for a member that was killed.
  const group = "{ groupId: 'bills'";
  const code = block('kafkajs-transactions');
  expect(code).toContain(group);
  writeFileSync(file, code.replace(group, `${group}, sessionTimeout: 6_000`));
  const billsUpTo = async (last: string): Promise<string[]> => {
    const program = run(process.execPath, [file], { cwd: root });
    const url = `${kedge.url}/rest/topics/bills/partitions/0/records?offset=0`;
    const headers = { Accept: 'application/vnd.kafka.binary.v2+json' };
    for (;;) {
      const answer = await fetch(url, { headers });
      const records = answer.ok ? ((await answer.json()) as { value: string }[]) : [];
      const bills = records.map(({ value }) => Buffer.from(value, 'base64').toString());
      if (bills.at(-1)?.endsWith(last)) {
        program.child.kill('SIGKILL');
        await program.ended;
        return bills;
      }
      if (program.child.exitCode !== null) throw new Error(program.stderr());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const first = await billsUpTo('{"item": "tea"}');
  expect(first).toHaveLength(3);
  await shell(block('curl'));
  expect(await billsUpTo('{"item":"tea"}')).toHaveLength(4);
  rmSync(file);
});

it('produces from a Worker with fetch', async () => {
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: 'worker.js', contents: block('worker') }],
      compatibilityDate: '2026-11-01',
      bindings: { KEDGE_URL: kedge.url },
      cf: false,
    }),
  );
  const answer = await worker.dispatchFetch('http://worker/', {
    method: 'POST',
    body: JSON.stringify({ item: 'a slice of cake' }),
  });
  expect(await answer.json()).toMatchObject({ offsets: [{ partition: 0, offset: 4 }] });
  await worker.dispose();
  const url = `${kedge.url}/rest/topics/orders/partitions/0/records?offset=4`;
  const headers = { Accept: 'application/vnd.kafka.json.v2+json' };
  expect(await (await fetch(url, { headers })).json()).toMatchObject([
    { key: 4, value: { item: 'a slice of cake' } },
  ]);
});

it('builds', async () => {
  expect(await shell(block('build'))).toMatch(/gzipped [\d.]+ KiB of 1024\.0 KiB allowed/);
});

it('has no block that nobody executes, and no link that leads nowhere', () => {
  expect([...readmeBlocks().keys()].sort()).toEqual([...executed, ...executedByCompat].sort());
  const suites = globSync('test/compat/{*,*/suite}.ts', { cwd: root })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  for (const word of ['readmeBlock(', ...executedByCompat.map((name) => `'${name}'`)]) {
    expect(suites).toContain(word);
  }
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const broken = links.filter((link) => !/^https:/.test(link) && !existsSync(join(root, link)));
  expect(broken).toEqual([]);
  const scripts = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts);
  const named = [...text.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name]) => name);
  expect(named.filter((name) => !['install', ...scripts].includes(name))).toEqual([]);
});
