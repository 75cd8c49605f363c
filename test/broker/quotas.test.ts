/** What a gateway counts of its clients, who shares a count, and what it remembers. */
import { beforeEach, describe, expect, it } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { QuotaMemory, Quotas } from '../../src/broker/quotas.ts';
import type { QuotaEntry } from '../../src/core/cluster/client-quotas.ts';
import { QuotaType } from '../../src/core/quota/quota-rules.ts';
import type { Objects } from '../../src/runtime/stubs.ts';
import { Weather } from '../../src/runtime/weather.ts';

const { PRODUCE, FETCH, REQUEST, CONNECTION } = QuotaType;
const asker = (name: string, clientId: string | null = null) => ({
  principal: { ...anonymous, name },
  clientId,
});

let clock: { now: number };
let memory: QuotaMemory;
/** How often the controller was asked. */
let asked: number;
let entries: QuotaEntry[];
let isDown: boolean;

const objects = {
  controller: () => ({
    call: async () => {
      asked++;
      if (isDown) throw new Weather('unreachable');
      return { version: memory.version, entries };
    },
  }),
} as unknown as Objects;

/** A connection, or an HTTP request. */
const connect = () => new Quotas(memory, objects, () => clock.now);

function set(...all: QuotaEntry[]): void {
  entries = all;
  memory.version++;
}

beforeEach(() => {
  clock = { now: 1_700_000_000_000 };
  memory = new QuotaMemory();
  [asked, entries, isDown] = [0, [], false];
});

