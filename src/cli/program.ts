/**
 * Runs what is typed after `kedge`: finds the command, reads its options, gives it what it needs,
 * and turns what becomes of it into an exit code: 0, done; 1, refused or failed; 2, not understood.
 */
import { join } from 'node:path';
import type { Command, Entry, Invocation } from './command.ts';
import type { Cluster } from './connection/cluster.ts';
import { connectionHelp, helpOf, optionsOf, overview } from './help.ts';
import { Output, type Sink } from './output.ts';
import { asksForHelp, parseCommandLine } from './parse.ts';
import { Refused, suggestion, UsageError } from './usage.ts';

/** What a program has around it. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Answers with the exit code. */
export async function runProgram(
  entries: readonly Entry[],
  typed: readonly string[],
  around: Surroundings,
): Promise<number> {
  const [name, ...rest] = typed;
  if (name === '--version' || name === '-V') return print(around, (await version()).text);
  if (name === undefined) {
    around.stderr.write(`${overview(entries)}\n`);
    return 2;
  }
  if (name === '--help' || name === '-h' || name === 'help') return help(entries, rest, around);
  if (name === '__complete') return complete(entries, rest, around);
  let path = 'kedge';
  try {
    const entry = entryNamed(entries, name);
    let { command } = await entry.load();
    path += ` ${name}`;
    let args = rest;
    while (command.commands.length > 0) {
      const word = args.find((one) => !one.startsWith('-'));
      if (word === undefined) break;
      command = commandNamed(command, word, path);
      path += ` ${word}`;
      args = args.toSpliced(args.indexOf(word), 1);
    }
    if (asksForHelp(args)) return print(around, helpOf(command, path));
    if (command.commands.length > 0) throw new UsageError(`${whatToDo(command)}.`);
    return await invoke(command, args, around);
  } catch (error) {
    return complain(error, path, around.stderr);
  }
}

async function invoke(
  command: Command,
  typed: readonly string[],
  { stdin, stdout, stderr, environment }: Surroundings,
): Promise<number> {
  const { args, options, said } = parseCommandLine(command, optionsOf(command), typed, environment);
  const noColor = Boolean(environment.NO_COLOR);
  const output = new Output({ json: options.json === true, stdout, stderr, noColor });
  let cluster: Promise<Cluster> | undefined;
  let stopping: AbortSignal | undefined;
  const invocation: Invocation = {
    args,
    options: options as Invocation['options'],
    output,
    input: stdin,
    environment,
    connect() {
      cluster ??= import('./connection/connect.ts').then(({ connect }) =>
        connect({ options, said, environment, input: stdin, output }),
      );
      return cluster;
    },
    get signal() {
      stopping ??= untilCtrlC();
      return stopping;
    },
  };
  try {
    return (await command.run(invocation)) ?? 0;
  } finally {
    await cluster?.then((one) => one.close()).catch(() => {});
  }
}

function untilCtrlC(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stopping.abort());
  }
  return stopping.signal;
}

/** What the scripts of `kedge completion` ask. */
async function complete(
  entries: readonly Entry[],
  words: readonly string[],
  { stdout, environment }: Surroundings,
): Promise<number> {
  const { completionsOf } = await import('./completion/answer.ts');
  const lines = await completionsOf(entries, words, environment).catch(() => []);
  for (const line of lines) stdout.write(`${line}\n`);
  return 0;
}

async function help(
  entries: readonly Entry[],
  words: readonly string[],
  around: Surroundings,
): Promise<number> {
  const [name, ...others] = words.filter((word) => !word.startsWith('-'));
  if (name === undefined) return print(around, overview(entries));
  if (name === 'connection') return print(around, connectionHelp());
  try {
    let { command } = await entryNamed(entries, name).load();
    let path = `kedge ${name}`;
    for (const word of others) {
      command = commandNamed(command, word, path);
      path += ` ${word}`;
    }
    return print(around, helpOf(command, path));
  } catch (error) {
    return complain(error, 'kedge', around.stderr);
  }
}

function entryNamed(entries: readonly Entry[], name: string): Entry {
  const entry = entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  const names = entries.map((one) => one.name);
  throw new UsageError(`there is no command '${name}'${suggestion(name, names) || '.'}`);
}

function commandNamed(within: Command, name: string, path: string): Command {
  const command = within.commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  if (within.commands.length === 0) throw new UsageError(`${path} has no commands of its own.`);
  const names = within.commands.map((one) => one.name);
  const advice = suggestion(name, names) || `: ${whatToDo(within)}.`;
  throw new UsageError(`there is no '${path} ${name}'${advice}`);
}

function whatToDo({ commands }: Command): string {
  const names = commands.map(({ name }) => name).join(', ');
  return `say what to do: ${names.replace(/, ([^,]*)$/, ' or $1')}`;
}

function print({ stdout }: Surroundings, text: string): number {
  stdout.write(`${text}\n`);
  return 0;
}

function complain(error: unknown, path: string, stderr: Sink): number {
  const output = new Output({ json: false, stdout: stderr, stderr });
  if (error instanceof UsageError) {
    output.say(`${path}: ${error.message}\nTry: ${path} --help`);
    return 2;
  }
  output.say(`kedge: ${messageOf(error)}`);
  return 1;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Refused) return error.message;
  // A refusal of the cluster: Kafka's name of it is what people search for.
  if ('code' in error && typeof error.code === 'number') return `${error.message} (${error.name})`;
  return process.env.KEDGE_DEBUG ? (error.stack ?? error.message) : error.message;
}

/** Which Kedge this is: the package this file lies in says so. */
export async function version(): Promise<{ readonly number: string; readonly text: string }> {
  const { readFile } = await import('node:fs/promises');
  for (const up of ['..', '../..', '../../..']) {
    const file = join(import.meta.dirname, up, 'package.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    const { name, version } = text === undefined ? {} : JSON.parse(text);
    if (name === 'kedge') return { number: version, text: `kedge ${version}` };
  }
  return { number: 'unknown', text: 'kedge, of no known version' };
}
