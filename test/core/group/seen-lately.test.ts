import { describe, expect, it } from 'vitest';
import { SeenLately } from '../../../src/core/group/seen-lately.ts';

function seen(askedAtMs: number, ...names: string[]) {
  const topics = names.map((name) => ({ name, topicId: name.toUpperCase(), partitions: 1 }));
  return { askedAtMs, asked: 'all' as const, topics };
}

describe('the topics a group has seen', () => {
  it('are those that were asked for last, whichever answer came last', () => {
    const lately = new SeenLately();
    lately.take(seen(2_000, 'new'));
    lately.take(seen(1_000, 'old'));
    expect(lately.image.byName('new')).toBeDefined();
    expect(lately.image.byName('old')).toBeUndefined();
  });

  it('are as old as the question, so that a change while it was on its way is looked for', () => {
    const lately = new SeenLately();
    lately.take(seen(1_000, 't'));
    expect(lately.suffices('all', 999, 30_000)).toBe(true);
    expect(lately.suffices('all', 1_500, 30_000)).toBe(false);
    expect(lately.suffices('all', 0, 61_000)).toBe(false);
  });
});
