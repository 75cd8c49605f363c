/** `kedge user`, `token` and `acl`, against a Kedge that lets nobody in uninvited. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

const program = join(import.meta.dirname, '../../src/cli/kedge.ts');
const secret = 'the-owners-secret';
let kedge: Kedge;
beforeAll(async () => {
  kedge = await spawnKedge({ env: { KEDGE_TOKEN: secret } });
});
afterAll(async () => {
  await kedge.stop();
  expect(kedge.output()).not.toContain(secret);
});

interface Run {
  readonly input?: string;
  /** Null: none is set. */
  readonly token?: string | null;
}

async function run(line: string, { input = '', token = secret }: Run = {}) {
  const env = {
    ...{ PATH: process.env.PATH, XDG_CONFIG_HOME: kedge.dataDir },
    ...{ KEDGE_URL: kedge.url, KEDGE_TOKEN: token ?? '' },
  };
  const child = spawn(process.execPath, [program, ...line.split(' ')], { env });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, out, err };
}

describe('kedge user', () => {
  it('sets passwords that are given on standard input, lists and deletes', async () => {
    expect(await run('user set alice', { input: 'wonderland\n' })).toEqual({
      code: 0,
      out: 'The password of alice is set.\n',
      err: '',
    });
    const authorization = `Basic ${btoa('alice:wonderland')}`;
    const asAlice = () => fetch(`${kedge.url}/admin/users/alice`, { headers: { authorization } });
    expect((await asAlice()).status).toBe(200);
    const { out } = await run('user list');
    expect(out).toMatch(/^USER {3}MECHANISMS\nalice {2}SCRAM-SHA-256 \(4096\), SCRAM-SHA-512/);
    expect(JSON.parse((await run('user list --json')).out)).toMatchObject([{ name: 'alice' }]);
    expect((await run('user delete alice')).out).toBe('alice may come in no more.\n');
    expect((await asAlice()).status).toBe(401);
    expect(await run('user delete alice')).toMatchObject({
      code: 1,
      err: "kedge: there is no user 'alice'.\n",
    });
  });

  it('says what is missing', async () => {
    expect((await run('user set alice')).err).toBe('kedge: a password must not be empty.\n');
    const unclear = await run('user set bob --iterations many', { input: 'secret\n' });
    expect(unclear.code).toBe(2);
    expect(unclear.err).toMatch(/--iterations/);
    const usage = await run('user');
    expect(usage).toMatchObject({ code: 2, out: '' });
    expect(usage.err).toContain('say what to do');
    const unknown = await run('user list', { token: null });
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('KEDGE_TOKEN');
    const wrong = await run('user list', { token: 'guess' });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/^kedge: Unauthorized \(the token .* is none that it knows\)\n$/);
    const nowhere = await run('user list --url http://127.0.0.1:1');
    expect(nowhere.err).toEqual(
      expect.stringMatching(/^kedge: nothing answers at http:..127.0.0.1:1 .*; --url says where /),
    );
  });
});

describe('kedge token', () => {
  it('prints a token once, alone on standard output', async () => {
    const made = await run('token create --principal User:orders --expires 12h');
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^kedge_[0-9a-z]{12}_[\w-]{43}\n$/);
    const token = made.out.trim();
    const listed = await run('token list', { token });
    expect(listed.out).toContain('User:orders');
    expect(listed.out).not.toContain(token.slice(-43));
    const id = token.split('_')[1];
    expect((await run(`token delete ${id}`)).code).toBe(0);
    expect((await run('token list', { token })).code).toBe(1);
  });

  it('may be shown on standard input', async () => {
    const shown = await run('token list --json --token -', { token: null, input: `${secret}\n` });
    expect(shown).toMatchObject({ code: 0, out: '[]\n' });
  });

  it('understands durations', async () => {
    const { code, err } = await run('token create --expires soon');
    expect(code).toBe(2);
    expect(err).toContain('--expires');
  });
});

describe('kedge acl', () => {
  it('adds, lists and deletes', async () => {
    await run('user set bob', { input: 'builder\n' });
    const authorization = `Basic ${btoa('bob:builder')}`;
    const topics = async () => {
      const response = await fetch(`${kedge.url}/rest/topics`, { headers: { authorization } });
      return response.json();
    };
    const records = '{"records":[{"value":"tea"}]}';
    await fetch(`${kedge.url}/rest/topics/orders`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/vnd.kafka.json.v2+json',
      },
      body: records,
    });
    expect(await topics()).toEqual([]);
    const added = await run('acl add --principal User:bob --operation read --topic ord --prefixed');
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(await topics()).toEqual(['orders']);
    await run('acl add --principal User:bob --operation describe --cluster --deny');
    const listed = await run('acl list --principal User:bob');
    expect(listed.out.split('\n').slice(1, -1).sort()).toEqual([
      'ALLOW       User:bob   READ       topic    ord…           *',
      'DENY        User:bob   DESCRIBE   cluster  kafka-cluster  *',
    ]);
    expect((await run('acl delete --topic ord --prefixed')).out).toContain('ord…');
    expect(await topics()).toEqual([]);
  });

  it.each([
    ['acl add --topic orders', '--principal'],
    ['acl add --principal User:a --topic orders', '--operation'],
    ['acl add --principal User:a --operation READ', '--topic'],
    ['acl add --topic a --group b', 'two ACLs'],
    ['acl delete', 'say which'],
    ['acl list everything', 'everything'],
    ['acl list --everything', 'acl list: there is no option --everything.\n'],
  ])('%s is told what is wrong', async (line, message) => {
    const { code, err } = await run(line);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

it('says what an open Kedge lacks for ACLs, and for tokens of whoever asks', async () => {
  await using open = await spawnKedge();
  const acls = await run(`acl list --url ${open.url}`, { token: null });
  expect(acls).toMatchObject({ code: 1, err: expect.stringContaining('Everybody may do') });
  const token = await run(`token create --url ${open.url}`, { token: null });
  expect(token).toMatchObject({ code: 1, err: expect.stringContaining('--principal User:') });
});
