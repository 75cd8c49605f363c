import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Program, root } from '../cli/processes.ts';
import { startBound } from '../clients/bound-workers.ts';
import { page } from './page.ts';

const docs = page('docs/client.md');
const sdk = join(root, 'src/client/index.ts');

/** A block of JavaScript, with the SDK of this repository. */
const started = (block: string): Program =>
  docs.node(block, docs.code(block).replaceAll("'kedge/client'", `'${sdk}'`));

async function printed(block: string): Promise<string> {
  const program = started(block);
  expect([await program.ended, program.stderr()]).toEqual([0, '']);
  return program.stdout();
}

it('produces, consumes in a group and looks at what is there', async () => {
  expect(await printed('produce')).toBe('on disk: partition 0, offset 0\n');
  const consumer = started('consume');
  const lines = ['tea for ada', 'milk for ada', 'milk for bob', 'milk for cyd'];
  await expect
    .poll(() => consumer.stdout(), { timeout: 20_000 })
    .toBe(lines.map((line, offset) => `0/${offset}: ${line}\n`).join(''));
  expect(await printed('look')).toBe('4 records; read on at 4\n');
});

it('reads and writes in a transaction', async () => {
  await printed('produce');
  const program = started('transaction');
  await expect.poll(() => program.stdout(), { timeout: 20_000 }).toMatch(/\d+ invoices\n/);
});

it('looks after topics and groups', async () => {
  const [topics, offsets] = (await printed('admin')).split(/(?<=\])\n/);
  expect(topics).toContain("'parcels'");
  expect(offsets).toContain("topic: 'parcels', partition: 0, offset: 0");
});

it('says what went wrong', async () => {
  expect(await printed('errors')).toBe('UNKNOWN_TOPIC_OR_PARTITION 3 true\n');
});

it('runs in a Worker that is bound as its configuration says', async () => {
  const example = join(root, 'examples/produce-by-binding/wrangler.toml');
  expect(readFileSync(example, 'utf8')).toContain(docs.code('binding'));
  await using bound = await startBound({ worker: { text: docs.code('worker') } });
  for (const offset of [0, 1]) {
    expect(await (await bound.fetch('/tea')).json()).toEqual({ offset });
  }
});
