import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../cli/processes.ts';
import { executedByCompat } from './blocks.ts';
import { page } from './page.ts';

const token = 'the-owners-secret';
const settings: { KEDGE_TOKEN: string; KEDGE_URL?: string } = { KEDGE_TOKEN: token };
const docs = page('docs/security.md', {
  kedge: { env: { KEDGE_TOKEN: token, KEDGE_CORS_ORIGINS: 'https://app.example' } },
  env: settings,
  elsewhere: executedByCompat,
});

it('sets up a user who may do what ACLs allow', async () => {
  settings.KEDGE_URL = docs.kedge.url;
  expect(await docs.shell('user')).toContain('ALLOW       User:alice  READ       topic  orders');
});

it('lets the user in, and changes and deletes it', async () => {
  const [{ offsets }] = await docs.answers('alice');
  expect(offsets).toMatchObject([{ offset: 0, error_code: null }]);
  expect(await docs.shell('users')).toContain('alice may come in no more.');
});

it('makes a token that is a principal until it is deleted', async () => {
  try {
    const said = await docs.shell('token');
    expect(said).toMatch(/^\[/);
    expect(said).toContain('User:orders');
  } finally {
    rmSync(join(root, 'orders.token'), { force: true });
  }
});

it('makes a token for a page', async () => {
  const [made] = await docs.answers('stream-token');
  expect(made).toMatchObject({
    topics: ['orders'],
    token: expect.stringMatching(/^kedge_stream_/),
  });
});

it('tells a listed page what it may do', async () => {
  const answer = (await docs.shell('preflight')).toLowerCase();
  expect(answer).toContain('204 no content');
  expect(answer).toContain('access-control-allow-origin: https://app.example');
  expect(answer).toContain('access-control-allow-headers: authorization, content-type');
});
