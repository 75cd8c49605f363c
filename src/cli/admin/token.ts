/** `kedge token`: who may come in with a token. */
import type { Command } from '../kedge.ts';
import { UsageError } from '../options.ts';
import {
  type Asked,
  commonHelp,
  nothingMore,
  only,
  print,
  Refused,
  reporting,
  understand,
} from './connection.ts';

const help = `Manage tokens: by which programs show who they are.

Usage: kedge token list
       kedge token create [options]
       kedge token delete <id>

A token is printed once, when it is created, and cannot be had again. Over HTTP it is a bearer
token; by SASL it is the password of the user 'token' (PLAIN), or the token of OAUTHBEARER.

Options
  --principal <principal> whom it stands for, such as User:alice (default: you)
  --description <text>    what it is for
  --expires <duration>    after how long it is worth nothing: 12h, 30d (default: never)
${commonHelp}

Examples
  kedge token create --principal User:orders --description 'ships orders' --expires 90d
  kedge token create --principal User:orders > orders.token
`;

export const command: Command = { help, run };

interface Token {
  readonly id: string;
  readonly principal: string;
  readonly description: string;
  readonly created_at: number;
  readonly expires_at: number | null;
}

const flags = {
  principal: { type: 'string' },
  description: { type: 'string' },
  expires: { type: 'string' },
} as const;

async function run(args: readonly string[]): Promise<number> {
  const asked = await understand(args, flags);
  const act = actions[asked.words[0] ?? ''];
  if (act === undefined) throw new UsageError('say what to do: list, create or delete.');
  return reporting(() => act(asked));
}

const actions: Readonly<Record<string, (asked: Asked) => Promise<void>>> = {
  async list({ kedge, words, json }) {
    nothingMore(words);
    const { tokens }: { tokens: readonly Token[] } = await kedge.ask('GET', '/admin/tokens');
    const rows = tokens.map(({ id, principal, created_at, expires_at, description }) => [
      ...[id, principal, dateOf(created_at)],
      ...[expires_at === null ? 'never' : dateOf(expires_at), description],
    ]);
    print(json, tokens, ['ID', 'PRINCIPAL', 'CREATED', 'EXPIRES', 'DESCRIPTION'], rows);
  },
  async create({ kedge, words, flags: { principal, description, expires }, json }) {
    nothingMore(words);
    const expiresInMs = expires === undefined ? undefined : durationOf(String(expires));
    const body = { principal, description, expires_in_ms: expiresInMs };
    const { token, ...made } = await kedge.ask('POST', '/admin/tokens', body).catch(explained);
    if (json) {
      console.log(JSON.stringify({ ...made, token }, null, 2));
      return;
    }
    console.error(`Token ${made.id} of ${made.principal}; it is not shown again:`);
    console.log(token);
  },
  async delete({ kedge, words, json }) {
    const id = only(words, 'token');
    await kedge.ask('DELETE', `/admin/tokens/${encodeURIComponent(id)}`);
    if (json) console.log(JSON.stringify({ id }));
    else console.log(`Token ${id} is worth nothing any more.`);
  },
};

/** Where everybody may come in it is not known who asks, and a token stands for somebody. */
function explained(error: unknown): never {
  const isNobody = error instanceof Refused && error.message === 'principal may not be null';
  throw isNobody ? new Refused('say whom it stands for: --principal User:….') : error;
}

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function durationOf(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count === undefined)
    throw new UsageError(`--expires must be like 12h or 30d, not '${text}'.`);
  return Number(count) * units[unit];
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
