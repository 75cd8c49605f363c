import { expect, it } from 'vitest';
import { globMatches } from '../../../src/core/stream-subscription/glob.ts';

it.each<[string, string[], string[]]>([
  ['rooms/*', ['rooms/7', '/rooms/7/'], ['rooms', 'rooms/7/log', 'halls/7']],
  ['rooms/**', ['rooms', 'rooms/7', 'rooms/7/log'], ['halls']],
  ['**/log', ['log', 'rooms/7/log'], ['rooms/7', 'catalog']],
  ['a/**/b/*/c', ['a/b/x/c', 'a/1/2/b/x/c', 'a/b/b/x/c'], ['a/b/c', 'a/b/x/y/c']],
  ['*', ['a'], ['a/b', '']],
  ['**', ['', 'a', 'a/b'], []],
])('%s', (pattern, matching, others) => {
  for (const path of matching) expect(globMatches(pattern, path), path).toBe(true);
  for (const path of others) expect(globMatches(pattern, path), path).toBe(false);
});

it('takes no time to speak of for patterns made to take long', () => {
  const pattern = Array.from({ length: 200 }, () => '**/a').join('/');
  expect(globMatches(pattern, Array.from({ length: 150 }, () => 'a').join('/'))).toBe(false);
});
