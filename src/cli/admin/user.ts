/** `kedge user`: who may come in with a password. */
import { describeUserScramCredentials } from '../../protocol/apis/describe-user-scram-credentials.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { command as action, group } from '../command.ts';
import { readSecret } from '../secrets.ts';
import { Refused } from '../usage.ts';
import { integer } from '../values.ts';

const name = { name: 'name', summary: 'the name of the user' };
const mechanisms: Readonly<Record<number, string>> = { 1: 'SCRAM-SHA-256', 2: 'SCRAM-SHA-512' };

const list = action({
  name: 'list',
  summary: 'list users',
  connects: true,
  examples: [{ command: 'kedge user list' }],
  async run({ output, connect }) {
    const { link } = await connect();
    const answer = await link.call(describeUserScramCredentials, { users: null });
    if (answer.errorCode !== ErrorCode.NONE) {
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined);
    }
    const users = answer.results.map(({ user, credentialInfos }) => ({
      name: user,
      mechanisms: credentialInfos.map(({ mechanism, iterations }) => ({
        mechanism: mechanisms[mechanism] ?? 'UNKNOWN',
        iterations,
      })),
    }));
    output.table(users, [
      { title: 'USER', of: (user) => user.name },
      {
        title: 'MECHANISMS',
        of: (user) =>
          user.mechanisms.map((one) => `${one.mechanism} (${one.iterations})`).join(', '),
      },
    ]);
  },
});

const set = action({
  name: 'set',
  summary: 'create a user, or set the password of one',
  description:
    'The password is asked for, or is the first line of standard input. It is not sent: only what ' +
    'is made of it for SCRAM is, unless Kedge is reached by --url; that way, a user who shows the ' +
    'old password may set another without the right to alter the cluster.',
  arguments: [name],
  options: {
    iterations: {
      value: 'number',
      summary: 'of the hash that is kept (default 4096 by --url, else 8192)',
      parse: integer(4096, 16_384),
    },
  },
  connects: true,
  examples: [
    { command: 'kedge user set alice' },
    { command: 'openssl rand -base64 24 | tee alice.password | kedge user set alice' },
  ],
  async run({ args: [user], options, output, input, connect }) {
    const cluster = await connect();
    const password = await readSecret(`New password of ${user}`, input, output);
    if (password === '') throw new Refused('a password must not be empty.');
    const { iterations } = options;
    if (cluster.isHttp) await cluster.http.ask('PUT', pathOf(user), { password, iterations });
    else await cluster.admin.setPassword(user, password, { iterations });
    output.result({ name: user }, () => output.line(`The password of ${user} is set.`));
  },
});

const remove = action({
  name: 'delete',
  summary: 'delete a user',
  arguments: [name],
  connects: true,
  examples: [{ command: 'kedge user delete alice' }],
  async run({ args: [user], output, connect }) {
    const { admin } = await connect();
    await admin.deleteUser(user).catch((error) => {
      const isUnknown = error instanceof KafkaError && error.code === ErrorCode.RESOURCE_NOT_FOUND;
      throw isUnknown ? new Refused(`there is no user '${user}'.`) : error;
    });
    output.result({ name: user }, () => output.line(`${user} may come in no more.`));
  },
});

export const command = group({
  name: 'user',
  summary: 'manage users and their passwords',
  description:
    'Users come in with a name and a password, by SASL and over HTTP. What a user may do, ACLs ' +
    'say: kedge acl.',
  commands: [list, set, remove],
});

function pathOf(user: string): string {
  return `/admin/users/${encodeURIComponent(user)}`;
}
