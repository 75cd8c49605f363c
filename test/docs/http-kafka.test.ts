import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#kafkas-own-protocol');

it("answers a frame of Kafka's", async () => {
  const [correlationId, errorCode, count] = (await docs.shell('frame'))
    .trim()
    .match(/^(00 00 00 01) (00 00) ((?:[0-9a-f]{2} ?){4})$/)!
    .slice(1);
  expect([correlationId, errorCode]).toEqual(['00 00 00 01', '00 00']);
  expect(Number.parseInt(count.replaceAll(' ', ''), 16)).toBeGreaterThan(50);
});
