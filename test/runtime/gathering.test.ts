import { beforeEach, describe, expect, it } from 'vitest';
import { Gathering } from '../../src/runtime/gathering.ts';
import { memoryPartition } from '../../src/runtime/memory-partition.ts';
import { MemoryStore } from '../../src/runtime/memory-store.ts';
import { append, batch, settings } from '../core/log/samples.ts';

let now: number;
let waiting: number;
let bytes: number;
/** How long was waited, each time. */
let waits: number[];
/** How often those were let in who were there already. */
let turns: number;
/** Who comes while it is waited, one after the other. */
let comers: number;
let gathering: Gathering;

beforeEach(() => {
  now = 0;
  waiting = 0;
  bytes = 0;
  waits = [];
  turns = 0;
  comers = 0;
  gathering = new Gathering({
    now: () => now,
    wait: async (ms) => {
      waits.push(ms);
      now += ms;
      come(comers);
    },
    turn: async () => {
      turns++;
    },
  });
});

function come(count: number): void {
  for (let i = 0; i < count; i++) gathering.came(++waiting);
}

/** Has this many come, and those who join them; answers how many were written together. */
async function flush(count: number, confirmMs = 0): Promise<number> {
  come(count);
  await gathering.gathered(() => ({ count: waiting, bytes }));
  const written = waiting;
  waiting = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  gathering.wrote(written, promise);
  now += confirmMs;
  resolve();
  await promise;
  return written;
}

describe('Gathering', () => {
  it('never has who is alone wait', async () => {
    for (let i = 0; i < 100; i++) expect(await flush(1)).toBe(1);
    expect(waits).toEqual([]);
  });

  it('waits for as many as were written together', async () => {
    await flush(10);
    comers = 9;
    expect(await flush(1)).toBe(10);
    expect(waits).toEqual([2]);
    expect(await flush(1)).toBe(10);
    expect(waits).toHaveLength(2);
  });

  it('goes on without those who do not come', async () => {
    await flush(10);
    comers = 3;
    expect(await flush(1)).toBe(4);
    // Five are the company now, then four.
    expect(await flush(1)).toBe(4);
    comers = 0;
    expect(await flush(4)).toBe(4);
    expect(waits).toHaveLength(2);
  });

  it('learns of those who came while others were written', async () => {
    come(1);
    await gathering.gathered(() => ({ count: waiting, bytes }));
    waiting = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    gathering.wrote(1, promise);
    come(1);
    resolve();
    await promise;
    comers = 1;
    expect(await flush(0)).toBe(2);
    comers = 1;
    expect(await flush(1)).toBe(2);
  });

  it('looks ever more rarely for company that has gone, until it has forgotten it', async () => {
    for (let i = 0; i < 200; i++) {
      // Two under way at once, neither of whom comes sooner for being waited for.
      come(2);
      waiting--;
      await flush(0);
    }
    expect(waits.length).toBeLessThan(10);
    waits = [];
    for (let i = 0; i < 100; i++) await flush(1);
    expect(waits.length).toBeLessThan(5);
  });

  it('waits for nobody once there is enough to write, and takes no turn', async () => {
    await flush(10);
    bytes = 16 * 1024;
    expect(await flush(1)).toBe(1);
    expect(waits).toEqual([]);
    expect(turns).toBe(0);
    bytes = 0;
    await flush(1);
    expect(turns).toBe(1);
  });

  it('waits in proportion to what storage takes', async () => {
    for (let i = 0; i < 100; i++) await flush(10, 12);
    comers = 1;
    await flush(1, 12);
    expect(waits).toEqual([12]);
  });
});

describe('a partition', () => {
  it('writes one row for those who come back after they were answered together', async () => {
    const store = new MemoryStore();
    const partition = memoryPartition({ settings, now: () => Date.now(), store });
    // Three of them are more than a page: the next have a row of their own.
    const send = () => partition.call('append', append(batch(['a'.repeat(2_000)])));
    await Promise.all([send(), send(), send()]);
    const first = send();
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, send(), send()]);
    expect(store.from(0, 10).map(({ nextOffset }) => nextOffset)).toEqual([3, 6]);
  });
});
