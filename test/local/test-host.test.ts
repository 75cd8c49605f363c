import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTestHost, type TestHost } from '../../src/local/test-host.ts';

let scratch: string;
let host: TestHost;
let done: unknown[];

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'kedge-host-'));
  done = [];
  host = await startTestHost({
    scratch,
    keepState: (state) => void done.push(state),
    objects: async () => ({ Partition: ['aa'] }),
    forget: async (objects) => void done.push(objects),
    crash: async () => void done.push('crash'),
    restart: async () => void done.push('restart'),
    snapshot: async (file) => writeFileSync(file, 'all there is'),
    prepareRestore: async (file) => {
      const text = readFileSync(file, 'utf8');
      if (text !== 'all there is') throw new Error('no such snapshot');
      done.push('prepared');
    },
    restorePrepared: async () => void done.push('restored'),
  });
});
afterEach(() => {
  host.close();
  rmSync(scratch, { recursive: true });
});

const ask = (method: string, path: string, body?: string, secret = host.secret) =>
  fetch(`http://127.0.0.1:${host.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, connection: 'close' },
    ...(body !== undefined && { body }),
  });

it('answers nobody who does not have the secret', async () => {
  expect((await ask('POST', '/crash', '', 'another')).status).toBe(401);
  expect((await ask('POST', '/crash', '', '')).status).toBe(401);
  await delay(100);
  expect(done).toEqual([]);
});

it('keeps the state before it answers', async () => {
  const state = { generation: 2, clockOffsetMs: 5 };
  expect((await ask('PUT', '/state', JSON.stringify(state))).status).toBe(204);
  expect(done).toEqual([state]);
  expect((await ask('PUT', '/state', 'nonsense')).status).toBe(400);
});

it('lists objects, and forgets them', async () => {
  expect(await (await ask('GET', '/objects')).json()).toEqual({ Partition: ['aa'] });
  expect((await ask('POST', '/forget', '{"Partition":["aa"]}')).status).toBe(204);
  expect(done).toEqual([{ Partition: ['aa'] }]);
});

it.each(['crash', 'restart'])('answers, and does what is asked: %s', async (what) => {
  expect((await ask('POST', `/${what}`)).status).toBe(202);
  while (done.length === 0) await delay(5);
  expect(done).toEqual([what]);
});

it('gives a snapshot, and takes one that it can read', async () => {
  const snapshot = await (await ask('GET', '/snapshot')).text();
  expect((await ask('POST', '/restore', snapshot)).status).toBe(202);
  while (done.length < 2) await delay(5);
  expect(done).toEqual(['prepared', 'restored']);
  const refused = await ask('POST', '/restore', 'something else');
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({ message: 'no such snapshot' });
  expect(readdirSync(scratch)).toEqual([]);
});

it('knows of nothing else', async () => {
  expect((await ask('GET', '/etc/passwd')).status).toBe(404);
});
