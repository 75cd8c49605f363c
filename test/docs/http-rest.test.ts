import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#rest-v2');

it('produces records in each format', async () => {
  const [json, binary, ...rest] = await docs.answers('rest-produce');
  expect(json.offsets).toEqual([
    { partition: 0, offset: 0, error_code: null, error: null },
    { partition: 0, offset: 1, error_code: null, error: null },
  ]);
  expect(docs.text).toContain(JSON.stringify(json.offsets[0]));
  expect(binary.offsets).toMatchObject([{ partition: 0, offset: 2 }]);
  expect(rest).toEqual([]);
});

it('reads a partition', async () => {
  let records: unknown[] = [];
  // Nobody waited for the last one.
  while (records.length < 3) [records] = await docs.answers('rest-records');
  const home = [{ key: 'from', value: btoa('home') }];
  expect(records).toMatchObject([
    { key: null, value: { item: 'cake' }, offset: 1, headers: [] },
    { key: null, value: { item: 'tea' }, offset: 2, headers: home, timestamp: expect.any(Number) },
    { value: 'who does not wait is told nothing' },
  ]);
  const [, offsets] = await docs.answers('rest-records');
  expect(offsets).toEqual({ beginning_offset: 0, end_offset: 4 });
});

it('reads in a group, twice from the beginning', async () => {
  const [created, records, committed] = await docs.answers('rest-group');
  expect(created).toMatchObject({ instance_id: 'cook' });
  expect(records).toHaveLength(4);
  expect(committed).toEqual([{ topic: 'orders', partition: 0, consumed: 3, committed: 3 }]);
});

it('makes and describes topics', async () => {
  const [topics, menus, ready] = await docs.answers('rest-topics');
  expect(topics).toEqual(['menus', 'orders']);
  expect(menus).toMatchObject({ name: 'menus', partitions: { length: 3 } });
  expect(ready).toEqual({ status: 'ready' });
});

it('says what went wrong as it is written', async () => {
  const answer = await fetch(`${docs.kedge.url}/rest/topics/none`);
  const body = (await answer.json()) as object;
  expect(docs.text.replaceAll(/(?<=[:,]) /g, '')).toContain(
    JSON.stringify(body).replaceAll(/(?<=[:,]) /g, ''),
  );
});
