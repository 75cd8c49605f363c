/** `kedge user`: who may come in with a password. */
import type { Command } from '../kedge.ts';
import { UsageError } from '../options.ts';
import {
  type Asked,
  commonHelp,
  nothingMore,
  only,
  print,
  Refused,
  readSecret,
  reporting,
  understand,
} from './connection.ts';

const help = `Manage users: who may come in with a password, by SASL and over HTTP.

Usage: kedge user list
       kedge user set <name>       create a user, or set the password of one
       kedge user delete <name>

The password is asked for, or is the first line of standard input. A user who shows the old one may
set another; all else takes the right to alter the cluster. What a user may do, ACLs say: kedge acl.

Options
  --iterations <number>   of the hash that is kept, 4096 (the default) to 16384
${commonHelp}

Examples
  kedge user set alice
  openssl rand -base64 24 | tee alice.password | kedge user set alice
`;

export const command: Command = { help, run };

interface User {
  readonly name: string;
  readonly mechanisms: readonly { readonly mechanism: string; readonly iterations: number }[];
}

async function run(args: readonly string[]): Promise<number> {
  const asked = await understand(args, { iterations: { type: 'string' } });
  const act = actions[asked.words[0] ?? ''];
  if (act === undefined) throw new UsageError('say what to do: list, set or delete.');
  return reporting(() => act(asked));
}

const actions: Readonly<Record<string, (asked: Asked) => Promise<void>>> = {
  async list({ kedge, words, json }) {
    nothingMore(words);
    const { users }: { users: readonly User[] } = await kedge.ask('GET', '/admin/users');
    const rows = users.map(({ name, mechanisms }) => [
      name,
      mechanisms.map(({ mechanism, iterations }) => `${mechanism} (${iterations})`).join(', '),
    ]);
    print(json, users, ['USER', 'MECHANISMS'], rows);
  },
  async set({ kedge, words, flags, json }) {
    const name = only(words, 'user');
    const { iterations } = flags;
    if (iterations !== undefined && !/^\d{1,9}$/.test(String(iterations))) {
      throw new UsageError('--iterations is not a number.');
    }
    const password = await readSecret(`Password of ${name}`);
    if (password === '') throw new Refused('a password must not be empty.');
    const more = iterations === undefined ? {} : { iterations: Number(iterations) };
    await kedge.ask('PUT', pathOf(name), { password, ...more });
    if (json) console.log(JSON.stringify({ name }));
    else console.log(`The password of ${name} is set.`);
  },
  async delete({ kedge, words, json }) {
    const name = only(words, 'user');
    await kedge.ask('DELETE', pathOf(name));
    if (json) console.log(JSON.stringify({ name }));
    else console.log(`${name} may come in no more.`);
  },
};

function pathOf(name: string): string {
  return `/admin/users/${encodeURIComponent(name)}`;
}
