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