describe('quotas of a gateway', () => {
  it('cost nothing where there are none', async () => {
    const quotas = connect();
    expect(quotas.areNone).toBe(true);
    expect(await quotas.used(PRODUCE, 1e9, asker('alice'))).toBe(0);
    expect(await quotas.mayConnect('10.0.0.1')).toBe(true);
    expect(quotas.quiet(new AbortController().signal)).toBeUndefined();
    expect([asked, memory.rates.size, memory.buckets.size]).toEqual([0, 0, 0]);
  });

  it('are asked for once when there are others', async () => {
    set({ entity: { user: 'alice' }, values: { [PRODUCE]: 1_000 } });
    const quotas = connect();
    expect(quotas.areNone).toBe(false);
    for (let time = 0; time < 3; time++) await quotas.used(PRODUCE, 1, asker('alice'));
    expect(asked).toBe(1);
    set();
    await quotas.used(PRODUCE, 1, asker('alice'));
    expect([asked, quotas.areNone]).toEqual([2, true]);
  });

  it('tell to wait, once more came than in ten seconds may', async () => {
    set({ entity: { user: 'alice' }, values: { [PRODUCE]: 1_000 } });
    const quotas = connect();
    expect(await quotas.used(PRODUCE, 10_000, asker('alice'))).toBe(0);
    expect(await quotas.used(PRODUCE, 5_000, asker('alice'))).toBe(5_000);
    expect(quotas.quietMs).toBe(5_000);
    clock.now += 2_000;
    expect(quotas.quietMs).toBe(3_000);
    expect(await quotas.used(FETCH, 1e9, asker('alice'))).toBe(0);
  });

  it('hold up the connection that used them, and tell every other of the same client', async () => {
    set({ entity: { user: 'alice' }, values: { [PRODUCE]: 1_000 } });
    const [one, other] = [connect(), connect()];
    await one.used(PRODUCE, 15_000, asker('alice', 'a'));
    expect(other.quietMs).toBe(0);
    expect(await other.owedMs(PRODUCE, asker('alice', 'b'))).toBe(5_000);
    expect(await other.owedMs(PRODUCE, asker('bob', 'b'))).toBe(0);
    expect(other.quietMs).toBe(5_000);
  });

  it('never hold anybody up for long for the time of requests', async () => {
    set({ entity: { user: null }, values: { [REQUEST]: 0.001 } });
    const quotas = connect();
    let waitMs = 0;
    for (let time = 0; time < 100; time++) waitMs = await quotas.served(0, asker('alice'));
    expect(waitMs).toBe(1_000);
    expect(await connect().owedMs(REQUEST, asker('alice'))).toBe(1_000);
  });

  it('bound what one Fetch may ask for', async () => {
    set({ entity: { user: 'alice' }, values: { [FETCH]: 1_000 } });
    expect(await connect().mostToFetch(asker('alice'))).toBe(10_000);
    expect(await connect().mostToFetch(asker('bob'))).toBe(Infinity);
  });

  it('let so many connections come from an address; who is refused is not counted', async () => {
    set({ entity: { ip: '10.0.0.1' }, values: { [CONNECTION]: 2 } });
    let entered = 0;
    for (let time = 0; time < 100; time++) {
      if (await connect().mayConnect('10.0.0.1')) entered++;
    }
    expect(entered).toBe(20);
    expect(await connect().mayConnect('10.0.0.2')).toBe(true);
    clock.now += 11_000;
    expect(await connect().mayConnect('10.0.0.1')).toBe(true);
  });

  it('give tokens for changes, in bursts', async () => {
    set({ entity: { user: 'alice' }, values: { controller_mutation_rate: 1 } });
    const quotas = connect();
    expect(await quotas.mayMutate(15, true, asker('alice'))).toBe(true);
    expect(quotas.quietMs).toBe(0);
    expect(await quotas.mayMutate(1, true, asker('alice'))).toBe(false);
    expect(quotas.quietMs).toBe(4_000);
    // An old client is let through, and pays later.
    expect(await connect().mayMutate(1, false, asker('alice'))).toBe(true);
    clock.now += 4_000;
    expect(await connect().mayMutate(1, true, asker('alice'))).toBe(false);
    clock.now += 1_000;
    expect(await connect().mayMutate(1, true, asker('alice'))).toBe(true);
  });

  it('stay as they were while the controller cannot be asked, which is seldom tried', async () => {
    set({ entity: { user: 'alice' }, values: { [PRODUCE]: 1_000 } });
    const quotas = connect();
    await quotas.used(PRODUCE, 1, asker('alice'));
    isDown = true;
    set();
    for (let time = 0; time < 50; time++) await quotas.used(PRODUCE, 1, asker('alice'));
    expect(asked).toBe(2);
    expect(await quotas.has(PRODUCE, asker('alice'))).toBe(true);
    clock.now += 1_000;
    isDown = false;
    expect(await quotas.has(PRODUCE, asker('alice'))).toBe(false);
  });

  it('are looked at again at once by the gateway that changed them', async () => {
    const quotas = connect();
    entries = [{ entity: { user: 'alice' }, values: { [PRODUCE]: 1_000 } }];
    quotas.changed();
    expect(await quotas.has(PRODUCE, asker('alice'))).toBe(true);
  });

  it('remember 10,000 clients, and forget who was silent longest', async () => {
    set(
      { entity: { 'client-id': null }, values: { [PRODUCE]: 1_000 } },
      { entity: { user: 'alice' }, values: { [PRODUCE]: 1_000 } },
    );
    const quotas = connect();
    await quotas.used(PRODUCE, 15_000, asker('alice'));
    const long = 'x'.repeat(30_000);
    for (let client = 0; client < 25_000; client++) {
      await connect().used(PRODUCE, 1, asker('mallory', `${client} ${long}`));
      // Alice goes on, and so what she used stays known.
      if (client % 5_000 === 0) await quotas.used(PRODUCE, 0, asker('alice'));
    }
    expect(memory.rates.size).toBe(10_000);
    expect(await connect().owedMs(PRODUCE, asker('alice'))).toBe(5_000);
    const characters = [...memory.rates.keys()].reduce((sum, key) => sum + key.length, 0);
    expect(characters).toBeLessThan(10_000 * 300);
  });

  it('end a wait when the client is gone, or after as long as one cares to wait', async () => {
    set({ entity: { user: 'alice' }, values: { [PRODUCE]: 1 } });
    const quotas = connect();
    await quotas.used(PRODUCE, 1e6, asker('alice'));
    const gone = new AbortController();
    const quiet = quotas.quiet(gone.signal);
    expect(quiet).toBeInstanceOf(Promise);
    gone.abort();
    await quiet;
    await quotas.quiet(new AbortController().signal, 1);
    expect(quotas.quietMs).toBeGreaterThan(1e6);
  });
});
