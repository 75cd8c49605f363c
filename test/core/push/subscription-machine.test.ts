import { beforeEach, describe, expect, it } from 'vitest';
import type { SubscriptionCalls } from '../../../src/core/push/calls.ts';
import type { Subscription } from '../../../src/core/push/subscription.ts';
import {
  type HostedSubscriptionCalls,
  type Standing,
  SubscriptionMachine,
  type SubscriptionRow,
} from '../../../src/core/push/subscription-machine.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { subscriptionOf } from '../../runtime/push/push-cluster.ts';

let machine: SubscriptionMachine;
let rows: Map<string, SubscriptionRow>;

beforeEach(() => {
  machine = new SubscriptionMachine();
  rows = new Map();
});

function call<K extends keyof HostedSubscriptionCalls & string>(
  kind: K,
  command: HostedSubscriptionCalls[K]['command'],
  now = 1_000,
): HostedSubscriptionCalls[K]['reply'] {
  const outcome = machine.decide({ kind, command } as never, now);
  for (const row of outcome.rows) {
    machine.replay(row);
    rows.set(row.key, row);
  }
  return outcome.reply as HostedSubscriptionCalls[K]['reply'];
}

const put = (change: Partial<Subscription> = {}) =>
  call('put', { subscription: subscriptionOf({ maxBatchTimeoutMs: 5_000, ...change }) });
const standing = (change: Partial<Standing> = {}): Standing => ({
  topic: 'orders',
  next: 7,
  waitsAbove: 7,
  dueAt: null,
  window: null,
  goesByGroup: false,
  error: null,
  ...change,
});
const place = 't:0';
const partitions = [{ topicId: 't', partition: 0, topic: 'orders' }];
const idle = (change: Partial<Standing> = {}) => {
  put();
  call('looked', { partitions });
  call('keep', { place, standing: standing(change), wakes: 0 });
};
const wake = (lastStableOffset: number, now?: number): SubscriptionCalls['wake']['reply'] =>
  call('wake', { place, lastStableOffset }, now);

describe('a subscription', () => {
  it('looks at its topics first, and at each partition that it finds', () => {
    expect(machine.deadline).toBeUndefined();
    expect(put()).toMatchObject({ created: true });
    expect([machine.mustLook(1_000), machine.deadline]).toEqual([true, 1_000]);
    call('looked', { partitions });
    expect([machine.due(1_000), machine.mustLook(2_000)]).toEqual([[place], false]);
  });

  it('sleeps while its partitions have nothing new', () => {
    idle();
    expect([machine.deadline, machine.due(9e12)]).toEqual([undefined, []]);
  });

  it('has a partition say when a batch is full, and waits only so long for it', () => {
    idle();
    expect(wake(8)).toEqual({ above: 16 });
    expect(machine.deadline).toBe(6_000);
    expect(wake(17, 2_000)).toEqual({ above: null });
    expect([machine.deadline, machine.due(2_000)]).toEqual([0, [place]]);
  });

  it('begins at once where there is enough, or nothing to wait for', () => {
    idle();
    expect(wake(17)).toEqual({ above: null });
    expect(machine.due(1_000)).toEqual([place]);
  });

  it('is not put to sleep by an answer that a wake-up has overtaken', () => {
    put();
    call('looked', { partitions });
    const wakes = machine.wakesOf(place);
    expect(wake(8)).toEqual({ above: null });
    call('keep', { place, standing: standing(), wakes });
    expect(machine.due(1_000)).toEqual([place]);
  });

  it('says nothing to partitions of which it knows nothing', () => {
    expect(wake(8)).toEqual({ above: null });
    expect(rows.size).toBe(0);
    idle();
    expect(call('wake', { place: 'other:3', lastStableOffset: 8 })).toEqual({ above: null });
  });

  it('does nothing while it is paused, and goes by its group afterwards', () => {
    idle();
    expect(call('pause', {})).toEqual({ errorCode: 0 });
    wake(99);
    expect([machine.deadline, machine.due(9e12)]).toEqual([undefined, []]);
    call('resume', {});
    expect(machine.due(1_000)).toEqual([place]);
    expect(machine.standings.get(place)).toMatchObject({ goesByGroup: true, next: 7 });
  });

  it('forgets partitions that are gone, and finds those that came', () => {
    idle();
    call('topicsChanged', {}, 5_000);
    expect(machine.mustLook(5_000)).toBe(true);
    call('looked', { partitions: [{ topicId: 'u', partition: 0, topic: 'orders' }] });
    expect([...machine.standings.keys()]).toEqual(['u:0']);
    call('keep', { place, standing: standing(), wakes: 0 });
    expect([...machine.standings.keys()]).toEqual(['u:0']);
  });

  it('looks again later when nobody could say', () => {
    put();
    call('looked', { error: { at: 1_000, message: 'weather' }, again: 11_000 });
    expect([machine.deadline, machine.mustLook(10_999)]).toEqual([11_000, false]);
    expect(machine.lookError).toEqual({ at: 1_000, message: 'weather' });
    call('topicsChanged', {}, 2_000);
    expect(machine.mustLook(2_000)).toBe(true);
  });

  it('keeps what it has read when it is changed, and waits for no failure then', () => {
    idle();
    const error = { at: 1, message: 'no such binding' };
    call('keep', { place, standing: standing({ dueAt: 99_000, error }), wakes: 0 });
    expect(put({ maxBatchSize: 5 })).toMatchObject({ created: false });
    expect(machine.standings.get(place)).toMatchObject({ next: 7, dueAt: null, error: null });
    expect(machine.due(1_000)).toEqual([place]);
  });

  it('keeps the secrets that are left out, and needs one to begin with', () => {
    const target = { type: 'webhook', url: 'https://a.example/', timeoutMs: 1_000 } as const;
    expect(() => put({ target: { ...target, secrets: [] } })).toThrow('secret');
    put({ target: { ...target, secrets: ['whsec_a'] } });
    put({ target: { ...target, url: 'https://b.example/', secrets: [] } });
    expect(machine.subscription?.target).toEqual({
      ...target,
      url: 'https://b.example/',
      secrets: ['whsec_a'],
    });
  });

  it('is the same again after a restart', () => {
    idle();
    wake(8);
    const again = new SubscriptionMachine();
    for (const row of rows.values()) again.replay(row);
    expect(again.deadline).toBe(machine.deadline);
    expect([...again.standings]).toEqual([...machine.standings]);
  });

  it('leaves nothing behind', () => {
    idle();
    call('delete', {});
    expect([...rows.values()].every(({ value }) => value === null)).toBe(true);
    expect(call('pause', {})).toEqual({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND });
    expect(call('delete', {})).toEqual({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND });
    expect(call('topicsChanged', {})).toEqual({ errorCode: 0 });
    expect(machine.deadline).toBeUndefined();
  });
});
