import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { expect, it } from 'vitest';
import { Consumer } from '../../src/client/index.ts';
import { gone, root, run, workerdOf } from '../cli/processes.ts';
import { linkedProject } from '../linked-project.ts';
import { executedByCompat } from './blocks.ts';
import { page } from './page.ts';

const readme = page('README.md', { elsewhere: ['test', ...executedByCompat] });

it('starts with the command it names, where it says', async () => {
  const dataDir = join(readme.scratch, 'data');
  const command = readme.code('start').trim();
  const options = `-- --kafka-port 0 --http-port 0 --data-dir ${dataDir}`;
  const program = run('bash', ['-c', `exec ${command} ${options}`], { cwd: root });
  await program.until('Ctrl-C stops it');
  const pid = workerdOf(dataDir);
  program.child.kill('SIGTERM');
  await program.ended;
  await gone(pid);
  const help = run(process.execPath, [join(root, 'src/cli/kedge.ts'), 'dev', '--help']);
  await help.ended;
  for (const fact of ['9092', '8787', '127.0.0.1', '.kedge']) {
    expect(help.stdout()).toContain(fact);
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(fact);
  }
});

it('produces and reads with curl', async () => {
  const [produced, read] = await readme.answers('curl');
  expect(produced.offsets).toEqual([{ partition: 0, offset: 0, error_code: null, error: null }]);
  expect(read).toMatchObject([{ topic: 'orders', key: 4, value: { item: 'tea' } }]);
});

it('reads in a group with curl, and goes on after the commit', async () => {
  const [created, records] = await readme.answers('curl-group');
  expect(created).toMatchObject({ instance_id: 'me' });
  expect(records).toMatchObject([{ topic: 'orders', offset: 0, value: { item: 'tea' } }]);
  await readme.shell('curl');
  const [, next] = await readme.answers('curl-group');
  expect(next).toMatchObject([{ topic: 'orders', offset: 1 }]);
});

it('produces and reads with kafkajs', async () => {
  const program = readme.node('kafkajs');
  await program.until('0 2 4 {"item": "tea"}');
  program.child.kill('SIGKILL');
  await program.ended;
  // What curl produced is the same record, but for a space.
  expect(program.stdout()).toContain('0 0 4 {"item":"tea"}');
});

it('tests with vitest and kafkajs', async () => {
  using project = linkedProject(['kafkajs', 'vitest']);
  writeFileSync(join(project.path, 'orders.test.ts'), readme.code('test-with-vitest'));
  const tests = run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
    ...{ cwd: project.path, env: { NO_COLOR: '1' } },
  });
  await tests.ended;
  expect(tests.stdout()).toMatch(/Tests +1 passed/);
});

it('writes a bill for each order once, with kafkajs, stopped and started', async () => {
  // A group waits this long for a member that was killed.
  const group = "{ groupId: 'bills'";
  const code = readme.code('kafkajs-transactions');
  expect(code).toContain(group);
  const impatient = code.replace(group, `${group}, sessionTimeout: 6_000`);
  const billsUpTo = async (last: string): Promise<string[]> => {
    const program = readme.node('kafkajs-transactions', impatient);
    // What is written but not committed when the program is killed is written again.
    await using reader = new Consumer(readme.kedge.url, { isolation: 'read_committed' });
    const place = { topic: 'bills', partition: 0, offset: 'earliest' } as const;
    for (;;) {
      const { records } = await reader.fetch(place).catch(() => ({ records: [] }));
      const bills = records.map(({ value }) => String(value));
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
  await readme.shell('curl');
  expect(await billsUpTo('{"item":"tea"}')).toHaveLength(4);
});

it('produces from a Worker with fetch', async () => {
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: 'worker.js', contents: readme.code('worker') }],
      compatibilityDate: '2026-11-01',
      bindings: { KEDGE_URL: readme.kedge.url },
      cf: false,
    }),
  );
  const answer = await worker.dispatchFetch('http://worker/', {
    method: 'POST',
    body: JSON.stringify({ item: 'a slice of cake' }),
  });
  expect(await answer.json()).toMatchObject({ offsets: [{ partition: 0, offset: 4 }] });
  await worker.dispose();
  const url = `${readme.kedge.url}/rest/topics/orders/partitions/0/records?offset=4`;
  const headers = { Accept: 'application/vnd.kafka.json.v2+json' };
  expect(await (await fetch(url, { headers })).json()).toMatchObject([
    { key: 4, value: { item: 'a slice of cake' } },
  ]);
});

it('builds', async () => {
  expect(await readme.shell('build')).toMatch(/gzipped [\d.]+ KiB of 500\.0 KiB allowed/);
});
