import { describe, expect, it } from 'vitest';
import { readBody } from '../../../src/fronts/http/body.ts';

/** What the platform throws when a client has gone. */
const lost = () => Object.assign(new Error('Network connection lost.'), { retryable: true });

function request(body: ReadableStream<Uint8Array>, headers = {}): Request {
  const init = { method: 'POST', body, headers, duplex: 'half' };
  return new Request('http://kedge.test/', init as RequestInit);
}

describe('a body', () => {
  it('that ends too early is the mistake of who sent it, be its length said or not', async () => {
    for (const headers of [{}, { 'content-length': '100' }]) {
      const cut = new ReadableStream({ start: (controller) => controller.error(lost()) });
      await expect(readBody(request(cut, headers))).rejects.toMatchObject({ status: 400 });
    }
  });

  it('that cannot be read for another reason is a bug', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('no')) });
    await expect(readBody(request(broken))).rejects.toThrow('no');
  });
});
