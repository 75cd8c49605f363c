/**
 * CloudEvents in and out, made and read by the `cloudevents` package: over HTTP in each mode, and
 * as Kafka clients find and leave them in records.
 */
import { CloudEvent, HTTP, Kafka, type Message, Mode } from 'cloudevents';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpApp } from '../../../src/fronts/http/app.ts';
import { MemoryDoor } from './memory-door.ts';

let kedge: MemoryDoor;
beforeEach(() => {
  kedge = new MemoryDoor({ numPartitions: 1 });
});
afterEach(() => kedge[Symbol.asyncDispose]());

async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array<ArrayBuffer>,
) {
  const request = new Request(`http://kedge.test/cloudevents${path}`, { method, headers, body });
  const response = await httpApp().fetch(request, kedge.door);
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

const send = (message: Message, path = '/t') =>
  ask('POST', path, message.headers as Record<string, string>, message.body as string);

const event = (more: object = {}) =>
  new CloudEvent({
    id: '1',
    source: '/shop',
    type: 'sold',
    datacontenttype: 'application/json',
    data: { item: 'Grüner Tee' },
    ...more,
  });

const read = async (query: string, headers = {}) =>
  ask('GET', `/t/partitions/0?timeout=10&${query}`, headers);

/** The record that is stored, by the REST Proxy's door: keys and values in base64. */
async function stored(offset = 0) {
  const path = `/rest/topics/t/partitions/0/records?offset=${offset}&timeout=10`;
  const accept = 'application/vnd.kafka.binary.v2+json';
  const [record] = (await kedge.ask('GET', path, { accept })).json;
  const text = (base64: string | null) =>
    base64 === null ? null : Buffer.from(base64, 'base64').toString();
  return {
    key: text(record.key),
    value: text(record.value),
    headers: Object.fromEntries(
      record.headers.map(({ key, value }: { key: string; value: string }) => [key, text(value)]),
    ),
  };
}

describe('in', () => {
  test('binary', async () => {
    const { status, body } = await send(HTTP.binary(event({ subject: 'Ünï "100%"' })));
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ topic: 't', partition: 0, offset: 0 });
    const { value, headers } = await stored();
    expect(value).toBe('{"item":"Grüner Tee"}');
    expect(headers).toMatchObject({
      ce_id: '1',
      ce_type: 'sold',
      ce_source: '/shop',
      ce_specversion: '1.0',
      'content-type': expect.stringMatching(/^application\/json/),
    });
  });

  test('binary: attributes are percent-encoded in HTTP, and plain in the record', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/', 'ce-type': 't' };
    const subject = 'Euro%20%E2%82%AC%20%F0%9F%98%80%20%25';
    await ask('POST', '/t', { ...headers, 'ce-subject': subject }, 'x');
    expect((await stored()).headers.ce_subject).toBe('Euro € 😀 %');
    await ask('POST', '/t', { ...headers, 'ce-subject': '"in \\"quotes\\""' }, 'x');
    expect((await stored(1)).headers.ce_subject).toBe('in "quotes"');
    await ask('POST', '/t', { ...headers, 'ce-subject': '100%' }, 'x');
    expect((await stored(2)).headers.ce_subject).toBe('100%');
    const back = await read('mode=binary');
    expect(back.headers['ce-subject']).toBe(subject);
  });

  test('binary without a body is a tombstone', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/', 'ce-type': 't' };
    await ask('POST', '/t', { ...headers, 'ce-partitionkey': 'k' });
    expect(await stored()).toMatchObject({ key: 'k', value: null });
    const { status, body, headers: back } = await read('mode=binary');
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(back).toMatchObject({ 'ce-partitionkey': 'k' });
    expect(JSON.parse((await read('mode=batch')).body)[0]).not.toHaveProperty('data');
  });

  test('structured, stored in binary mode', async () => {
    await send(HTTP.structured(event({ partitionkey: 'k' })));
    expect(await stored()).toMatchObject({
      key: 'k',
      value: '{"item":"Grüner Tee"}',
      headers: { ce_partitionkey: 'k', 'content-type': 'application/json' },
    });
  });

  test('structured, kept as the value', async () => {
    await send(HTTP.structured(event()), '/t?mode=structured&key=mine');
    const { key, value, headers } = await stored();
    expect(key).toBe('mine');
    expect(headers).toEqual({ 'content-type': 'application/cloudevents+json; charset=UTF-8' });
    expect(JSON.parse(value!)).toMatchObject({ id: '1', data: { item: 'Grüner Tee' } });
  });

  test('a batch', async () => {
    const batch = JSON.stringify([event(), event({ id: '2' })]);
    const type = { 'content-type': 'application/cloudevents-batch+json' };
    const { status, body } = await ask('POST', '/t', type, batch);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject([{ offset: 0 }, { offset: 1 }]);
    expect((await ask('POST', '/t', type, '[]')).body).toBe('[]');
  });

  test.each([
    [400, {}, 'x', 'needs the attribute specversion'],
    [400, { 'content-type': 'application/cloudevents+json' }, '{', 'not JSON'],
    [400, { 'content-type': 'application/cloudevents+json' }, '[]', 'a JSON object'],
    [400, { 'content-type': 'application/cloudevents-batch+json' }, '{}', 'a JSON array'],
    [400, { 'content-type': 'application/cloudevents+json' }, Uint8Array.of(255), 'UTF-8'],
    [415, { 'content-type': 'application/cloudevents+avro' }, 'x', 'Unsupported Media Type'],
  ])('%d for %j %s', async (status, headers, body, why) => {
    const answer = await ask('POST', '/t', headers as Record<string, string>, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({
      error_code: status,
      message: expect.stringContaining(why),
    });
  });

  test('a body that is too large is told so', async () => {
    const { status, body } = await ask('POST', '/t', {}, 'x'.repeat(16 * 1024 * 1024 + 1));
    expect(status).toBe(413);
    expect(JSON.parse(body)).toEqual({ error_code: 413, message: expect.any(String) });
  });

  test('what cannot be asked for is refused', async () => {
    for (const path of ['/t?mode=batch', '/t?partition=x', '/t?partition=-1']) {
      expect((await send(HTTP.binary(event()), path)).status).toBe(400);
    }
    for (const query of ['mode=other', 'offset=x', 'max_bytes=-1']) {
      await send(HTTP.binary(event()));
      expect((await read(query)).status).toBe(400);
    }
    expect((await read('offset=9999')).status).toBe(416);
    const failed = await send(HTTP.binary(event()), '/t?partition=7');
    expect(failed.status).toBe(404);
  });
});

