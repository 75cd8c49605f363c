/**
 * What the commands that administer a Kedge have in common: where it is, who asks, and how what it
 * says is printed. The surprise: secrets are read from the environment or standard input; on a
 * command line every other program of the machine could read them.
 */
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { notUnderstood, UsageError } from '../options.ts';

export const commonHelp = `  --url <url>             where Kedge is (default KEDGE_URL, or http://127.0.0.1:8787)
  --token <token>         who you are: a token, or - to read it from standard input. Better: the
                          variable KEDGE_TOKEN, which no list of processes shows
  --json                  print JSON
  --help                  this text`;

type Flag = { readonly type: 'string' | 'boolean' };
export type Flags = Readonly<Record<string, Flag>>;

export interface Asked {
  /** What follows the name of the command: `list`, `create` … and what it is about. */
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly kedge: Connection;
  readonly json: boolean;
}

/** Kedge said no, or nothing; the message is for the person who asked. */
export class Refused extends Error {}

export class Connection {
  readonly #url: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.#url = url.replace(/\/+$/, '');
    this.#token = token;
  }

  /** The answer's JSON; undefined where it has none. Throws Refused. */
  // biome-ignore lint/suspicious/noExplicitAny: each command knows what its routes answer
  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const request = { method, headers, body: sent };
    const response = await fetch(`${this.#url}${path}`, request).catch(() => {
      throw new Refused(`nothing answers at ${this.#url}; --url says where Kedge is.`);
    });
    const said = await response.text();
    if (response.ok) return said === '' ? undefined : parsed(said);
    const why = parsed(said)?.message ?? `status ${response.status}`;
    throw new Refused(response.status === 401 ? `${why} (${this.#whoAsks()})` : why);
  }

  #whoAsks(): string {
    if (this.#token === undefined) return 'the variable KEDGE_TOKEN says who you are';
    return 'the token that was shown, by KEDGE_TOKEN or --token, is none that it knows';
  }

  async clusterPath(): Promise<string> {
    const { data } = await this.ask('GET', '/v3/clusters');
    return `/v3/clusters/${encodeURIComponent(data[0].cluster_id)}`;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: as `ask`
function parsed(said: string): any {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}

/** Reads a command line. Throws UsageError. */
export async function understand(args: readonly string[], flags: Flags): Promise<Asked> {
  const { values, positionals } = parse(args, flags);
  const { url, token, json, ...own } = values as Asked['flags'] & { url?: string; token?: string };
  const address = url ?? process.env.KEDGE_URL ?? 'http://127.0.0.1:8787';
  if (!URL.canParse(address)) throw new UsageError(`--url must be a URL, not '${address}'.`);
  const shown = token === '-' ? (await text(process.stdin)).trim() : token;
  const kedge = new Connection(address, shown ?? (process.env.KEDGE_TOKEN || undefined));
  return { words: positionals, flags: own, kedge, json: json === true };
}

function parse(args: readonly string[], flags: Flags) {
  const options = {
    url: { type: 'string' },
    token: { type: 'string' },
    json: { type: 'boolean' },
    ...flags,
  } as const;
  try {
    return parseArgs({ args: [...args], strict: true, allowPositionals: true, options });
  } catch (error) {
    throw notUnderstood(error);
  }
}

/** Does it, and tells why it could not be done. Returns the exit code. */
export async function reporting(act: () => Promise<void>): Promise<number> {
  try {
    await act();
    return 0;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(`kedge: ${error.message}`);
    return 1;
  }
}

/** One more word, and no others: the name of something. */
export function only(words: readonly string[], what: string): string {
  const [, name, ...others] = words;
  if (name === undefined) throw new UsageError(`say which ${what}.`);
  if (others.length > 0) throw new UsageError(`one ${what}, please: what is '${others[0]}'?`);
  return name;
}

export function nothingMore(words: readonly string[]): void {
  if (words.length > 1) throw new UsageError(`what is '${words[1]}'?`);
}

/** Rows under headings, or JSON. */
export function print(
  json: boolean,
  value: unknown,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  if (json) {
    console.log(JSON.stringify(value, null, 2));
    return;
  }
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  for (const row of all) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** A secret: typed without being shown, or the first line of standard input. */
export async function readSecret(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/)[0];
  process.stderr.write(`${prompt}: `);
  process.stdin.setRawMode(true).setEncoding('utf8').resume();
  let typed = '';
  try {
    for await (const keys of process.stdin) {
      for (const key of keys as string) {
        if (key === '\r' || key === '\n') return typed;
        if (key === '\u0003') throw new Refused('nothing was changed.');
        typed = key === '\u007f' ? [...typed].slice(0, -1).join('') : typed + key;
      }
    }
    return typed;
  } finally {
    process.stdin.setRawMode(false).pause();
    process.stderr.write('\n');
  }
}
