/** `kedge token`: who may come in with a token. */
import { command as action, group } from '../command.ts';
import { Refused } from '../usage.ts';
import { duration } from '../values.ts';

/** As Kedge tells it. */
interface Told {
  readonly id: string;
  readonly principal: string;
  readonly description: string;
  readonly created_at: number;
  readonly expires_at: number | null;
}

const list = action({
  name: 'list',
  summary: 'list tokens; what they are is not shown',
  connects: true,
  examples: [{ command: 'kedge token list' }],
  async run({ output, connect }) {
    const { http } = await connect();
    const { tokens }: { tokens: readonly Told[] } = await http.ask('GET', '/admin/tokens');
    output.table(tokens.map(tokenOf), [
      { title: 'ID', of: ({ id }) => id },
      { title: 'PRINCIPAL', of: ({ principal }) => principal },
      { title: 'CREATED', of: ({ createdAt }) => minuteOf(createdAt) },
      { title: 'EXPIRES', of: ({ expiresAt }) => (expiresAt ? minuteOf(expiresAt) : 'never') },
      { title: 'DESCRIPTION', of: ({ description }) => description },
    ]);
  },
});

const create = action({
  name: 'create',
  summary: 'make a token and print it',
  description:
    'A token is printed once, when it is created, and cannot be had again. Over HTTP it is a ' +
    "bearer token; by SASL it is the password of the user 'token' (PLAIN), or the token of " +
    'OAUTHBEARER.',
  options: {
    principal: { value: 'principal', summary: 'whom it stands for: User:alice (default: you)' },
    description: { value: 'text', summary: 'what it is for' },
    expires: {
      value: 'duration',
      summary: 'after how long it is worth nothing: 12h, 30d (default: never)',
      parse: duration,
    },
  },
  connects: true,
  examples: [
    {
      command:
        "kedge token create --principal User:orders --description 'ships orders' --expires 90d",
    },
    { command: 'kedge token create --principal User:orders > orders.token' },
  ],
  async run({ options: { principal, description, expires }, output, connect }) {
    const { http } = await connect();
    const body = { principal, description, expires_in_ms: expires };
    const { token, ...made } = await http.ask('POST', '/admin/tokens', body).catch(explained);
    if (!output.json) output.say(`Token ${made.id} of ${made.principal}; it is not shown again:`);
    output.result({ ...tokenOf(made), token }, () => output.line(token));
  },
});

const remove = action({
  name: 'delete',
  summary: 'make a token worth nothing',
  arguments: [{ name: 'id', summary: 'as kedge token list shows it' }],
  connects: true,
  examples: [{ command: 'kedge token delete 2f6k0q8m3x1a' }],
  async run({ args: [id], output, connect }) {
    const { http } = await connect();
    await http.ask('DELETE', `/admin/tokens/${encodeURIComponent(id)}`);
    output.result({ id }, () => output.line(`Token ${id} is worth nothing any more.`));
  },
});

export const command = group({
  name: 'token',
  summary: 'manage tokens, by which programs show who they are',
  description:
    'Tokens are of Kedge alone, and managed over HTTP: --url says where it is (default ' +
    'http://127.0.0.1:8787).',
  commands: [list, create, remove],
});

function tokenOf({ created_at, expires_at, ...token }: Told) {
  return { ...token, createdAt: created_at, expiresAt: expires_at };
}

/** Where everybody may come in it is not known who asks, and a token stands for somebody. */
function explained(error: unknown): never {
  const isNobody = error instanceof Refused && error.message === 'principal may not be null';
  throw isNobody ? new Refused('say whom it stands for: --principal User:….') : error;
}

function minuteOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