describe('out', () => {
  const parsed = ({ headers, body }: { headers: object; body: string }) =>
    HTTP.toEvent({ headers: headers as Message['headers'], body });

  test('binary, structured and batch, whatever the event is stored in', async () => {
    const sent = event({
      subject: 'Ünï "100%"',
      partitionkey: 'k',
      time: '2026-01-01T00:00:00.000Z',
    });
    await send(HTTP.structured(sent));
    await send(HTTP.structured(sent), '/t?mode=structured');
    for (const offset of [0, 1]) {
      const one = await read(`mode=binary&offset=${offset}`);
      expect(one.headers).toMatchObject({
        'content-type': 'application/json',
        'kafka-partition': '0',
        'kafka-offset': String(offset),
        'kafka-next-offset': String(offset + 1),
      });
      // The package leaves what is percent-encoded as it is.
      const binary = parsed(one) as CloudEvent<unknown>;
      expect(decodeURIComponent(binary.subject!)).toBe(sent.subject);
      expect(binary.data).toEqual(sent.data);
      const accept = { accept: 'application/cloudevents+json' };
      const structured = await read(`offset=${offset}`, accept);
      expect(parsed(structured)).toEqual(sent);
    }
    const batch = await read('');
    expect(batch.headers['content-type']).toBe('application/cloudevents-batch+json');
    expect(batch.headers['kafka-next-offset']).toBe('2');
    expect(parsed(batch)).toEqual([sent, sent]);
  });

  test('at the end: an empty batch, or no event', async () => {
    await send(HTTP.binary(event()));
    const batch = await read('offset=latest');
    expect(batch).toMatchObject({ status: 200, body: '[]' });
    expect(batch.headers['kafka-next-offset']).toBe('1');
    expect((await read('offset=latest&mode=binary')).status).toBe(204);
  });

  test('a record that is no event is told of by one', async () => {
    const type = 'application/vnd.kafka.json.v2+json';
    const body = { records: [{ value: { a: 1 } }] };
    await kedge.ask('POST', '/rest/topics/t', { body, type });
    expect(JSON.parse((await read('')).body)).toMatchObject([
      { type: 'kedge.record', source: '/topics/t', id: 't-0-0', data: { a: 1 } },
    ]);
  });

  test('to a group, one after the other; each request commits the one before', async () => {
    await send(HTTP.binary(event()));
    await send(HTTP.binary(event({ id: '2' })));
    const next = (instance: string) =>
      ask('GET', `/t/consumers/g/${instance}?mode=structured&reset=earliest&timeout=50`);
    expect(parsed(await next('i'))).toMatchObject({ id: '1' });
    expect(parsed(await next('i'))).toMatchObject({ id: '2' });
    const committed = async () =>
      (await kedge.ask('POST', '/upstash/committed/g/i', { body: [] })).json;
    expect(await committed()).toMatchObject([{ offset: 1 }]);
    expect((await ask('DELETE', '/t/consumers/g/i')).status).toBe(204);
    expect(await committed()).toMatchObject([{ offset: 2 }]);
    expect((await next('j')).status).toBe(204);
    expect((await ask('DELETE', '/t/consumers/g/i')).status).toBe(404);
    expect((await ask('GET', '/t/consumers/g/k?reset=middle')).status).toBe(400);
  });
});

