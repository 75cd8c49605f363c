/**
 * Reads a command line by the description of a command. The surprise: an option that takes a value
 * takes whatever follows, so that `-o -10` is an offset from the end and not two options, as in
 * kcat.
 */
import { parseArgs } from 'node:util';
import type { Argument, Command, Option, Options } from './command.ts';
import { suggestion, UsageError } from './usage.ts';

export interface Parsed {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The options that stand on the command line itself. */
  readonly said: ReadonlySet<string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws UsageError. `options`: all that the command takes, with those that every one takes. */
export function parseCommandLine(
  { arguments: expected }: Pick<Command, 'arguments'>,
  options: Options,
  typed: readonly string[],
  environment: Environment,
): Parsed {
  const said = new Map<string, string[]>();
  const args: string[] = [];
  for (const token of tokensOf(options, typed)) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw unknownOption(rawName, options);
    said.set(name, [...(said.get(name) ?? []), textOf(rawName, option, value)]);
  }
  checkCount(expected, args);
  const values = Object.entries(options).map(([name, option]) => [
    name,
    meant(name, option, said.get(name), environment),
  ]);
  return { args, options: Object.fromEntries(values), said: new Set(said.keys()) };
}

/** Whether help is asked for, wherever it stands. */
export function asksForHelp(typed: readonly string[]): boolean {
  const end = typed.indexOf('--');
  return typed.slice(0, end < 0 ? undefined : end).some((one) => one === '--help' || one === '-h');
}

function tokensOf(options: Options, typed: readonly string[]) {
  const described = Object.entries(options).map(([name, { short, value }]) => [
    name,
    { type: value === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
  ]);
  return parseArgs({
    args: [...typed],
    options: Object.fromEntries(described),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

function unknownOption(rawName: string, options: Options): UsageError {
  const names = Object.keys(options).map((name) => `--${name}`);
  const advice = rawName.startsWith('--') ? suggestion(rawName, names) : '';
  return new UsageError(`there is no option ${rawName}${advice || '.'}`);
}

function textOf(rawName: string, option: Option, value: string | undefined): string {
  if (option.value === undefined && value !== undefined) {
    throw new UsageError(`${rawName} takes no value.`);
  }
  if (option.value !== undefined && value === undefined) {
    throw new UsageError(`${rawName} needs a value: ${rawName} <${option.value}>.`);
  }
  return value ?? 'true';
}

function checkCount(expected: readonly Argument[], args: readonly string[]): void {
  const missing = expected.find(({ optional }, index) => !optional && index >= args.length);
  if (missing) throw new UsageError(`say which: <${missing.name}>, ${missing.summary}.`);
  expected.forEach(({ name, choices }, index) => {
    if (args[index] !== undefined) checkChoice(`<${name}>`, choices, args[index]);
  });
  const takesAll = expected.at(-1)?.multiple ?? false;
  if (args.length <= expected.length || takesAll) return;
  throw new UsageError(`what is '${args[expected.length]}'?`);
}

function meant(
  name: string,
  option: Option,
  said: readonly string[] | undefined,
  environment: Environment,
): unknown {
  const variable = variablesOf(option).find((one) => environment[one]);
  const fromOutside = variable === undefined ? option.default : environment[variable];
  const origin = said === undefined && variable !== undefined ? variable : `--${name}`;
  const texts = said ?? (fromOutside === undefined ? [] : [fromOutside]);
  if (option.value === undefined) return texts.length > 0 && isTrue(origin, texts.at(-1)!);
  const values = texts.map((text) => meaningOf(origin, option, text));
  return option.multiple ? values : values.at(-1);
}

export function variablesOf({ env = [] }: Option): readonly string[] {
  return typeof env === 'string' ? [env] : env;
}

function isTrue(origin: string, text: string): boolean {
  if (/^(true|1|yes)$/i.test(text)) return true;
  if (/^(false|0|no)$/i.test(text)) return false;
  throw new UsageError(`${origin} must be true or false, not '${text}'.`);
}

function meaningOf(origin: string, { choices, parse }: Option, text: string): unknown {
  checkChoice(origin, choices, text);
  if (parse === undefined) return text;
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${origin} ${error.message}.`);
    throw error;
  }
}

function checkChoice(origin: string, choices: readonly string[] | undefined, text: string): void {
  if (choices === undefined || choices.includes(text)) return;
  const words = choices.join(', ').replace(/, ([^,]*)$/, ' or $1');
  throw new UsageError(
    `${origin} must be ${words}, not '${text}'${suggestion(text, choices) || '.'}`,
  );
}
