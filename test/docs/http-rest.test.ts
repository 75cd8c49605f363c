import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#rest-v2');

it('produces records and lists topics', async () => {
  const [produced, topics] = await docs.answers('rest');
  expect(produced.offsets).toMatchObject([{ partition: 0, offset: 0 }]);
  expect(topics).toEqual(['orders']);
});