describe('in records, as the package’s Kafka binding has them', () => {
  test('what it writes is read', async () => {
    const sent = event({ partitionkey: 'k', subject: 'Ünï' });
    for (const make of [Kafka.binary, Kafka.structured]) {
      const { key, value, headers } = make(sent) as Message & { key: string; value: unknown };
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      const base64 = (one: unknown) => Buffer.from(String(one)).toString('base64');
      const record = {
        key: base64(key),
        value: base64(text),
        headers: Object.entries(headers)
          .filter(([, one]) => one !== undefined)
          .map(([name, one]) => ({ key: name, value: base64(one) })),
      };
      const type = 'application/vnd.kafka.binary.v2+json';
      await kedge.ask('POST', '/rest/topics/t', { body: { records: [record] }, type });
    }
    const events = JSON.parse((await read('')).body);
    expect(events).toHaveLength(2);
    for (const one of events) {
      expect(one).toMatchObject({ id: '1', subject: 'Ünï', partitionkey: 'k', data: sent.data });
    }
  });

  test('what is written it reads', async () => {
    const sent = event({ partitionkey: 'k', subject: 'Ünï' });
    for (const [offset, mode] of [Mode.BINARY, Mode.STRUCTURED].entries()) {
      await send(HTTP.structured(sent), `/t?mode=${mode}`);
      const { key, value, headers } = await stored(offset);
      const message = { key, value, headers, body: value } as unknown as Message;
      const found = Kafka.toEvent(message) as CloudEvent<unknown>;
      expect(found).toMatchObject({ id: '1', subject: 'Ünï', partitionkey: 'k', type: 'sold' });
      expect(found.data).toEqual(sent.data);
    }
  });
});

test('webhooks: the handshake', async () => {
  const origin = 'eventemitter.example.com';
  const { status, headers } = await ask('OPTIONS', '/t', { 'WebHook-Request-Origin': origin });
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'webhook-allowed-origin': origin,
    'webhook-allowed-rate': '*',
    allow: 'POST, OPTIONS',
  });
  const bare = await ask('OPTIONS', '/t');
  expect(bare.headers).not.toHaveProperty('webhook-allowed-origin');
});
