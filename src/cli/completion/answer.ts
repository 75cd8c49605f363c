/**
 * What may come next on a command line: `kedge __complete topic des` answers `describe`. The
 * surprise: it never fails. A cluster that cannot be asked for its topics has none to offer.
 */
import type { Command, Completion, Entry, Option, Options } from '../command.ts';
import { optionsOf } from '../help.ts';
import { Output, visible } from '../output.ts';
import { parseCommandLine } from '../parse.ts';

/** The shell itself knows best which files there are. */
export const filesWanted = '__files__';

/** A word, and what it means. */
type Reply = readonly [word: string, meaning: string];

/** Asking a cluster takes no longer; somebody waits with a finger on a key. */
const clusterTimeout = '2s';

/** `words`: those after `kedge`; the last one is what is being typed. */
export async function completionsOf(
  entries: readonly Entry[],
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const replies = await repliesTo(entries, words, environment);
  if (replies === filesWanted) return [filesWanted];
  const typed = words.at(-1) ?? '';
  return replies
    .filter(([word]) => word.startsWith(typed))
    .map(([word, meaning]) => (meaning === '' ? word : `${word}\t${meaning}`));
}

async function repliesTo(
  entries: readonly Entry[],
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Reply[] | typeof filesWanted> {
  const [first, ...rest] = words;
  const entry = entries.find(({ name }) => name === first);
  if (rest.length === 0 || entry === undefined) {
    return rest.length === 0 ? [...entries.map(replyOf), ...topOptions] : [];
  }
  let { command } = await entry.load();
  let at = 0;
  while (command.commands.length > 0 && at < rest.length - 1) {
    const next = command.commands.find(({ name }) => name === rest[at]);
    if (next === undefined) return [];
    command = next;
    at++;
  }
  if (command.commands.length > 0) return command.commands.map(replyOf);
  return within(command, rest.slice(at), environment);
}

const topOptions: readonly Reply[] = [
  ['--help', 'say more'],
  ['--version', 'which Kedge this is'],
];

function replyOf({ name, summary }: { readonly name: string; readonly summary: string }): Reply {
  return [name, summary];
}

async function within(
  command: Command,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Reply[] | typeof filesWanted> {
  const options = optionsOf(command);
  const typed = words.at(-1)!;
  const before = words.slice(0, -1);
  const pending = optionSaid(options, before.at(-1));
  const ask = (what: Completion) => namesOf(what, command, before, environment);
  if (pending?.value !== undefined) {
    if (pending.choices) return pending.choices.map((choice) => [choice, ''] as const);
    return pending.complete ? ask(pending.complete) : [];
  }
  if (typed.startsWith('-')) {
    return Object.entries(options).map(([name, { summary }]) => [`--${name}`, summary] as const);
  }
  const count = before.filter(
    (word, index) => !word.startsWith('-') && !optionSaid(options, before[index - 1])?.value,
  ).length;
  const last = command.arguments.at(-1);
  const argument = command.arguments[count] ?? (last?.multiple ? last : undefined);
  if (argument?.choices) return argument.choices.map((choice) => [choice, ''] as const);
  return argument?.complete ? ask(argument.complete) : [];
}

/** The option that a word is, by its long or its short name. */
function optionSaid(options: Options, word: string | undefined): Option | undefined {
  if (word?.startsWith('--')) return options[word.slice(2)];
  if (!word?.startsWith('-')) return undefined;
  return Object.values(options).find(({ short }) => short === word.slice(1));
}

async function namesOf(
  what: Completion,
  command: Command,
  before: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Reply[] | typeof filesWanted> {
  if (what === 'file' || what === 'directory') return filesWanted;
  if (what === 'profile') {
    const { readProfiles } = await import('../profile/profiles.ts');
    return Object.keys((await readProfiles(environment)).profiles).map((name) => [name, '']);
  }
  if (!command.connects) return [];
  const names = await clusterNames(what, command, before, environment).catch(() => []);
  // A reply is a line, and what a terminal would obey nobody can type.
  return names.filter((name) => visible(name) === name).map((name) => [name, ''] as const);
}

/** With the connection that stands on the line already, or that of the environment. */
async function clusterNames(
  what: 'topic' | 'group',
  command: Command,
  before: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const anything = [{ name: 'word', summary: '', optional: true, multiple: true }];
  const parsed = parseCommandLine(
    { arguments: anything },
    optionsOf(command),
    [...before, '--timeout', clusterTimeout],
    environment,
  );
  const { connect } = await import('../connection/connect.ts');
  const silent = { write: () => true };
  // Nobody is there to be asked for a password.
  const input = { isTTY: false, async *[Symbol.asyncIterator]() {} };
  await using cluster = await connect({
    ...parsed,
    environment,
    input: input as unknown as NodeJS.ReadStream,
    output: new Output({ json: false, stdout: silent, stderr: silent }),
  });
  if (what === 'topic') return (await cluster.admin.listTopics()).sort();
  return (await cluster.admin.listGroups()).map(({ groupId }) => groupId).sort();
}
