import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#upstash');

it('works with the client of Upstash', async () => {
  const program = docs.node('upstash');
  expect(await program.ended, program.stderr()).toBe(0);
  expect(program.stdout()).toBe(`[ '{"item":"tea"}' ]\n`);
});

it('works with curl', async () => {
  const [produced, fetched, offsets, webhook] = await docs.answers('upstash-curl');
  expect(produced).toMatchObject({ topic: 'orders', partition: 0, offset: 1 });
  expect(fetched).toMatchObject([{ key: '4' }, { value: 'tea' }]);
  expect(offsets).toEqual([{ topic: 'orders', partition: 0, offset: 2 }]);
  expect(webhook).toMatchObject({ topic: 'orders', offset: 2 });
});
