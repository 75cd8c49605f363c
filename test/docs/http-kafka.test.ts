import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#kafkas-own-protocol');

it("answers a frame of Kafka's", async () => {
  const bytes = (await docs.shell('frame')).trim().split(' ').slice(0, 10);
  const [correlationId, errorCode, count] = [bytes.slice(0, 4), bytes.slice(4, 6), bytes.slice(6)];
  expect([correlationId.join(''), errorCode.join('')]).toEqual(['00000001', '0000']);
  expect(Number.parseInt(count.join(''), 16)).toBeGreaterThan(50);
});
