/** What is asked over HTTP comes to the Worker as its client meant it, and as no client may. */
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Frames } from '../http/frames.ts';
import { produce, start, urlOf, valuesIn } from './kedges.ts';

const json = 'application/vnd.kafka.json.v2+json';

/** Asks with exactly these headers, also those that `fetch` would not send. */
function ask(port: number, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    request({ port, path, headers, host: '127.0.0.1' }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.once('end', () => resolve({ status: response.statusCode!, body }));
    })
      .once('error', reject)
      .end();
  });
}

describe('over HTTP', () => {
  it('a client is where it comes from, whatever it says', async () => {
    const kedge = await start({ variables: { KEDGE_TOKEN: 'secret', KEDGE_OPEN: 'false' } });
    const wrong = (index: number) =>
      ask(kedge.httpPort, '/rest/topics', {
        authorization: `Basic ${btoa(`alice:${index}`)}`,
        'cf-connecting-ip': `192.0.2.${index}`,
      });
    const seen = new Set<number>();
    for (let index = 0; index < 101; index++) seen.add((await wrong(index)).status);
    expect([...seen]).toEqual([401, 429]);
  });

  it('a page that gave its own name to this machine is refused', async () => {
    const kedge = await start();
    const evil = await ask(kedge.httpPort, '/rest/topics', { host: 'evil.example' });
    expect(evil.status).toBe(403);
    expect(evil.body).toContain('KEDGE_HOSTS');
    const meant = { host: 'evil.example', 'mf-original-url': 'http://localhost/rest/topics' };
    expect((await ask(kedge.httpPort, '/rest/topics', meant)).status).toBe(403);
    const localhost = { host: `localhost:${kedge.httpPort}` };
    expect((await ask(kedge.httpPort, '/rest/topics', localhost)).status).toBe(200);
  });

  it('a proxy says how it was spoken to', async () => {
    const kedge = await start();
    const answer = await fetch(`${urlOf(kedge)}/rest/consumers/readers`, {
      method: 'POST',
      headers: { 'content-type': json, 'x-forwarded-proto': 'https' },
      body: '{"name": "one"}',
    });
    expect(await answer.json()).toEqual({
      instance_id: 'one',
      base_uri: `https://127.0.0.1:${kedge.httpPort}/rest/consumers/readers/instances/one`,
    });
  });

  it('an answer is whole, whether its client takes it compressed or not', async () => {
    const kedge = await start();
    await produce(kedge, 'orders', 'tea'.repeat(10_000));
    for (const encoding of ['gzip', 'br', 'identity', '*']) {
      const headers = { accept: json, 'accept-encoding': encoding };
      const path = '/rest/topics/orders/partitions/0/records?offset=0';
      const answer = await fetch(`${urlOf(kedge)}${path}`, { headers });
      expect(await answer.json()).toMatchObject([{ value: 'tea'.repeat(10_000) }]);
    }
  });

  it('WebSockets are answered', async () => {
    const kedge = await start();
    using socket = new Frames(`${urlOf(kedge)}/ws/producer/produced?value=json`);
    await socket.opened;
  });
});

describe('the ports other programs use', () => {
  it('lead to REST v2 without its prefix, and to v3', async () => {
    const kedge = await start({ prefixPorts: { rest: 0 } });
    await produce(kedge, 'orders', 'tea');
    const url = `http://127.0.0.1:${kedge.prefixPorts.rest}`;
    expect(await (await fetch(`${url}/topics`)).json()).toEqual(['orders']);
    const [cluster] = ((await (await fetch(`${url}/v3/clusters`)).json()) as { data: never[] })
      .data;
    expect(cluster).toMatchObject({ kind: 'KafkaCluster' });
    await fetch(`${url}/topics/orders`, {
      method: 'POST',
      headers: { 'content-type': json },
      body: '{"records": [{"value": "milk"}]}',
    });
    expect(await valuesIn(kedge, 'orders')).toEqual(['tea', 'milk']);
  });

  it('let a consumer go on at the address it was given', async () => {
    const kedge = await start({ prefixPorts: { rest: 0 } });
    await produce(kedge, 'orders', 'tea');
    const url = `http://127.0.0.1:${kedge.prefixPorts.rest}`;
    const headers = { 'content-type': 'application/vnd.kafka.v2+json', accept: json };
    const post = (to: string, body: object) =>
      fetch(to, { method: 'POST', headers, body: JSON.stringify(body) });
    const made = await post(`${url}/consumers/readers`, {
      format: 'json',
      'auto.offset.reset': 'earliest',
    });
    const { base_uri } = (await made.json()) as { base_uri: string };
    expect(base_uri).toMatch(new RegExp(`^${url}/rest/consumers/readers/`));
    expect((await post(`${base_uri}/subscription`, { topics: ['orders'] })).status).toBe(204);
    let records: unknown[] = [];
    while (records.length === 0) {
      const answer = await fetch(`${base_uri}/records`, { headers: { accept: json } });
      records = (await answer.json()) as unknown[];
    }
    expect(records).toMatchObject([{ value: 'tea' }]);
  });

  it('refuse what Kedge does not speak yet in that dialect', async () => {
    const kedge = await start({ prefixPorts: { registry: 0, connect: 0 } });
    const registry = await fetch(`http://127.0.0.1:${kedge.prefixPorts.registry}/subjects`);
    expect(registry.status).toBe(501);
    expect(registry.headers.get('content-type')).toBe('application/vnd.schemaregistry.v1+json');
    expect(await registry.json()).toEqual({
      error_code: 501,
      message: 'Kedge has no schema registry yet.',
    });
    const connect = await fetch(`http://127.0.0.1:${kedge.prefixPorts.connect}/connectors`);
    expect(connect.status).toBe(501);
    expect(await connect.json()).toEqual({
      error_code: 501,
      message: 'Kedge runs no connectors yet.',
    });
    expect(kedge.prefixPorts.rest).toBeUndefined();
  });
});
