import { describe, expect, it } from 'vitest';
import { accessFrom } from '../../../src/broker/access.ts';
import { httpApp } from '../../../src/fronts/http/app.ts';
import { MemoryDoor } from './memory-door.ts';

/** Asks a door that is not open to everybody. */
async function ask(token: string | undefined, path: string, authorization?: string) {
  await using memory = new MemoryDoor();
  const headers = authorization === undefined ? undefined : { authorization };
  const request = new Request(`http://kedge.test${path}`, { headers });
  return httpApp().fetch(request, { ...memory.door, access: accessFrom({ KEDGE_TOKEN: token }) });
}

describe('a door that is not open to everybody', () => {
  it('says how to open it while nobody could come in', async () => {
    for (const path of ['/rest/topics', '/v3/clusters', '/kafka/v3/clusters', '/nowhere', '/']) {
      const response = await ask(undefined, path, 'Bearer guess');
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        error_code: 40101,
        message: expect.stringContaining('KEDGE_TOKEN'),
      });
    }
  });

  it('opens no stream to a Kafka client that nothing could let in', async () => {
    const access = accessFrom({});
    await using kedge = new MemoryDoor({}, { access });
    const answer = await kedge.ask('GET', '/kafka', { headers: { upgrade: 'websocket' } });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ message: expect.stringContaining('KEDGE_TOKEN') });
  });

  it('lets in whoever has the token, and says no more than "Unauthorized" to others', async () => {
    const refused = await ask('secret', '/rest/topics', 'Bearer guess');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
    expect(await refused.json()).toEqual({ error_code: 40101, message: 'Unauthorized' });
    const admitted = await ask('secret', '/rest/topics', 'Bearer secret');
    expect([admitted.status, await admitted.json()]).toEqual([200, []]);
  });

  it('tells anybody that it is alive', async () => {
    expect((await ask(undefined, '/healthz')).status).toBe(200);
  });
});

describe('a path that looks like one that is open to anybody', () => {
  const streams = '/streams/v1/stream';

  it.each([
    ['GET', `${streams}//__ds/jwks.json`],
    ['HEAD', `${streams}//__ds/jwks.json`],
    ['POST', `${streams}//__ds/subscriptions/a/callback`],
    ['POST', `${streams}/__ds//subscriptions/a/ack`],
    ['GET', '//healthz'],
    ['POST', '/healthz'],
    ['GET', '/rest//openapi'],
    ['GET', '/healthz%2f..%2frest%2ftopics'],
  ])('is not: %s %s', async (method, path) => {
    const access = accessFrom({ KEDGE_TOKEN: 'secret' });
    await using kedge = new MemoryDoor({}, { access });
    const headers = { authorization: 'Bearer secret' };
    const stream = { body: 'text', type: 'text/plain' };
    await kedge.ask('PUT', path, { ...stream, headers });
    const { status } = await kedge.ask(method, path, method === 'POST' ? stream : {});
    expect(status).toBe(401);
  });
});
