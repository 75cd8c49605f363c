import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/runtime/memory-store.ts';
import { firstRetryMs, WaitingReaders, type Wake } from '../../src/runtime/waiting-readers.ts';
import { until } from '../until.ts';

let store: MemoryStore;
let end: number;
let now: number;
let alarm: number | undefined;
let woken: [string, string, number][];
let wake: Wake;

beforeEach(() => {
  store = new MemoryStore();
  end = 0;
  now = 1_000;
  alarm = undefined;
  woken = [];
  wake = async () => ({ above: null });
});

function newReaders(): WaitingReaders {
  const readers: WaitingReaders = new WaitingReaders({
    store: () => store,
    wake: (...news) => {
      woken.push(news);
      return wake(...news);
    },
    lastStableOffset: () => end,
    now: () => now,
    durable: async () => {},
    armed: () => {
      alarm = readers.retryAt;
    },
    relaxed: () => {
      alarm = undefined;
    },
  });
  return readers;
}

const at = (above: number, reader = 'push') => ({ reader, place: 't:0', above });
const grow = async (readers: WaitingReaders, to: number) => {
  end = to;
  readers.grew();
  await until(() => expect(alarm).toBeUndefined());
};

describe('those who wait for a partition', () => {
  it('are not asked to wait where there is something already', () => {
    end = 5;
    expect(newReaders().add(at(4))).toBe(false);
    expect(store.waiting()).toEqual([]);
    expect(newReaders().add(at(5))).toBe(true);
    expect(store.waiting()).toEqual([at(5)]);
  });

  it('are told once, however often it grows', async () => {
    const readers = newReaders();
    readers.add(at(0));
    await grow(readers, 1);
    await grow(readers, 2);
    expect(woken).toEqual([['push', 't:0', 1]]);
    expect(store.waiting()).toEqual([]);
  });

  it('wait on for as much as they say', async () => {
    const readers = newReaders();
    readers.add(at(0));
    wake = async () => ({ above: 9 });
    await grow(readers, 1);
    expect(store.waiting()).toEqual([at(9)]);
    await grow(readers, 9);
    expect(woken).toHaveLength(1);
    wake = async () => ({ above: null });
    await grow(readers, 10);
    expect(woken).toHaveLength(2);
  });

  it('are told by the alarm when they could not be reached, later and later', async () => {
    const readers = newReaders();
    readers.add(at(0));
    wake = () => Promise.reject(new Error('moved'));
    end = 1;
    readers.grew();
    expect(alarm).toBe(now + firstRetryMs);
    await until(() => expect(alarm).toBe(now + 2 * firstRetryMs));
    now += 2 * firstRetryMs;
    await readers.tell();
    expect(alarm).toBe(now + 4 * firstRetryMs);
    wake = async () => ({ above: null });
    await readers.tell();
    expect([alarm, store.waiting()]).toEqual([undefined, []]);
    expect(woken).toHaveLength(3);
  });

  it('are told by the alarm when the partition died before it could', async () => {
    newReaders().add(at(0));
    end = 1;
    await newReaders().tell();
    expect(woken).toEqual([['push', 't:0', 1]]);
  });

  it('who asked for something else meanwhile get that', async () => {
    const readers = newReaders();
    readers.add(at(0));
    wake = async () => {
      readers.add(at(3));
      return { above: null };
    };
    await grow(readers, 1);
    expect(store.waiting()).toEqual([at(3)]);
  });

  it('who come while others are told are told, too', async () => {
    const readers = newReaders();
    readers.add(at(0, 'a'));
    readers.add(at(1, 'b'));
    wake = async (reader) => {
      if (reader === 'a') {
        end = 2;
        readers.grew();
      }
      return { above: null };
    };
    end = 1;
    readers.grew();
    await until(() => expect(woken.map(([reader]) => reader)).toEqual(['a', 'b']));
  });
});
