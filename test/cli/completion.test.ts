/** `kedge completion bash`, run by bash itself. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { root, run } from './processes.ts';

let kedge: Kedge;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'kedge-completion-'));
  symlinkSync(join(root, 'bin/kedge.cjs'), join(scratch, 'kedge'));
  symlinkSync(process.execPath, join(scratch, 'node'));
  kedge = await spawnKedge();
  await shell('kedge topic create orders bills-of-old');
  await shell('kedge group reset-offsets shop --topic orders --to-earliest');
});
afterAll(async () => {
  await kedge.stop();
  rmSync(scratch, { recursive: true, force: true });
});

async function shell(script: string): Promise<string> {
  const env = {
    PATH: `${scratch}:${process.env.PATH}`,
    KEDGE_BOOTSTRAP: kedge.bootstrapServers,
    XDG_CONFIG_HOME: scratch,
  };
  const program = run('bash', ['--norc', '-e', '-c', script], { env });
  const end = await program.ended;
  if (end !== 0) throw new Error(`${script} ended with ${end}:\n${program.stderr()}`);
  return program.stdout();
}

/** What bash offers when Tab is pressed at the end of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const quoted = ['kedge', ...words].map((word) => `'${word}'`).join(' ');
  const printed = await shell(`
    source <(kedge completion bash)
    COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}
    _kedge || true
    printf '%s\\n' "\${COMPREPLY[@]}"`);
  return printed.split('\n').filter((line) => line !== '');
}

it('completes commands, and commands of those', async () => {
  expect(await offered('to')).toEqual(['topic', 'token']);
  expect(await offered('topic', 'de')).toEqual(['describe', 'delete']);
  expect(await offered('nonsense', '')).toEqual([]);
});

it('completes options and their values', async () => {
  expect(await offered('topic', 'create', '--part')).toEqual(['--partitions']);
  expect(await offered('topic', 'list', '--sasl-mechanism', 'SCRAM')).toEqual([
    'SCRAM-SHA-256',
    'SCRAM-SHA-512',
  ]);
});

it('completes the names of topics and groups of the cluster', async () => {
  expect(await offered('topic', 'describe', '')).toEqual(['bills-of-old', 'orders']);
  expect(await offered('topic', 'describe', 'bills-of-old', 'o')).toEqual(['orders']);
  expect(await offered('group', 'describe', '')).toEqual(['shop']);
  expect(await offered('acl', 'list', '--topic', 'or')).toEqual(['orders']);
  const nowhere = await offered('topic', 'describe', '-b', '127.0.0.1:1', '');
  expect(nowhere).toEqual([]);
});

it('quotes what the shell would obey, and leaves out what a terminal would', async () => {
  await shell(`kedge group reset-offsets '$(touch x)' --topic orders --to-earliest`);
  await shell(`kedge group reset-offsets $'\\e[31mred' --topic orders --to-earliest`);
  expect(await offered('group', 'describe', '')).toEqual([String.raw`\$\(touch\ x\)`, 'shop']);
});

it('leaves files to the shell', async () => {
  writeFileSync(join(scratch, 'client.properties'), '');
  expect(await offered('topic', 'list', '--command-config', '')).toEqual([]);
});

it.each(['zsh', 'fish'])('has a script for %s', async (name) => {
  expect(await shell(`kedge completion ${name}`)).toContain('kedge __complete');
});
