import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDoor, v2, v2Binary, v2Json, v2Text } from './memory-door.ts';

let kedge: MemoryDoor;
beforeEach(() => {
  kedge = new MemoryDoor({ numPartitions: 3 });
});
afterEach(() => kedge[Symbol.asyncDispose]());

const produce = (records: unknown[], type = v2Json, path = '/rest/topics/orders') =>
  kedge.ask('POST', path, { body: { records }, type });

async function read(partition: number, accept = v2Json) {
  const path = `/rest/topics/orders/partitions/${partition}/records?timeout=0`;
  return (await kedge.ask('GET', path, { accept })).json;
}

describe('records', () => {
  test('are answered with where they are, and nulls are written out', async () => {
    const answer = await produce([
      { value: 'a', partition: 1 },
      { value: 'b', partition: 1 },
    ]);
    expect(answer).toMatchObject({ status: 200, type: v2 });
    expect(answer.json).toEqual({
      offsets: [
        { partition: 1, offset: 0, error_code: null, error: null },
        { partition: 1, offset: 1, error_code: null, error: null },
      ],
      key_schema_id: null,
      value_schema_id: null,
    });
  });

  test('with a key go where the Java producer puts them', async () => {
    // murmur2 of the bytes "foobar", "21" and "abc", positive, modulo 3.
    const keys = ['foobar', '21', 'abc'].map((key) => ({ key: btoa(key), value: null }));
    const { json } = await produce(keys, v2Binary);
    expect(json.offsets.map(({ partition }: { partition: number }) => partition)).toEqual([
      0, 0, 0,
    ]);
    const { json: other } = await produce([{ key: btoa('a-little-bit-long-string') }], v2Binary);
    expect(other.offsets[0].partition).toBe(2);
  });

  test('without a key stay together in one request', async () => {
    const { json } = await produce(Array.from({ length: 20 }, (_, value) => ({ value })));
    const partitions = new Set(
      json.offsets.map(({ partition }: { partition: number }) => partition),
    );
    expect(partitions.size).toBe(1);
  });

  test('of one request become one batch a partition', async () => {
    await produce([0, 1, 0, 1, 0].map((partition, value) => ({ partition, value })));
    expect((await read(0)).map(({ value }: { value: number }) => value)).toEqual([0, 2, 4]);
    expect((await read(1)).map(({ value }: { value: number }) => value)).toEqual([1, 3]);
  });

  test('as text are stored as their characters', async () => {
    await produce([{ key: 'k', value: 'tea, \u{1f375}', partition: 0 }], v2Text);
    expect(await read(0, v2Text)).toMatchObject([{ key: 'k', value: 'tea, \u{1f375}' }]);
    expect((await read(0, v2Binary))[0].key).toBe(btoa('k'));
    await produce([{ value: '/w==', partition: 1 }], v2Binary);
    const path = '/rest/topics/orders/partitions/1/records?timeout=0';
    expect(await kedge.ask('GET', path, { accept: v2Text })).toMatchObject({
      status: 422,
      json: { error_code: 42203, message: expect.stringContaining('is not text in UTF-8') },
    });
  });

  test.each([5, true, {}, ['a']])('as text are not %j', async (value) => {
    expect(await produce([{ value }], v2Text)).toMatchObject({
      status: 422,
      json: { error_code: 42206 },
    });
  });

  test.each(['', '/partitions/0'])('nobody waits for are taken (%s)', async (where) => {
    await produce([{ value: 'first', partition: 0 }]);
    const path = `/rest/topics/orders${where}?async=true`;
    const records = [{ value: 'second', ...(where === '' && { partition: 0 }) }];
    expect(await kedge.ask('POST', path, { body: { records }, type: v2Json })).toMatchObject({
      status: 204,
      text: '',
    });
    let found = [];
    while (found.length < 2) found = await read(0);
    expect(found[1].value).toBe('second');
    const broken = await kedge.ask('POST', path, { body: { records: [] }, type: v2Json });
    expect(broken.status).toBe(422);
    const perhaps = await kedge.ask('POST', `/rest/topics/orders${where}?async=maybe`, {
      body: { records },
      type: v2Json,
    });
    expect(perhaps.status).toBe(422);
  });

  test('in JSON are stored compactly, numbers and all', async () => {
    const body =
      '{"records": [ {"value": { "a" : 12345678901234567890, "b": [ 1.0, 1e3 ],' +
      ' "c": "å" }, "partition": 0} ]}';
    await kedge.ask('POST', '/rest/topics/orders', { body, type: v2Json });
    const [{ value }] = await read(0, v2Binary);
    expect(Buffer.from(value, 'base64').toString()).toBe(
      '{"a":12345678901234567890,"b":[1.0,1e3],"c":"å"}',
    );
    const path = '/rest/topics/orders/partitions/0/records?timeout=0';
    const { text } = await kedge.ask('GET', path, { accept: v2Json });
    expect(text).toContain('"value":{"a":12345678901234567890,"b":[1.0,1e3],"c":"å"}');
  });

  test('keep key, headers and timestamp; null is null', async () => {
    const headers = [
      { key: 'h', value: btoa('x') },
      { key: 'none', value: null },
      { key: 'h', value: '' },
    ];
    await produce([
      { key: { k: 1 }, value: null, partition: 0, timestamp: 1_700_000_000_000, headers },
    ]);
    expect(await read(0)).toEqual([
      {
        topic: 'orders',
        key: { k: 1 },
        value: null,
        partition: 0,
        offset: 0,
        timestamp: 1_700_000_000_000,
        headers,
      },
    ]);
  });

  test('to a partition of the path', async () => {
    const path = '/rest/topics/orders/partitions/2';
    const { json } = await produce([{ value: 1 }, { value: 2, partition: 2 }], v2Json, path);
    expect(json.offsets).toMatchObject([
      { partition: 2, offset: 0 },
      { partition: 2, offset: 1 },
    ]);
    expect(await produce([{ value: 1, partition: 1 }], v2Json, path)).toMatchObject({
      status: 422,
    });
    const none = await produce([{ value: 1 }], v2Json, '/rest/topics/orders/partitions/3');
    expect(none).toMatchObject({ status: 404, json: { error_code: 40402 } });
  });

  test('that fill more than one batch keep their order', async () => {
    const values = Array.from({ length: 30 }, (_, i) => `${i}:${'x'.repeat(100_000)}`);
    const { json } = await produce(values.map((value) => ({ value, partition: 0 })));
    expect(json.offsets.map(({ offset }: { offset: number }) => offset)).toEqual(
      values.map((_, i) => i),
    );
    const path = '/rest/topics/orders/partitions/0/offsets';
    expect((await kedge.ask('GET', path)).json.end_offset).toBe(30);
  });
});

