import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor, v2Json } from './memory-door.ts';

let kedge: MemoryDoor;
let id: string;
let path: string;

beforeEach(async () => {
  kedge = new MemoryDoor();
  id = (await kedge.ask('GET', '/v3/clusters')).json.data[0].cluster_id;
  path = `/v3/clusters/${id}/topics/t/records:batch`;
});
afterEach(() => kedge[Symbol.asyncDispose]());

const post = (body: unknown, type = 'application/json') => kedge.ask('POST', path, { body, type });
const entry = (name: string, data: unknown = 1) => ({ id: name, value: { type: 'JSON', data } });

async function values() {
  const accept = v2Json;
  const answer = await kedge.ask('GET', '/rest/topics/t/partitions/0/records?timeout=0', {
    accept,
  });
  return answer.status === 200 ? answer.json.map(({ value }: { value: unknown }) => value) : [];
}

describe('a batch of records', () => {
  test('is written together, and each is answered by its id', async () => {
    const time = new Date(Date.now() - 5_000).toISOString();
    const second = {
      ...entry('second', [2]),
      key: { type: 'BINARY', data: 'MTIz' },
      timestamp: time,
    };
    const { status, json } = await post({ entries: [entry('first'), second] });
    expect(status).toBe(207);
    const place = { cluster_id: id, topic_name: 't', partition_id: 0 };
    expect(json).toEqual({
      successes: [
        {
          id: 'first',
          ...place,
          offset: 0,
          timestamp: expect.any(String),
          value: { type: 'JSON', size: 1 },
        },
        {
          id: 'second',
          ...place,
          offset: 1,
          timestamp: time,
          key: { type: 'BINARY', size: 3 },
          value: { type: 'JSON', size: 3 },
        },
      ],
      failures: [],
    });
    expect(await values()).toEqual([1, [2]]);
  });

  test('is written but for the records that cannot be', async () => {
    const answer = await post({
      entries: [
        { id: 'a', value: { type: 'BINARY', data: '?' } },
        entry('b'),
        { id: 'c', partition_id: 9, value: { type: 'STRING', data: 'x' } },
        { id: 'd', values: 1 },
        { id: 'e', value: { type: 'AVRO', data: 1 } },
      ],
    });
    expect(answer).toMatchObject({
      status: 207,
      json: {
        successes: [{ id: 'b', offset: 0 }],
        failures: [
          { id: 'a', error_code: 42206 },
          { id: 'c', error_code: 40403 },
          { id: 'd', error_code: 422 },
          { id: 'e', error_code: 42206 },
        ],
      },
    });
    expect(Object.keys(answer.json.failures[0])).toEqual(['id', 'error_code', 'message']);
    expect(await values()).toEqual([1]);
  });

  const eleven = Array.from({ length: 11 }, (_, n) => entry(`${n}`));
  test.each([
    ['empty', { entries: [] }, 42208],
    ['of more than ten', { entries: eleven }, 42208],
    ['whose ids repeat', { entries: [entry('a'), entry('a')] }, 42208],
    ['with an id too long', { entries: [entry('x'.repeat(81))] }, 42208],
    ['with an empty id', { entries: [entry('')] }, 42208],
    ['with an id that is no text', { entries: [{ id: 1 }] }, 42208],
    ['without ids', { entries: [{ value: { type: 'JSON', data: 1 } }] }, 42208],
    ['without entries', {}, 422],
    ['of another name', { records: [] }, 422],
    ['without anything', '', 422],
  ])('is refused %s', async (_name, body, error_code) => {
    expect(await post(body)).toMatchObject({ status: 422, json: { error_code } });
    expect(await values()).toEqual([]);
  });

  test('of ten is the largest', async () => {
    const { status, json } = await post({ entries: eleven.slice(1) });
    expect([status, json.successes.length]).toEqual([207, 10]);
  });
});
