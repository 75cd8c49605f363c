/** Bodies that are none, of every route that takes one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { v3Family } from '../../../src/fronts/http/v3/index.ts';
import { MemoryDoor } from './memory-door.ts';

let kedge: MemoryDoor;
let id: string;

beforeAll(async () => {
  kedge = new MemoryDoor();
  id = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  await kedge.ask('POST', `/v3/clusters/${id}/topics`, {
    body: { topic_name: 't' },
    type: 'application/json',
  });
});
afterAll(() => kedge[Symbol.asyncDispose]());

const withBody = v3Family.routes.filter(({ doc }) => doc?.body);

/** The route's path with things in it that are there. */
const pathOf = (path: string) =>
  `/v3${path}`
    .replace(':cluster', id)
    .replace(':topic', 't')
    .replace(':broker', '1')
    .replace(':name', 'message.max.bytes');

const answerTo = async (method: string, path: string, body: unknown, type?: string) => {
  const { status, json } = await kedge.ask(method, pathOf(path), { body, type });
  return [status, json?.error_code];
};

/** One record, or a stream of them: what is wrong is told in an answer of its own, in a 200. */
const isStream = (path: string) => path.endsWith('/records');

describe.each(withBody.map(({ method, path }) => [method, path] as const))(
  '%s %s',
  (method, path) => {
    test('takes JSON alone', async () => {
      const unsupported = [415, 415];
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
        expect(await answerTo(method, path, '{}', type)).toEqual(unsupported);
      }
    });

    test('takes no other JSON than it knows', async () => {
      const status = (code: number) => (isStream(path) ? 200 : Math.trunc(code));
      const json = 'application/json';
      expect(await answerTo(method, path, '{"data', json)).toEqual([status(400), 400]);
      expect(await answerTo(method, path, 'hello', json)).toEqual([status(400), 400]);
      expect(await answerTo(method, path, '[]', json)).toEqual([status(400), 400]);
      expect(await answerTo(method, path, '{"no such field": 1}', json)).toEqual([
        status(422),
        422,
      ]);
      expect(await answerTo(method, path, '', json)).toEqual([status(422), 422]);
      expect(await answerTo(method, path, Uint8Array.of(0x7b, 0xff, 0x7d), json)).toEqual([
        status(400),
        400,
      ]);
    });

    test('takes no more than there is room for', async () => {
      const large = `{"x": "${'x'.repeat(17 * 1024 * 1024)}`;
      const expected = isStream(path) ? [200, 400] : [413, 413];
      expect(await answerTo(method, path, large, 'application/json')).toEqual(expected);
    });
  },
);

test('another method is told which there are', async () => {
  const answer = await kedge.ask('PUT', `/v3/clusters/${id}/topics/t`);
  expect(answer).toMatchObject({ status: 405, json: { error_code: 405 } });
  expect(answer.headers.get('allow')).toBe('GET, PATCH, DELETE');
});

test('another path is told which there are', async () => {
  const { status, json } = await kedge.ask('GET', `/v3/clusters/${id}/links`);
  expect([status, json.error_code]).toEqual([404, 404]);
  expect(json.endpoints).toContain('GET /v3/clusters/:cluster/consumer-groups/:group/lags');
});
