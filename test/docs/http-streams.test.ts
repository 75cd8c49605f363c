import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#durable-streams');

it('creates a stream, appends to it and reads it', async () => {
  const [told] = await docs.answers('streams');
  expect(told).toEqual([{ say: 'hello' }, { say: 'world' }]);
});

it('works with its client', async () => {
  const program = docs.node('streams-client');
  expect(await program.ended).toBe(0);
  expect(program.stdout()).toBe('[{"say":"hello"}]\n');
});

it('tells workers that a stream has grown', async () => {
  const answers = await docs.answers('streams-subscription');
  const [made, wakes, claimed] = answers;
  expect(made).toMatchObject({ id: 'cleaners', type: 'pull-wake', status: 'active' });
  expect(wakes).toMatchObject([{ type: 'wake', stream: 'halls/1', generation: 1 }]);
  expect(claimed).toMatchObject({ generation: 1, streams: [{ path: 'halls/1' }] });
});
