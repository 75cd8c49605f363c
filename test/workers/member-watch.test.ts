/**
 * Members that a gateway vouches for, in a real Durable Object: what a line to it survives, what
 * ends it, and what the object does meanwhile, which is nothing.
 */
import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GroupCalls, VouchedMember } from '../../src/core/group/commands.ts';
import type { ObjectMeter } from '../../src/runtime/meters.ts';
import type { Watch } from '../../src/runtime/stubs.ts';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { workerObjects } from '../../src/runtime/worker-objects.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);

type Beat = GroupCalls['consumerGroupHeartbeat']['command'];

function beat(memberId: string, changes: Partial<Beat> = {}) {
  return objects.group('g').call('consumerGroupHeartbeat', {
    groupId: 'g',
    memberId,
    memberEpoch: 0,
    groupInstanceId: null,
    rackId: null,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: ['t'],
    subscribedTopicRegex: null,
    serverAssignor: null,
    owned: [],
    clientId: 'c',
    clientHost: '/h',
    topicsChangedAtMs: 0,
    ...changes,
  });
}

const member: VouchedMember = {
  protocol: 'consumer',
  memberId: 'm',
  groupInstanceId: null,
  epoch: 2,
};

/** A member that has all it is to have, and a gateway that vouches for it. */
async function vouched(): Promise<Watch> {
  expect(await beat('m')).toMatchObject({ errorCode: 0, memberEpoch: 2 });
  const watch = await objects.group('g').watch(member);
  expect(watch.open).toBe(true);
  return watch;
}

function stub(): DurableObjectStub {
  const namespace = bindings.GROUP_COORDINATOR;
  return namespace.get(namespace.idFromName('g'));
}

const alarm = () =>
  runInDurableObject(stub(), (_, { storage }) => storage.getAlarm()) as Promise<number | null>;

const usage = () =>
  runInDurableObject(stub(), (object) => (object as unknown as { meter: ObjectMeter }).meter.usage);

async function members(): Promise<string[]> {
  const { group } = await objects.group('g').call('describeConsumerGroup', { groupId: 'g' });
  return group?.members.map(({ memberId }) => memberId) ?? [];
}

beforeEach(async () => {
  const topic = { name: 't', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] };
  await objects.controller().call('createTopics', { topics: [topic], validateOnly: false });
});
afterEach(() => reset());

describe('the line of a gateway that vouches for a member', () => {
  it('says for how long the member may be silent, and needs no alarm', async () => {
    const watch = await vouched();
    expect(watch.said).toBe('45000');
    // The one of the session that ran before.
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await alarm()).toBe(null);
    await evictDurableObject(stub());
    expect(await members()).toEqual(['m']);
    expect(await alarm()).toBe(null);
    expect(watch.open).toBe(true);
  });

  it('outlives an object that sleeps, for which the platform answers', async () => {
    const watch = await vouched();
    await runDurableObjectAlarm(stub());
    await evictDurableObject(stub());
    expect(await watch.prove()).toBe(true);
    expect(await watch.prove()).toBe(true);
    // Nothing woke it but this look at its meter: it has counted no event, and read its rows once.
    const { requests, rowsWritten } = await usage();
    expect(requests).toEqual({ call: 0, watchOpened: 0, watchClosed: 0, alarm: 0 });
    expect(rowsWritten).toBe(0);
  });

  it('closes as soon as the member is to hear something', async () => {
    const watch = await vouched();
    await evictDurableObject(stub());
    expect(await beat('n')).toMatchObject({ errorCode: 0 });
    await expect.poll(() => watch.open).toBe(false);
    expect(await alarm()).not.toBe(null);
  });

  it('is not opened for a member that is to hear something, or is none', async () => {
    const watch = await vouched();
    const open = async (changes: Partial<VouchedMember>) =>
      (await objects.group('g').watch({ ...member, ...changes })).open;
    expect(await open({ epoch: 1 })).toBe(false);
    expect(await open({ memberId: 'nobody' })).toBe(false);
    expect(await open({ protocol: 'classic' })).toBe(false);
    expect(await open({ groupInstanceId: 'another' })).toBe(false);
    expect(watch.open).toBe(true);
  });

  it('yields to the next one that speaks for the member', async () => {
    const first = await vouched();
    const second = await objects.group('g').watch(member);
    await expect.poll(() => first.open).toBe(false);
    expect(await second.prove()).toBe(true);
    expect(await members()).toEqual(['m']);
  });

  it('ends the session of a member that was silent for as long', async () => {
    const watch = await vouched();
    await evictDurableObject(stub());
    watch.close('45000');
    await expect.poll(members).toEqual([]);
  });

  it('leaves the member what is left of its session', async () => {
    const watch = await vouched();
    await runDurableObjectAlarm(stub());
    await evictDurableObject(stub());
    watch.close('40000');
    await expect.poll(alarm).not.toBe(null);
    const left = (await alarm())! - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5_000);
    // Should the object sleep again, it remembers.
    await evictDurableObject(stub());
    expect(await members()).toEqual(['m']);
    expect((await alarm())! - Date.now()).toBeLessThanOrEqual(5_000);
  });

  it('is not opened for a member whose name is too long for it to keep', async () => {
    const memberId = 'm'.repeat(30_000);
    expect(await beat(memberId)).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    for (let i = 0; i < 3; i++) {
      expect((await objects.group('g').watch({ ...member, memberId })).open).toBe(false);
    }
    const sockets = () =>
      runInDurableObject(stub(), (_, ctx: DurableObjectState) => ctx.getWebSockets().length);
    expect(await sockets()).toBe(0);
    // Its session runs.
    expect(await alarm()).not.toBe(null);
    expect(await runDurableObjectAlarm(stub())).toBe(true);
    expect(await alarm()).not.toBe(null);
  });

  it('tells of offsets that others changed', async () => {
    const watch = await vouched();
    const commit = (generationId: number, memberId: string, topic: string) =>
      objects.group('g').call('commitOffsets', {
        groupId: 'g',
        generationId,
        memberId,
        groupInstanceId: null,
        retentionTimeMs: -1,
        namesMissingGroup: true,
        topics: [
          {
            name: topic,
            topicId: 'id',
            partitions: [
              { partitionIndex: 1, committedOffset: 5, committedLeaderEpoch: -1, metadata: null },
            ],
          },
        ],
      });
    expect((await commit(2, 'm', 'x')).errorCode).toBe(0);
    await objects.group('g').call('deleteOffsets', {
      groupId: 'g',
      topics: [{ name: 'x', partitionIndexes: [1] }],
    });
    await expect.poll(() => watch.said).toBe('["x:1"]');
    expect(watch.open).toBe(true);
  });
});
