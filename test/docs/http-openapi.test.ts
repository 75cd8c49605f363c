import { expect, it } from 'vitest';
import { page } from './page.ts';

const docs = page('docs/http.md#the-api-as-a-document');

it('describes itself', async () => {
  const [document] = await docs.answers('openapi');
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths).length).toBeGreaterThan(50);
});
