/** The controls of a test reach the process around workerd, and what they change outlives it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { answers, produce, start, urlOf, valuesIn, type Watched } from './kedges.ts';

const secret = 'only-for-tests';
const withControls = () => start({ testControls: secret });

function control(kedge: Watched, method: string, path = '', body?: BodyInit): Promise<Response> {
  const isText = typeof body === 'string';
  const headers = {
    authorization: `Bearer ${secret}`,
    ...(isText && { 'content-type': 'application/json' }),
  };
  return fetch(`${urlOf(kedge)}/test${path}`, { method, headers, ...(body && { body }) });
}

interface State {
  readonly starts: number;
  readonly clockOffsetMs: number;
}

async function stateOf(kedge: Watched): Promise<State> {
  return (await control(kedge, 'GET')).json() as Promise<State>;
}

/** Settles when it was started so often, and answers. */
async function started(kedge: Watched, starts: number): Promise<State> {
  while (kedge.starts < starts || !(await answers(kedge.httpPort))) await delay(10);
  return stateOf(kedge);
}

it.each(['/crash', '/restart'])('POST /test%s: it is back with its data', async (path) => {
  const kedge = await withControls();
  await produce(kedge, 'orders', 'tea');
  expect(await stateOf(kedge)).toMatchObject({ starts: 1 });
  expect((await control(kedge, 'POST', path)).status).toBe(202);
  expect(await started(kedge, 2)).toMatchObject({ starts: 2 });
  expect(await valuesIn(kedge, 'orders')).toEqual(['tea']);
  expect(kedge.ends).toEqual([]);
});

it('stays emptied, and ahead of time, after a crash', async () => {
  const kedge = await withControls();
  await produce(kedge, 'orders', 'tea');
  expect((await control(kedge, 'POST', '/reset')).status).toBe(204);
  const advance = '{"advanceMs": 3600000}';
  expect((await control(kedge, 'POST', '/clock', advance)).status).toBe(200);
  await produce(kedge, 'orders', 'milk');
  await kedge.crash();
  await kedge.start();
  expect(await valuesIn(kedge, 'orders')).toEqual(['milk']);
  expect(await stateOf(kedge)).toMatchObject({ starts: 2, clockOffsetMs: 3_600_000 });
});

it('is what was restored, though it was emptied just before', async () => {
  const kedge = await withControls();
  await produce(kedge, 'orders', 'tea');
  const file = join(kedge.dataDir, 'a.snapshot');
  await kedge.snapshot(file);
  for (let times = 0; times < 12; times++) {
    expect((await control(kedge, 'POST', '/reset')).status).toBe(204);
    await delay(times * 3);
    await kedge.restore(file);
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea']);
  }
});

it('gives a snapshot of its state without ending, and takes it back', async () => {
  const kedge = await withControls();
  await control(kedge, 'POST', '/reset');
  await control(kedge, 'POST', '/clock', '{"advanceMs": 60000}');
  await produce(kedge, 'orders', 'tea');
  const snapshot = await (await control(kedge, 'GET', '/snapshot')).arrayBuffer();
  expect(kedge.starts).toBe(1);
  await control(kedge, 'POST', '/reset');
  await produce(kedge, 'orders', 'milk');
  expect((await control(kedge, 'POST', '/restore', snapshot)).status).toBe(202);
  expect(await started(kedge, 2)).toMatchObject({ clockOffsetMs: 60_000 });
  expect(await valuesIn(kedge, 'orders')).toEqual(['tea']);
  const refused = await control(kedge, 'POST', '/restore', 'not a snapshot');
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('is no snapshot of a Kedge');
});

it('is not for those who do not have the secret, nor there without it', async () => {
  const kedge = await withControls();
  expect((await fetch(`${urlOf(kedge)}/test`)).ok).toBe(false);
  const open = await start({ testControls: 'open' });
  expect((await fetch(`${urlOf(open)}/test`)).status).toBe(200);
  const plain = await start();
  expect((await fetch(`${urlOf(plain)}/test`)).status).toBe(404);
});

it('says who can read a directory that was emptied between tests', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kedge-controls-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const kedge = await start({ dataDir, testControls: 'open' });
  await fetch(`${urlOf(kedge)}/test/reset`, { method: 'POST' });
  await kedge.stop();
  await expect(start({ dataDir })).rejects.toThrow('was emptied between tests');
  const again = await start({ dataDir, testControls: 'open' });
  expect(again.starts).toBe(1);
});
