import { beforeEach, describe, expect, test } from 'vitest';
import { isParked } from '../../../src/core/machine.ts';
import type {
  CheckedOut,
  RestConsumerCalls,
  RestConsumerState,
} from '../../../src/core/rest-consumer/calls.ts';
import {
  RestConsumerMachine,
  type RestConsumerRow,
} from '../../../src/core/rest-consumer/machine.ts';

const state: RestConsumerState = {
  group: 'g',
  config: {
    format: 'json',
    offsetReset: 'latest',
    autoCommit: true,
    fetchMinBytes: -1,
    requestTimeoutMs: null,
    instanceTimeoutMs: 300_000,
    isolationLevel: 0,
  },
  subscription: { kind: 'none' },
  member: null,
  partitions: [],
  autoCommittedAtMs: 0,
};
const moved: RestConsumerState = {
  ...state,
  partitions: [{ topic: 't', partition: 0, position: 5, committed: -1 }],
};

let machine: RestConsumerMachine;
let stored: RestConsumerRow[];

beforeEach(() => {
  machine = new RestConsumerMachine();
  stored = [];
});

/** What a host does: store, replay, answer. */
function call<K extends keyof RestConsumerCalls>(
  kind: K,
  command: RestConsumerCalls[K]['command'],
  now: number,
) {
  // biome-ignore lint/suspicious/noExplicitAny: the signature keeps kind and command together
  const outcome = machine.decide({ kind, command } as any, now);
  stored.push(...outcome.rows);
  for (const row of outcome.rows) machine.replay(row);
  return { ...outcome, reply: outcome.reply as RestConsumerCalls[K]['reply'] };
}

function expire(now: number) {
  const outcome = machine.expire(now);
  for (const row of outcome.rows) machine.replay(row);
  return outcome;
}

function checkOut(now: number, leaseMs = 60_000): CheckedOut {
  const { out } = call('checkOut', { leaseMs }, now).reply;
  if (!out) throw new Error('no such instance');
  return out;
}

describe('an instance', () => {
  test('is created once', () => {
    expect(call('create', { state }, 0).reply).toEqual({ created: true });
    expect(call('create', { state: moved }, 1).reply).toEqual({ created: false });
    expect(checkOut(2).state).toEqual(state);
  });

  test('that does not exist is not handed out, and nothing is written', () => {
    expect(call('checkOut', { leaseMs: 1 }, 0).reply).toEqual({ out: null });
    const checkIn = { lease: 1, revision: 0, state };
    expect(call('checkIn', checkIn, 0).reply).toEqual({ kept: false });
    expect(stored).toEqual([]);
    expect(machine.deadline).toBeUndefined();
  });

  test('is written when it changed, and not when a poll read nothing', () => {
    call('create', { state }, 0);
    const first = checkOut(10);
    expect(call('checkIn', { ...first, state: moved }, 20)).toMatchObject({
      reply: { kept: true },
      rows: [{ key: 'instance', value: { state: moved, revision: 1, usedAtMs: 20 } }],
    });
    const second = checkOut(30);
    expect(second).toMatchObject({ state: moved, revision: 1 });
    expect(call('checkIn', { ...second }, 40)).toMatchObject({ reply: { kept: true }, rows: [] });
  });

  test('is gone after a null state came back', () => {
    call('create', { state }, 0);
    call('checkIn', { ...checkOut(1), state: null }, 2);
    expect(call('checkOut', { leaseMs: 1 }, 3).reply).toEqual({ out: null });
    expect(call('create', { state }, 4).reply).toEqual({ created: true });
  });

  test('survives a reload', () => {
    call('create', { state }, 0);
    call('checkIn', { ...checkOut(1), state: moved }, 2);
    const rows = stored;
    machine = new RestConsumerMachine();
    machine.replay(rows.at(-1)!);
    expect(checkOut(1_000)).toMatchObject({ state: moved, revision: 1 });
  });
});

