import { describe, expect, it } from 'vitest';
import { Waiters } from '../../src/runtime/waiters.ts';

describe('Waiters', () => {
  it('gives each caller its own answer, once', async () => {
    const waiters = new Waiters<string>();
    const [first, second] = [waiters.hold(1), waiters.hold(2)];
    waiters.answer(2, 'two');
    expect(await second).toBe('two');
    expect(waiters.size).toBe(1);
    expect(() => waiters.answer(2, 'again')).toThrow('ticket 2');
    waiters.answer(1, 'one');
    expect(await first).toBe('one');
    expect(waiters.size).toBe(0);
  });

  it('holds one caller a ticket', () => {
    const waiters = new Waiters<string>();
    waiters.hold(1);
    expect(() => waiters.hold(1)).toThrow('ticket 1');
  });

  it('fails everybody at once; who does not listen does no harm', async () => {
    const waiters = new Waiters<string>();
    waiters.hold(1);
    const listening = waiters.hold(2);
    waiters.failAll(new Error('gone'));
    await expect(listening).rejects.toThrow('gone');
    expect(waiters.size).toBe(0);
  });
});
