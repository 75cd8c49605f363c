/** Who may use the controls of a Kedge, and that nobody can in what is deployed. */
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workerBundle } from '../../../src/local/worker-script.ts';
import { startUnderTest, type UnderTest } from './under-test.ts';

const get = (under: UnderTest, headers: object) => under.ask('GET', '/test', undefined, headers);

describe('with a secret', () => {
  let under: UnderTest;
  beforeAll(async () => {
    const variables = { KEDGE_TOKEN: 'the-token-of-the-owner-0123456789' };
    under = await startUnderTest({ testControls: 'a-secret', variables });
  });
  afterAll(() => under.kedge.stop());

  it('whoever shows it may do anything, though Kedge asks who everybody is', async () => {
    expect((await get(under, { authorization: 'Bearer a-secret' })).status).toBe(200);
    const seed = { records: [{ topic: 'orders', value: 'a' }] };
    const authorization = 'Bearer a-secret';
    expect((await under.ask('POST', '/test/seed', seed, { authorization })).status).toBe(204);
  });

  it.each([
    [{}],
    [{ authorization: 'Bearer a-secre' }],
    [{ authorization: 'Bearer a-secrets' }],
    [{ authorization: 'Basic a-secret' }],
    [{ authorization: 'Bearer' }],
    [{ authorization: 'Bearer open' }],
  ])('nobody else learns that there are any: %o', async (headers) => {
    // A letter may be written as its number.
    for (const path of ['/test', '/test/reset', '/test/faults/1', '/%74est', '/%74est/snapshot']) {
      const there = await under.ask('GET', path, undefined, headers);
      const nowhere = await under.ask('GET', '/tesd', undefined, headers);
      expect([there.status, there.status === 404]).toEqual([nowhere.status, false]);
    }
    const owner = { authorization: 'Bearer the-token-of-the-owner-0123456789' };
    const { status, text } = await get(under, owner);
    expect(status).toBe(404);
    expect(text).not.toMatch(/faults|reset/);
  });
});

describe('for everybody', () => {
  let under: UnderTest;
  beforeAll(async () => {
    under = await startUnderTest();
  });
  afterAll(() => under.kedge.stop());

  it.each([
    ['POST', { origin: 'https://evil.example' }, 403],
    ['POST', { origin: 'null' }, 403],
    ['GET', { origin: 'https://evil.example' }, 403],
    ['GET', { 'sec-fetch-site': 'cross-site' }, 403],
    ['POST', { 'content-type': 'text/plain' }, 415],
    ['POST', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['POST', { 'content-type': 'multipart/form-data; boundary=a' }, 415],
  ])('no page of another site has a say: %s with %o', async (method, headers, status) => {
    const path = method === 'GET' ? '/test' : '/test/faults';
    expect((await under.ask(method, path, undefined, headers)).status).toBe(status);
  });

  it('describes itself in its own document of the API', async () => {
    const { json } = await under.ask('GET', '/openapi.json');
    expect(Object.keys(json.paths)).toEqual(
      expect.arrayContaining(['/test', '/test/faults/{fault}', '/test/clock', '/test/restore']),
    );
  });

  it('says what is not there, and what a path takes', async () => {
    expect((await under.ask('GET', '/test/nothing')).status).toBe(404);
    expect((await under.ask('GET', '/test/reset')).status).toBe(405);
    expect((await under.ask('DELETE', '/test/faults/1')).status).toBe(404);
    expect((await under.ask('POST', '/test/rebalance', { group: 'none' })).status).toBe(404);
    expect((await under.ask('POST', '/test/clock', { advanceMs: 'much' })).status).toBe(400);
    expect((await under.ask('POST', '/test/clock', {})).status).toBe(400);
    expect((await under.ask('POST', '/test/clock', { advanceMs: 9e15 })).status).toBe(400);
  });
});

describe('what is deployed', () => {
  it('holds nothing of them', async () => {
    const inputsOf = async (name: string): Promise<readonly string[]> => {
      const entryPoints = [`src/${name}.ts`];
      const logLevel = 'silent';
      const options = { ...workerBundle, entryPoints, logLevel, write: false } as const;
      const { metafile } = await build({ ...options, metafile: true });
      const [{ inputs }] = Object.values(metafile.outputs);
      const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
      return used.map(([file]) => file);
    };
    const isOfTests = (file: string) => /fronts\/test\/|testing-worker/.test(file);
    expect((await inputsOf('worker')).filter(isOfTests)).toEqual([]);
    expect((await inputsOf('testing-worker')).filter(isOfTests)).not.toEqual([]);
    const { outputFiles } = await build({
      ...{ ...workerBundle, entryPoints: ['src/worker.ts'], write: false, logLevel: 'silent' },
    });
    expect(outputFiles[0].text).not.toMatch(/KEDGE_TEST|setClockAhead|"\/test"/);
  });
});
