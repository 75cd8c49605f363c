/** What holds for every command: help, errors, exit codes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { optionsOf } from '../../src/cli/help.ts';
import { cliWith } from './in-process.ts';
import { root } from './processes.ts';

const cli = cliWith({ XDG_CONFIG_HOME: '/nowhere' });

const all: (readonly [path: string, command: Command])[] = [];
for (const entry of commands) {
  const { command } = await entry.load();
  if (command.name !== entry.name) throw new Error(`${entry.name} is called ${command.name}`);
  add(entry.name, command);
}

function add(path: string, command: Command): void {
  all.push([path, command]);
  for (const below of command.commands) add(`${path} ${below.name}`, below);
}

it.each(all)('kedge %s --help is worth reading', async (path, command) => {
  const { code, out, err } = await cli(`${path} --help`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`Usage: kedge ${path}`);
  expect(await cli(`help ${path}`)).toEqual({ code, out, err });
  expect(command.summary).toMatch(/^[a-z].*[^.]$/);
  if (command.commands.length > 0) {
    for (const { name, summary } of command.commands) {
      expect(out).toContain(`  ${name}`);
      expect(out).toContain(summary.slice(0, 30));
    }
    expect(await cli(path)).toMatchObject({ code: 2, out: '' });
    return;
  }
  expect(out).toContain('\nExamples\n');
  for (const name of Object.keys(command.options)) expect(out).toContain(`--${name}`);
  for (const example of command.examples ?? []) expect(example.command).toContain('kedge ');
  const shorts = Object.values(optionsOf(command)).map(({ short }) => short);
  const own = shorts.filter((short) => short !== undefined);
  expect(new Set(own).size).toBe(own.length);
});

it.each(all.filter(([, { commands, connects }]) => commands.length === 0 && connects))(
  'kedge %s says at once that nothing answers',
  async (path, command) => {
    if (/^(produce|consume|export|import|doctor|acl add|token|config|topic alter)/.test(path))
      return;
    const words = command.arguments.filter(({ optional }) => !optional).map(({ name }) => name);
    const how = { 'group reset-offsets': '--all-topics --to-latest', 'topic trim': '--all' }[path];
    const line = [path, ...words, how ?? '', '-b 127.0.0.1:1'].join(' ');
    const extra = path === 'acl delete' ? ' --topic x' : '';
    const { code, out, err } = await cli(`${line}${extra}`, 'secret\n');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^kedge: nothing answers at 127\.0\.0\.1:1 /);
  },
);

it('says which it is', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(await cli('--version')).toEqual({ code: 0, out: `kedge ${version}\n`, err: '' });
});

it.each([
  ['', 'Usage: kedge <command>'],
  ['tpoic list', "kedge: there is no command 'tpoic'; did you mean 'topic'?"],
  ['topic lst', "kedge topic: there is no 'kedge topic lst'; did you mean 'list'?"],
  ['topic nonsense', 'say what to do: list, describe'],
  ['topic list --jsno', "kedge topic list: there is no option --jsno; did you mean '--json'?"],
  ['topic list everything', "kedge topic list: what is 'everything'?"],
  ['topic create', 'say which: <topic>'],
  ['topic create a --partitions', '--partitions needs a value'],
  ['topic create a --partitions many', '--partitions must be a whole number from 1'],
  ['topic list --json=yes', '--json takes no value'],
  ['topic list --sasl-mechanism GSSAPI', '--sasl-mechanism must be PLAIN, SCRAM-SHA-256'],
  ['topic list --timeout soon', '--timeout must be like 30s'],
])('kedge %s is not understood, and says why', async (line, why) => {
  const { code, out, err } = await cli(line);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(why);
});
