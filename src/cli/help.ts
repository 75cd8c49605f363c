/**
 * The help of a command, made of its description. The surprise: the options that say which cluster
 * is meant are the same everywhere, so a command shows the first of them, and `kedge help
 * connection` all.
 */
import type { Argument, Command, Entry, Option, Options } from './command.ts';
import { connectionOptions } from './connection/options.ts';
import { variablesOf } from './parse.ts';

const width = 96;

const commonOptions = {
  help: { short: 'h', summary: 'this text' },
} as const satisfies Options;

const jsonOption = {
  json: { summary: 'print JSON' },
} as const satisfies Options;

/** All that a command takes. */
export function optionsOf(command: Command): Options {
  return {
    ...command.options,
    ...(command.connects && connectionOptions),
    ...(!command.noJson && jsonOption),
    ...commonOptions,
  };
}

/** `path`: what is typed to get here: `kedge topic create`. */
export function helpOf(command: Command, path: string): string {
  const own = { ...command.options, ...(!command.noJson && jsonOption), ...commonOptions };
  return [
    sentence(command.summary),
    ...(command.description ? [paragraphs(command.description)] : []),
    usageOf(command, path),
    ...listing(
      'Commands',
      command.commands.map(({ name, summary }) => [name, summary] as const),
    ),
    ...listing('Arguments', command.arguments.map(argumentRow)),
    ...listing('Options', rowsOf(own)),
    ...(command.connects ? connectionSection() : []),
    ...examplesOf(command),
    ...(command.commands.length > 0 ? [`${path} <command> --help says more about one.`] : []),
  ].join('\n\n');
}

export function overview(entries: readonly Entry[]): string {
  return [
    "Kedge: Kafka on Cloudflare's edge, and on this machine.",
    'Usage: kedge <command> [options]',
    ...listing(
      'Commands',
      entries.map(({ name, summary }) => [name, summary] as const),
    ),
    ...listing('Options', [
      ['--version', 'which Kedge this is'],
      ['--help', 'this text'],
    ]),
    'kedge <command> --help says more about one; kedge help connection, how to say which cluster\n' +
      'is meant.',
  ].join('\n\n');
}

const connectionText = `\
Without any of these options it is the Kedge on this machine, at 127.0.0.1:9092.

A password is never an option: it is the variable KEDGE_PASSWORD, or standard input with
--password-stdin, or it is asked for. A file given with --command-config is one of Kafka's own
tools: bootstrap.servers, security.protocol, sasl.mechanism, sasl.jaas.config,
ssl.truststore.location (PEM), ssl.keystore.location (PEM) and so on; what stands on the command
line wins. kedge profile keeps all of it under a name.

A token, of kedge token create, is enough to come in: over HTTP as a bearer token, on Kafka's port
by SASL. Kafka's port of a Kedge is not encrypted by itself; a deployed one is reached by --url, or
by kedge tunnel.`;

/** `kedge help connection`. */
export function connectionHelp(): string {
  return [
    'Which cluster a command talks to, and who asks.',
    connectionText,
    ...listing('Options', rowsOf(connectionOptions)),
    `Examples\n${[
      'kedge topic list',
      'kedge topic list --bootstrap kafka-1:9092,kafka-2:9092',
      'KEDGE_TOKEN=… kedge topic list --url https://kedge.example.com',
      'KEDGE_PASSWORD=… kedge topic list -b kafka:9093 --tls --username alice',
      'kedge topic list --command-config client.properties',
    ]
      .map((line) => `  ${line}`)
      .join('\n')}`,
  ].join('\n\n');
}

function connectionSection(): string[] {
  const { bootstrap, url, profile, token } = connectionOptions;
  const rows = rowsOf({ bootstrap, url, profile, token });
  const more = '  … and more for passwords, SASL and TLS: kedge help connection';
  return [`${listing('Connection (default 127.0.0.1:9092)', rows)[0]}\n${more}`];
}

export function usageOf({ commands, arguments: args }: Command, path: string): string {
  if (commands.length > 0) return `Usage: ${path} <command> [options]`;
  return `Usage: ${[path, ...args.map(shownArgument), '[options]'].join(' ')}`;
}

function shownArgument({ name, optional, multiple }: Argument): string {
  const shown = `<${name}>${multiple ? '…' : ''}`;
  return optional ? `[${shown}]` : shown;
}

function argumentRow(argument: Argument): readonly [string, string] {
  return [`<${argument.name}>`, argument.summary];
}

export function rowsOf(options: Options): (readonly [string, string])[] {
  return Object.entries(options).map(([name, option]) => [
    flagText(name, option),
    `${option.summary}${notesOf(option)}`,
  ]);
}

/** `-t, --topic <name>`. */
function flagText(name: string, { short, value }: Option): string {
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`;
  return short ? `-${short}, ${long}` : long;
}

/** ` (default 1; KEDGE_X)`. */
function notesOf(option: Option): string {
  const variables = variablesOf(option);
  const notes = [
    ...(option.choices ? [option.choices.join(', ')] : []),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
    ...(option.multiple ? ['may be repeated'] : []),
    ...(variables.length > 0 ? [`variable ${variables.join(' or ')}`] : []),
  ];
  return notes.length > 0 ? ` (${notes.join('; ')})` : '';
}

function listing(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  const left = Math.min(30, Math.max(...rows.map(([name]) => name.length))) + 2;
  const lines = rows.flatMap(([name, text]) => {
    const [first, ...others] = wrapped(text, width - left - 2);
    const indent = ' '.repeat(left + 2);
    const more = others.map((line) => `${indent}${line}`);
    if (name.length > left - 2) return [`  ${name}`, `${indent}${first}`, ...more];
    return [`  ${name.padEnd(left)}${first}`, ...more];
  });
  return [[title, ...lines].join('\n')];
}

function examplesOf({ examples = [] }: Command): string[] {
  if (examples.length === 0) return [];
  const lines = examples.flatMap(({ command, summary }) => [
    ...(summary ? [`  # ${summary}`] : []),
    ...command.split('\n').map((line) => `  ${line}`),
  ]);
  return [['Examples', ...lines].join('\n')];
}

function paragraphs(text: string): string {
  return text
    .split('\n\n')
    .map((one) => wrapped(one.replaceAll('\n', ' '), width).join('\n'))
    .join('\n\n');
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function wrapped(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
