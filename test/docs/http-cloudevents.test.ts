import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#cloudevents');

it('takes events in and hands them out', async () => {
  const [binary, structured, batch, next] = await docs.answers('cloudevents');
  expect(binary).toMatchObject({ topic: 'orders', partition: 0, offset: 0 });
  expect(structured).toMatchObject({ offset: 1 });
  const first = { id: '1', type: 'sold', partitionkey: '4', data: { item: 'tea' } };
  expect(batch).toMatchObject([first, { id: '2', data: { item: 'milk' } }]);
  expect(next).toMatchObject(first);
});
