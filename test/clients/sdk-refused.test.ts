/** What `kedge/client` says where it cannot come in: at once, and so that it can be mended. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Producer } from '../../src/client/index.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';

let kedge: Kedge;
beforeAll(async () => {
  kedge = await spawnKedge({ env: { KEDGE_TOKEN: 'sesame' } });
});
afterAll(() => kedge.stop());

async function send(address: string, options: object = {}): Promise<unknown> {
  await using producer = new Producer(address, options);
  return producer.send('orders', { value: 'tea' }).catch((error: unknown) => error);
}

describe.each(['http', 'ws'])('over %s', (scheme) => {
  const address = () => kedge.url.replace('http', scheme);

  it.each([
    ['nothing', {}],
    ['a wrong token', { token: 'guess' }],
  ])('who shows %s is told so, and does not try again', async (_what, options) => {
    const error = await send(address(), options);
    expect(error).toMatchObject({ name: 'SASL_AUTHENTICATION_FAILED', retriable: false });
  });

  it('who shows the token comes in', async () => {
    expect(await send(address(), { token: 'sesame' })).toMatchObject({ topic: 'orders' });
  });

  it('names the address where nothing answers', async () => {
    const error = await send(`${scheme}://127.0.0.1:1`, { deliveryTimeoutMs: 10 });
    expect(String(error)).toContain('127.0.0.1:1');
  });
});

it('says by what a WebSocket without credentials could come in', async () => {
  const error = await send(kedge.url.replace('http', 'ws'));
  expect(String(error)).toContain('show a token, or a user and a password');
});

it.each(['127.0.0.1:9092', 'localhost:9092', 'kafka://here', ''])('takes no %j', (address) => {
  expect(() => new Producer(address)).toThrow(`https: or wss: address; '${address}' is none`);
});
