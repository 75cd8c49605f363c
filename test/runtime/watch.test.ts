import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  closedWatch,
  MemoryWatches,
  openWatch,
  questionOf,
  WatchState,
} from '../../src/runtime/watch.ts';

const nowhere = { ask: () => {}, close: () => {} };

describe('WatchState', () => {
  it('tells every listener until it stops listening', () => {
    const watch = new WatchState('4', nowhere);
    const [first, second] = [vi.fn(), vi.fn()];
    watch.listen(first);
    const stop = watch.listen(second);
    watch.announce('5');
    stop();
    watch.announce('6');
    expect(watch.said).toBe('6');
    expect(first).toHaveBeenCalledTimes(2);
    expect(second).toHaveBeenCalledTimes(1);
  });

  it('counts one function that listens twice as two', () => {
    const watch = new WatchState('0', nowhere);
    const listener = vi.fn();
    const stop = watch.listen(listener);
    watch.listen(listener);
    stop();
    watch.announce('1');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('closes once, tells so, and says nothing more', () => {
    const whenClosed = vi.fn();
    const watch = new WatchState('4', { ask: () => {}, close: whenClosed });
    const listener = vi.fn();
    watch.listen(listener);
    watch.close('enough');
    watch.close('more than enough');
    watch.announce('9');
    expect(watch).toMatchObject({ open: false, said: '4' });
    expect(whenClosed.mock.calls).toEqual([['enough']]);
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe('a watch that is put to the proof', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('is good when the other end answers, in the order of the questions', async () => {
    const asked = vi.fn();
    const watch = new WatchState('4', { ask: asked, close: () => {} });
    const answers: string[] = [];
    void watch.prove().then((lives) => answers.push(`first ${lives}`));
    void watch.prove().then((lives) => answers.push(`second ${lives}`));
    watch.answered();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answers).toEqual(['first true']);
    watch.answered();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers).toEqual(['first true', 'second true']);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(watch.open).toBe(true);
  });

  it('is closed when the other end says nothing', async () => {
    const watch = new WatchState('4', nowhere);
    const proof = watch.prove();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await proof).toBe(false);
    expect(watch.open).toBe(false);
    expect(await watch.prove()).toBe(false);
  });

  it('is not good when it closes meanwhile', async () => {
    const watch = new WatchState('4', nowhere);
    const proof = watch.prove();
    watch.close();
    expect(await proof).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('MemoryWatches', () => {
  it('announces to those that are open', () => {
    const watches = new MemoryWatches();
    const [one, other] = [watches.open('0'), watches.open('0')];
    other.close();
    watches.announce('3');
    expect([one.said, other.said]).toEqual(['3', '0']);
    watches.closeAll();
    expect(one.open).toBe(false);
  });
});

describe('openWatch', () => {
  it('is closed, not thrown, when the object cannot be reached', async () => {
    const stub = { fetch: () => Promise.reject(new Error('Network connection lost.')) };
    expect((await openWatch(stub)).open).toBe(false);
  });

  it('is closed when the object answers without a line', async () => {
    const answer = { status: 410, webSocket: null } as Response;
    expect((await openWatch({ fetch: async () => answer })).open).toBe(false);
    expect(closedWatch().open).toBe(false);
  });
});

describe('questions', () => {
  it('arrive as they were asked', async () => {
    let url = '';
    const fetch = (asked: string) => {
      url = asked;
      return Promise.reject(new Error('gone'));
    };
    await openWatch({ fetch }, '{"memberId":"a & b?"}');
    expect(questionOf(url)).toBe('{"memberId":"a & b?"}');
  });
});
