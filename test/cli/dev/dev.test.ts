/** What `kedge dev` begins with and leaves behind: topics, seeds, snapshots, further ports. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cliWith } from '../in-process.ts';
import { endAll, portsIn, run, startProgram } from '../processes.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'kedge-dev-'));
});
afterEach(() => {
  endAll();
  rmSync(scratch, { recursive: true, force: true });
});

async function dev(...args: string[]) {
  const ports = ['--memory', '--kafka-port', '0', '--http-port', '0'];
  const program = run(process.execPath, [...startProgram, ...ports, ...args]);
  await program.until('Ctrl-C stops it');
  const { kafkaPort, httpPort } = portsIn(program.stdout());
  const environment = { XDG_CONFIG_HOME: scratch, KEDGE_BOOTSTRAP: `127.0.0.1:${kafkaPort}` };
  return { program, cli: cliWith(environment), url: `http://127.0.0.1:${httpPort}` };
}

it('begins with topics and seeds, and again with all of it after a snapshot', async () => {
  const [seed, snapshot] = [join(scratch, 'seed.jsonl'), join(scratch, 'all.snapshot')];
  const lines = [
    { topic: 'orders', partitions: 2 },
    { topic: 'orders', partition: 1, key: '4', value: { item: 'tea' } },
    { group: 'shop', topic: 'orders', partition: 1, offset: 1 },
  ];
  writeFileSync(seed, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const first = await dev('--topics', 'bills:3', '--seed', seed, '--snapshot', snapshot);
  const topics = [
    { name: 'bills', partitions: 3, replicationFactor: 1, isInternal: false },
    { name: 'orders', partitions: 2, replicationFactor: 1, isInternal: false },
  ];
  expect(await first.cli.json('topic list')).toEqual(topics);
  first.program.child.kill('SIGTERM');
  expect(await first.program.ended).toBe(0);
  const second = await dev('--restore', snapshot);
  expect(await second.cli.json('topic list')).toEqual(topics);
  expect(await second.cli.json('group describe shop')).toMatchObject([
    { offsets: [{ topic: 'orders', partition: 1, committed: 1, latest: 1, lag: 0 }] },
  ]);
  second.program.child.kill('SIGTERM');
  expect(await second.program.ended).toBe(0);
});

it('has further ports, and controls for tests only where they are wanted', async () => {
  const { program, url } = await dev('--rest-port', '0', '--test-controls');
  const rest = /http:\S+(?= +\(REST Proxy\))/.exec(program.stdout())![0];
  expect(await (await fetch(`${rest}/topics`)).json()).toEqual([]);
  expect(program.stdout()).toContain(`Tests   ${url}/test\n`);
  expect(await (await fetch(`${url}/test`)).json()).toMatchObject({ starts: 1, faults: [] });
  program.child.kill('SIGTERM');
  await program.ended;
  const plain = await dev();
  expect((await fetch(`${plain.url}/test`)).status).toBe(404);
});

it('says which file is not there', async () => {
  const ports = ['--memory', '--kafka-port', '0', '--http-port', '0'];
  const missing = join(scratch, 'nothing');
  const program = run(process.execPath, [...startProgram, ...ports, '--seed', missing]);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toContain(missing);
});
