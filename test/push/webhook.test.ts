import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerWebhook, verifyWebhook, WebhookVerificationError } from '../../src/client/index.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { until } from '../until.ts';
import { type Answer, report } from './report.ts';

const secretOf = (letter: string) => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
const [oldSecret, newSecret] = [secretOf('a'), secretOf('b')];

let kedge: Kedge;

beforeAll(async () => {
  kedge = await spawnKedge({ env: { KEDGE_PUSH_PRIVATE_HOSTS: '127.0.0.1' } });
});
afterAll(() => kedge.stop());

async function api(method: string, path: string, body?: object) {
  const response = await fetch(`${kedge.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, json: text === '' ? undefined : JSON.parse(text) };
}

async function produce(topic: string, ...values: readonly unknown[]): Promise<void> {
  const response = await fetch(`${kedge.url}/rest/topics/${topic}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: values.map((value) => ({ key: 'k', value })) }),
  });
  expect(response.status).toBe(200);
}

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A webhook that answers what it is told to, and remembers what it got. */
async function webhook(...answers: readonly [status: number, body?: object, headers?: object][]) {
  const received: Received[] = [];
  const answer: Answer = (body, request, response) => {
    received.push({ headers: request.headers, body });
    const [status, json, headers] = answers[Math.min(received.length, answers.length) - 1];
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(json && JSON.stringify(json));
  };
  return { ...(await report(answer)), received };
}

const subscribe = (name: string, url: string, more: object = {}, target: object = {}) =>
  api('PUT', `/push/subscriptions/${name}`, {
    topics: [name],
    target: { type: 'webhook', url, secrets: [newSecret, oldSecret], ...target },
    max_batch_timeout_ms: 0,
    retry_delay_ms: 10,
    ...more,
  });

const bodiesOf = ({ body }: Received) =>
  JSON.parse(body).messages.map((message: { body: unknown }) => message.body);

const asRequest = ({ headers, body }: Received) =>
  new Request('https://hook.test/', { method: 'POST', body, headers: headers as HeadersInit });

describe('a webhook', () => {
  it('gets records, signed by each secret, and its 2xx acknowledges them', async () => {
    await using hook = await webhook([204]);
    await produce('paid', { n: 1 }, { n: 2 });
    const { status, text, json } = await subscribe('paid', `${hook.url}/in`);
    expect([status, json.target]).toEqual([
      201,
      { type: 'webhook', url: `${hook.url}/in`, secrets_count: 2, timeout_ms: 30_000 },
    ]);
    expect(text).not.toContain('whsec_');
    await until(() => expect(hook.received).toHaveLength(1));
    const [one] = hook.received;
    const { headers, body } = one;
    expect(JSON.parse(body)).toMatchObject({
      subscription: 'paid',
      topic: 'paid',
      partition: 0,
      messages: [
        { id: 'paid-0-0', offset: 0, attempts: 1, key: '"k"', body: { n: 1 } },
        { id: 'paid-0-1', offset: 1, attempts: 1, key: '"k"', body: { n: 2 } },
      ],
    });
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const signed = ['b', 'a'].map((letter) =>
      createHmac('sha256', letter.repeat(32)).update(content).digest('base64'),
    );
    expect(headers['webhook-signature']).toBe(signed.map((text) => `v1,${text}`).join(' '));
    for (const secret of [oldSecret, newSecret, [secretOf('c'), oldSecret]]) {
      const batch = await verifyWebhook(asRequest(one), { secret });
      expect(batch.messages.map(({ body }) => body)).toEqual([{ n: 1 }, { n: 2 }]);
    }
    const refused = { secret: secretOf('c') };
    await expect(verifyWebhook(asRequest(one), refused)).rejects.toThrow(WebhookVerificationError);
    const forged = { ...one, body: body.replace('"n":1', '"n":9') };
    await expect(verifyWebhook(asRequest(forged), { secret: newSecret })).rejects.toThrow(
      WebhookVerificationError,
    );
    const late = { headers: { ...headers, 'webhook-timestamp': '1600000000' }, body };
    const answer = await answerWebhook(asRequest(late), { secret: newSecret }, () => {});
    expect(answer.status).toBe(401);
  });

  it('asks for single messages again in its answer, or for all by a status', async () => {
    await using hook = await webhook(
      [200, { retries: [{ id: 'asked-0-1', delay_seconds: 0 }] }],
      [503, undefined, { 'retry-after': '0' }],
      [200],
    );
    await produce('asked', 1, 2, 3);
    await subscribe('asked', hook.url);
    await until(() => expect(hook.received).toHaveLength(3));
    expect(hook.received.map(bodiesOf)).toEqual([[1, 2, 3], [2], [2]]);
    await until(async () => {
      const { json } = await api('GET', '/push/subscriptions/asked');
      expect(json).toMatchObject({ lag: 0, last_error: { message: expect.any(String) } });
    });
  });

  it('is not followed elsewhere, and does not keep anybody waiting', async () => {
    await using hook = await webhook([307, undefined, { location: 'http://127.0.0.1:1/' }]);
    await produce('moved', 1);
    await subscribe('moved', hook.url, { max_retries: 1 });
    const dead = '/rest/topics/moved.dlq/partitions/0/offsets';
    await until(async () => expect((await api('GET', dead)).json).toMatchObject({ end_offset: 1 }));
    expect(hook.received).toHaveLength(2);
    const { json } = await api('GET', '/push/subscriptions/moved');
    expect(json.last_error.message).toBe('the webhook answered 307');

    await using slow = await report(() => {});
    await produce('slow', 1);
    await subscribe('slow', slow.url, { max_retries: 0 }, { timeout_ms: 200 });
    await until(async () => {
      const { json } = await api('GET', '/push/subscriptions/slow');
      expect(json.last_error?.message).toMatch(/Timeout/);
    });
  });

  it.each([
    ['https://10.1.2.3/', 422],
    ['https://[::1]/', 422],
    ['https://localhost/', 422],
    ['https://2130706434/', 422],
    ['https://169.254.169.254/latest/meta-data', 422],
    ['http://example.com/', 422],
    ['https://user:pass@example.com/', 422],
    ['ftp://example.com/', 422],
    ['nonsense', 422],
  ])('may not be %s', async (url, expected) => {
    await produce('private', 1);
    const { status, json, text } = await subscribe('private', url);
    expect(text).not.toContain('user:pass');
    expect([status, json.error_code]).toEqual([expected, expected]);
  });

  it('needs a secret, which is kept when it is left out, and never told', async () => {
    await using hook = await webhook([204]);
    await produce('secretive', 1);
    const none = await subscribe('secretive', hook.url, {}, { secrets: undefined });
    expect(none).toMatchObject({ status: 422, json: { error_code: 422 } });
    const weak = await subscribe('secretive', hook.url, {}, { secrets: ['whsec_c2VjcmV0'] });
    expect(weak.status).toBe(422);
    expect(weak.text).not.toContain('c2VjcmV0');
    expect((await subscribe('secretive', hook.url)).status).toBe(201);
    const changed = await subscribe('secretive', hook.url, {}, { secrets: undefined });
    expect([changed.status, changed.json.target.secrets_count]).toEqual([200, 2]);
  });
});