describe('one holder at a time', () => {
  beforeEach(() => {
    call('create', { state }, 0);
  });

  test('the next waits until the state is put back, and sees what changed', () => {
    const first = checkOut(10);
    const second = machine.decide({ kind: 'checkOut', command: { leaseMs: 5_000 } }, 11);
    const third = machine.decide({ kind: 'checkOut', command: { leaseMs: 5_000 } }, 12);
    if (!isParked(second.reply) || !isParked(third.reply)) throw new Error('not parked');
    const back = call('checkIn', { ...first, state: moved }, 20);
    expect([...back.wake.keys()]).toEqual([second.reply.parked]);
    const { out } = back.wake.get(second.reply.parked) as { out: CheckedOut };
    expect(out).toMatchObject({ state: moved, revision: 1 });
    expect([...call('checkIn', out, 30).wake.keys()]).toEqual([third.reply.parked]);
  });

  test('those who wait for an instance that is deleted are told', () => {
    const first = checkOut(10);
    const second = machine.decide({ kind: 'checkOut', command: { leaseMs: 5_000 } }, 11);
    if (!isParked(second.reply)) throw new Error('not parked');
    const { wake } = call('checkIn', { ...first, state: null }, 20);
    expect(wake.get(second.reply.parked)).toEqual({ out: null });
  });

  test('a lease that ran out goes to the next, and the late holder changes nothing', () => {
    const late = checkOut(0, 1_000);
    const second = machine.decide({ kind: 'checkOut', command: { leaseMs: 5_000 } }, 500);
    if (!isParked(second.reply)) throw new Error('not parked');
    expect(machine.deadline).toBe(1_000);
    expect(expire(999).wake.size).toBe(0);
    const { out } = expire(1_000).wake.get(second.reply.parked) as { out: CheckedOut };
    expect(call('checkIn', { ...late, state: moved }, 1_100).reply).toEqual({ kept: false });
    expect(call('checkIn', out, 1_200).reply).toEqual({ kept: true });
    expect(call('checkIn', { ...late, state: moved }, 1_300).reply).toEqual({ kept: true });
  });

  test('a late holder that nobody overtook is welcome, once', () => {
    const late = checkOut(0, 1_000);
    expire(1_000);
    expect(call('checkIn', { ...late, state: moved }, 1_100).reply).toEqual({ kept: true });
    expect(call('checkIn', { ...late, state }, 1_200).reply).toEqual({ kept: false });
  });

  test('a holder from before a reload may still put the state back', () => {
    const before = checkOut(10);
    const rows = stored;
    machine = new RestConsumerMachine();
    machine.replay(rows.at(-1)!);
    expect(call('checkIn', { ...before, state: moved }, 20).reply).toEqual({ kept: true });
  });
});

describe('idleness', () => {
  test('an instance that nobody uses is forgotten after its timeout', () => {
    call('create', { state }, 1_000);
    expect(machine.deadline).toBe(301_000);
    expect(expire(300_999).rows).toEqual([]);
    expect(machine.expiring(301_000)).toEqual(state);
    expect(expire(301_000).rows).toEqual([{ key: 'instance', value: null }]);
    expect(machine.deadline).toBeUndefined();
  });

  test('every use starts the time anew, written or not', () => {
    call('create', { state }, 0);
    call('checkIn', checkOut(100_000), 100_000);
    expect(machine.deadline).toBe(400_000);
    expect(expire(300_000).rows).toEqual([]);
  });

  test('nothing is forgotten while somebody holds it', () => {
    call('create', { state }, 0);
    checkOut(299_999, 60_000);
    expect(expire(300_001).rows).toEqual([]);
    expect(machine.expiring(300_001)).toBeUndefined();
    expect(machine.deadline).toBe(359_999);
  });

  test('a holder that never came back has used it all the same', () => {
    call('create', { state }, 0);
    checkOut(299_999, 60_000);
    expect(expire(359_999).rows).toEqual([]);
    expect(machine.deadline).toBe(599_999);
  });

  test('after a reload it lives for what polls that wrote nothing may have added', () => {
    call('create', { state }, 0);
    for (let now = 0; now < 140_000; now += 10_000) call('checkIn', checkOut(now), now);
    const rows = stored;
    expect(rows).toHaveLength(1);
    machine = new RestConsumerMachine();
    machine.replay(rows.at(-1)!);
    expect(machine.deadline).toBe(450_000);
  });

  test('a use is written down when half the timeout has passed since the last row', () => {
    call('create', { state }, 0);
    expect(call('checkIn', checkOut(149_999), 149_999).rows).toHaveLength(0);
    expect(call('checkIn', checkOut(150_000), 150_000).rows).toHaveLength(1);
  });
});