describe('failures of single records', () => {
  test('a partition that does not exist fails alone, and may come to be', async () => {
    const { status, json } = await produce([
      { value: 1, partition: 9 },
      { value: 2, partition: 0 },
    ]);
    expect(status).toBe(200);
    expect(json.offsets).toEqual([
      { partition: null, offset: null, error_code: 50003, error: expect.stringContaining('9') },
      { partition: 0, offset: 0, error_code: null, error: null },
    ]);
  });

  test('a record that is too large fails alone, for good', async () => {
    const { status, json } = await produce([
      { value: 'x'.repeat(1_200_000), partition: 0 },
      { value: 'small', partition: 0 },
    ]);
    expect(status).toBe(200);
    expect(json.offsets).toMatchObject([
      { partition: null, offset: null, error_code: 50002 },
      { partition: 0, offset: 0 },
    ]);
  });
});

describe('requests that make no sense', () => {
  const send = (body: unknown, type: string | undefined = v2Json) =>
    kedge.ask('POST', '/rest/topics/orders', { body, type });

  test.each([
    ['{"records":', 400, 400],
    ['[]', 400, 400],
    ['"records"', 400, 400],
    [new Uint8Array([0x7b, 0xff, 0x7d]), 400, 400],
    ['', 422, 422],
    [{}, 422, 422],
    [{ records: null }, 422, 422],
    [{ records: [] }, 422, 422],
    [{ records: {} }, 400, 400],
    [{ records: [1] }, 400, 400],
    [{ records: [{ vale: 1 }] }, 422, 422],
    [{ records: [{ value: 1 }], acks: 1 }, 422, 422],
    [{ records: [{ value: 1, partition: -1 }] }, 422, 422],
    [{ records: [{ value: 1, partition: 'one' }] }, 400, 400],
    [{ records: [{ value: 1, timestamp: 'now' }] }, 422, 422],
    [{ records: [{ value: 1, headers: [{ key: 1 }] }] }, 400, 400],
    [{ records: [{ value: 1, headers: [{ key: 'h', value: '!' }] }] }, 422, 42206],
  ])('%j is a %i with %i', async (body, status, code) => {
    expect(await send(body)).toMatchObject({ status, type: v2, json: { error_code: code } });
    expect((await kedge.ask('GET', '/rest/topics')).json).toEqual([]);
  });

  test.each([['!!'], ['YQ==='], ['YWJj\n'], [5], [{}]])(
    'in the binary format %j is a 422 with 42206',
    async (value) => {
      expect(await send({ records: [{ value }] }, v2Binary)).toMatchObject({
        status: 422,
        json: { error_code: 42206 },
      });
    },
  );

  test('base64 needs no padding', async () => {
    expect(await send({ records: [{ value: 'YQ' }] }, v2Binary)).toMatchObject({ status: 200 });
  });

  test.each([
    undefined,
    'application/json',
    'application/x-www-form-urlencoded',
    'application/vnd.kafka.avro.v2+json',
    'application/vnd.kafka.json.v1+json',
  ])('content type %s is a 415', async (type) => {
    expect(await kedge.ask('POST', '/rest/topics/orders', { body: {}, type })).toMatchObject({
      status: 415,
      json: { error_code: 415 },
    });
  });

  test('a type without a format is binary, and parameters of it do not matter', async () => {
    const body = { records: [{ value: btoa('x') }] };
    expect((await send(body, `${v2}; charset=utf-8`)).status).toBe(200);
  });

  test('more than a request may bring is a 413', async () => {
    const body = `{"records":[{"value":"${'x'.repeat(17 * 1024 * 1024)}"}]}`;
    expect(await send(body)).toMatchObject({ status: 413, json: { error_code: 413 } });
  });

  test('a topic that may not be made is a 404, a name that may not be one a 400', async () => {
    await using strict = new MemoryDoor({ autoCreateTopicsEnable: false });
    const ask = { body: { records: [{ value: 1 }] }, type: v2Json };
    expect(await strict.ask('POST', '/rest/topics/orders', ask)).toMatchObject({
      status: 404,
      json: { error_code: 40401, message: 'Topic not found.' },
    });
    expect(await kedge.ask('POST', '/rest/topics/no%20name', ask)).toMatchObject({
      status: 400,
      json: { error_code: 40002 },
    });
  });
});
