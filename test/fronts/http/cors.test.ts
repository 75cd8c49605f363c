/** What pages of the web may do here, and what they may not even send. */
import { describe, expect, it } from 'vitest';
import { httpApp } from '../../../src/fronts/http/app.ts';
import { type OriginRules, originRulesFrom } from '../../../src/runtime/origin-rules.ts';
import { MemoryDoor, v2Json } from './memory-door.ts';

interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request as it stands to a Kedge that may be anything from open to shut. */
async function send(variables: Record<string, string>, sent: Sent, token?: string) {
  await using memory = new MemoryDoor();
  const origins: OriginRules = originRulesFrom(variables);
  const access = { open: token === undefined, token };
  const { url = 'http://kedge.test/rest/topics', ...init } = sent;
  const response = await httpApp().fetch(new Request(url, init), {
    ...memory.door,
    access,
    origins,
  });
  const topics = await memory.ask('GET', '/rest/topics');
  return { response, text: await response.text(), topics: topics.json as string[] };
}

const page = 'https://app.example';
const produce: Sent = {
  method: 'POST',
  url: 'http://kedge.test/rest/topics/t',
  headers: { 'content-type': v2Json, origin: page },
  body: '{"records":[{"value":1}]}',
};
const listed = { KEDGE_CORS_ORIGINS: page };

describe('a page of another origin', () => {
  it('may do nothing while no origin is configured, in the words of the dialect', async () => {
    const { response, text, topics } = await send({}, produce);
    expect([response.status, topics]).toEqual([403, []]);
    expect(JSON.parse(text)).toEqual({
      error_code: 40301,
      message: expect.stringContaining('KEDGE_CORS_ORIGINS'),
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const other = await send({ KEDGE_CORS_ORIGINS: 'https://other.example' }, produce);
    expect([other.response.status, other.topics]).toEqual([403, []]);
  });

  it('sends and reads where its origin is listed', async () => {
    const { response, topics } = await send(listed, produce);
    expect([response.status, topics]).toEqual([200, ['t']]);
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(response.headers.get('vary')).toContain('Origin');
  });

  it('reads errors and every header as well', async () => {
    const headers = { origin: page };
    const { response } = await send(listed, { headers }, 'secret');
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(response.headers.get('access-control-expose-headers')).toContain('www-authenticate');
    const nowhere = await send(listed, { url: 'http://kedge.test/nowhere', headers });
    expect(nowhere.response.status).toBe(404);
    expect(nowhere.response.headers.get('access-control-allow-origin')).toBe(page);
  });

  it('of any origin is told so where all are welcome', async () => {
    const { response } = await send({ KEDGE_CORS_ORIGINS: '*' }, produce);
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([
      200,
      '*',
    ]);
  });
});

describe('a preflight', () => {
  const asks = (origin: string): Sent => ({
    method: 'OPTIONS',
    url: 'http://kedge.test/rest/topics/t',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });

  it('is answered without credentials, with the methods of the path', async () => {
    const { response } = await send(listed, asks(page), 'secret');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(page);
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
  });

  it('is refused to an origin that is not listed', async () => {
    const { response } = await send(listed, asks('https://other.example'));
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-methods')).toBeNull();
  });
});

describe('credentials that a browser adds by itself', () => {
  const basic = `Basic ${Buffer.from('admin:secret').toString('base64')}`;
  const withHeaders = (more: Record<string, string>): Sent => ({
    ...produce,
    headers: { ...produce.headers, ...more },
  });

  it.each<Record<string, string>>([
    { authorization: basic },
    { cookie: 'CF_Authorization=x' },
    { 'cf-access-jwt-assertion': 'x' },
  ])('are believed of no page of another origin: %j', async (headers) => {
    for (const variables of [listed, { KEDGE_CORS_ORIGINS: '*' }]) {
      const { response, topics } = await send(variables, withHeaders(headers), 'secret');
      expect([response.status, topics]).toEqual([403, []]);
    }
  });

  it('count where the owner says so, and on pages of its own', async () => {
    const variables = { ...listed, KEDGE_CORS_CREDENTIALS: 'true' };
    const { response } = await send(variables, withHeaders({ authorization: basic }), 'secret');
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-credentials')).toBe('true');
    const own = withHeaders({ authorization: basic, origin: 'http://kedge.test' });
    expect((await send({}, own, 'secret')).response.status).toBe(200);
  });

  it('are not what a bearer token is', async () => {
    const sent = withHeaders({ authorization: 'Bearer secret' });
    expect((await send(listed, sent, 'secret')).response.status).toBe(200);
    expect((await send({}, sent, 'secret')).response.status).toBe(403);
  });
});

describe('what a browser sends without an origin', () => {
  it.each(['cross-site', 'same-site'])('is refused when it is %s', async (site) => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
    expect((await send({}, { headers })).response.status).toBe(403);
    const url = 'http://kedge.test/healthz';
    expect((await send({}, { url, headers })).response.status).toBe(200);
  });

  it.each(['same-origin', 'none'])('is answered when it is %s', async (site) => {
    expect((await send({}, { headers: { 'sec-fetch-site': site } })).response.status).toBe(200);
  });
});

describe('the name this Kedge is called by', () => {
  const local = { KEDGE_HOSTS: 'localhost' };
  const at = (host: string): Sent => ({ url: `http://${host}/rest/topics` });

  it.each(['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'kedge.localhost', '192.168.1.7'])(
    'may be %s on a machine of its own',
    async (host) => {
      expect((await send(local, at(host))).response.status).toBe(200);
    },
  );

  it('may not be that of a stranger, whose page would be one of ours', async () => {
    const headers = { origin: 'http://evil.example:8787' };
    const { response, text } = await send(local, { ...at('evil.example:8787'), headers });
    expect(response.status).toBe(403);
    expect(text).toContain('KEDGE_HOSTS');
    expect((await send(local, at('evil.example:8787'))).response.status).toBe(403);
    const renamed = { ...at('localhost:8787'), headers: { host: 'evil.example:8787' } };
    expect((await send(local, renamed)).response.status).toBe(403);
    const known = { KEDGE_HOSTS: 'evil.example' };
    expect((await send(known, at('evil.example:8787'))).response.status).toBe(200);
  });
});
