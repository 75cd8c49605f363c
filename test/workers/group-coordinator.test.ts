/**
 * A group in a real Durable Object: its rows, its alarm, its held callers, and what an eviction
 * leaves.
 */
import {
  abortAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GroupCalls, JoinGroupReply } from '../../src/core/group/commands.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { Weather, workerObjects } from '../../src/runtime/worker-objects.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);
/** A stub of before an eviction is broken, so each call has a fresh one. */
const group: Stub<GroupCalls> = {
  call: (kind, command) => objects.group('g').call(kind, command),
};

function groupStub(): DurableObjectStub {
  const namespace = bindings.GROUP_COORDINATOR;
  return namespace.get(namespace.idFromName('g'));
}

const storage = <T>(look: (storage: DurableObjectStorage) => T): Promise<T> =>
  runInDurableObject(groupStub(), (_, { storage }) => look(storage)) as Promise<T>;

const keys = () =>
  storage(({ sql }) => {
    const tables = sql.exec("SELECT name FROM sqlite_master WHERE name = 'rows'").toArray();
    if (tables.length === 0) return [];
    return sql
      .exec<{ key: string }>('SELECT key FROM rows ORDER BY key')
      .toArray()
      .map(({ key }) => key);
  });

const groupIds = async () => (await objects.controller().call('listGroups', {})).groupIds;

function join(changes: Partial<GroupCalls['joinGroup']['command']> = {}) {
  return group.call('joinGroup', {
    groupId: 'g',
    memberId: '',
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/127.0.0.1',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Uint8Array.of(0, 255) }],
    requiresKnownMemberId: false,
    supportsSkippingAssignment: true,
    ...changes,
  });
}

function sync(joined: JoinGroupReply, assignments: Record<string, number> = {}) {
  return group.call('syncGroup', {
    groupId: 'g',
    generationId: joined.generationId,
    memberId: joined.memberId,
    groupInstanceId: null,
    protocolType: null,
    protocolName: null,
    assignments: Object.entries(assignments).map(([memberId, byte]) => ({
      memberId,
      assignment: Uint8Array.of(byte),
    })),
  });
}

async function heartbeat({ memberId, generationId }: JoinGroupReply): Promise<number> {
  const command = { groupId: 'g', generationId, memberId, groupInstanceId: null };
  return (await group.call('heartbeat', command)).errorCode;
}

/** Waits until this many members are in the group. */
const membersAre = (count: number) =>
  expect
    .poll(async () => {
      const { group: described } = await group.call('describeGroup', { groupId: 'g' });
      return described.members.length;
    })
    .toBe(count);

/** The delay, and its extension for the second member. */
async function passInitialDelay(): Promise<void> {
  for (let rings = 0; rings < 2; rings++) {
    vi.setSystemTime(Date.now() + 3_000);
    await runDurableObjectAlarm(groupStub());
  }
}

/** Two members of a Stable group, the leader first. */
async function twoMembers(): Promise<[leader: JoinGroupReply, follower: JoinGroupReply]> {
  const first = join();
  await membersAre(1);
  const second = join();
  await membersAre(2);
  await passInitialDelay();
  const [leader, follower] = await Promise.all([first, second]);
  const waiting = sync(follower);
  await sync(leader, { [leader.memberId]: 1, [follower.memberId]: 2 });
  expect((await waiting).assignment).toEqual(Uint8Array.of(2));
  return [leader, follower];
}

function commit(offset: number, member?: JoinGroupReply, retentionTimeMs = -1) {
  const partition = { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1 };
  return group.call('commitOffsets', {
    groupId: 'g',
    generationId: member?.generationId ?? -1,
    memberId: member?.memberId ?? '',
    groupInstanceId: null,
    retentionTimeMs,
    namesMissingGroup: false,
    topics: [{ name: 't', topicId: 'T', partitions: [{ ...partition, metadata: 'm' }] }],
  });
}

const fetched = async (requireStable: boolean) => {
  const topics = [{ name: 't', partitionIndexes: [0] }];
  const reply = await group.call('fetchOffsets', { groupId: 'g', topics, requireStable });
  return reply.topics[0]?.partitions[0];
};

const committed = async () => (await fetched(false))?.committedOffset;

const isStable = async () => (await fetched(true))?.errorCode !== ErrorCode.UNSTABLE_OFFSET_COMMIT;

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe('a group as a Durable Object', () => {
  it('forms, hands out assignments, and survives an eviction', async () => {
    const [leader, follower] = await twoMembers();
    expect((await commit(5, follower)).errorCode).toBe(ErrorCode.NONE);
    expect(await keys()).toEqual(['group', 'offsets/t']);
    const before = await group.call('describeGroup', { groupId: 'g' });
    await evictDurableObject(groupStub());

    expect(await group.call('describeGroup', { groupId: 'g' })).toEqual(before);
    expect([await heartbeat(leader), await heartbeat(follower)]).toEqual([0, 0]);
    expect((await sync(follower)).assignment).toEqual(Uint8Array.of(2));
    expect(await committed()).toBe(5);
    expect((await commit(6, leader)).errorCode).toBe(ErrorCode.NONE);
  });

  it('writes nothing and sets no alarm when it is asked about, or a member is alive', async () => {
    await group.call('describeGroup', { groupId: 'g' });
    await group.call('fetchOffsets', { groupId: 'g', topics: null, requireStable: false });
    expect(await heartbeat({ memberId: 'm', generationId: 1 } as JoinGroupReply)).toBe(
      ErrorCode.UNKNOWN_MEMBER_ID,
    );
    expect(await keys()).toEqual([]);
    expect(await storage((each) => each.getAlarm())).toBeNull();

    const [leader] = await twoMembers();
    const alarm = await storage((each) => each.getAlarm());
    await heartbeat(leader);
    expect(await storage((each) => each.getAlarm())).toBe(alarm);
  });

  it('keeps offsets for longer than an alarm can be set', async () => {
    expect((await commit(7, undefined, 10 ** 13)).errorCode).toBe(ErrorCode.NONE);
    expect(await committed()).toBe(7);
    expect(await storage((each) => each.getAlarm())).toBeNull();
  });

  it('callers that were held when it went away meet weather, and may ask again', async () => {
    const [leader] = await twoMembers();
    const held = join({ memberId: leader.memberId });
    const outcome = expect(held).rejects.toBeInstanceOf(Weather);
    await expect.poll(() => heartbeat(leader)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    await abortAllDurableObjects();
    await outcome;
    expect(await heartbeat(leader)).toBe(ErrorCode.NONE);
    expect((await commit(1, leader)).errorCode).toBe(ErrorCode.NONE);
  });

  it('its alarm puts silent members on probation after an eviction, once', async () => {
    await twoMembers();
    await evictDurableObject(groupStub());
    expect(await runDurableObjectAlarm(groupStub())).toBe(true);
    expect(await keys()).toEqual(['group', 'probation']);
    expect(await storage((each) => each.getAlarm())).toBeGreaterThan(Date.now());
  });

  it('is found by the controller from its first commit until it is deleted', async () => {
    await commit(1);
    expect(await groupIds()).toEqual(['g']);
    await evictDurableObject(groupStub());
    await commit(2);
    expect(await committed()).toBe(2);
    expect((await group.call('deleteGroup', { groupId: 'g' })).errorCode).toBe(0);
    expect(await keys()).toEqual([]);
    await expect.poll(groupIds).toEqual([]);
    expect(await committed()).toBeUndefined();
  });

  it('refuses nonsense with a code', async () => {
    const nameless = objects.group('');
    const refused = await nameless.call('leaveGroup', { groupId: '', members: [] });
    expect(refused.errorCode).toBe(ErrorCode.INVALID_GROUP_ID);
    expect((await join({ sessionTimeoutMs: 1 })).errorCode).toBe(ErrorCode.INVALID_SESSION_TIMEOUT);
    expect((await join({ memberId: 'me' })).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    await expect.poll(groupIds).toEqual([]);
  });
});

describe('a group in a transaction', () => {
  const transactionalId = 'x';

  /** A producer with a transaction that this group is part of; both halves of it as they are. */
  async function producer() {
    const coordinator = objects.transaction(transactionalId);
    const nobody = { transactionalId, producerId: -1, producerEpoch: -1 };
    const command = { ...nobody, transactionTimeoutMs: 60_000, newProducerId: 7 };
    const { producerId, producerEpoch, errorCode } = await coordinator.call(
      'initProducerId',
      command,
    );
    expect(errorCode).toBe(ErrorCode.NONE);
    const identity = { transactionalId, producerId, producerEpoch };
    return {
      commit: async (offset: number, addsGroup = true) => {
        const partition = { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1 };
        const reply = await group.call('commitTransactionalOffsets', {
          ...identity,
          groupId: 'g',
          addsGroup,
          generationId: -1,
          memberId: '',
          groupInstanceId: null,
          topics: [{ name: 't', topicId: 'T', partitions: [{ ...partition, metadata: 'm' }] }],
        });
        return reply.errorCode;
      },
      end: async (isCommit: boolean) => {
        const end = { ...identity, committed: isCommit, transactionVersion: 2, newProducerId: -1 };
        const reply = await objects.transaction(transactionalId).call('endTxn', end);
        identity.producerEpoch = reply.producerEpoch;
        return reply.errorCode;
      },
    };
  }

  it('holds offsets until it is committed, and survives an eviction meanwhile', async () => {
    const { commit: commitInTransaction, end } = await producer();
    await commit(5);
    expect(await commitInTransaction(10)).toBe(ErrorCode.NONE);
    expect(await keys()).toEqual(['offsets/t', 'pending/7']);
    await evictDurableObject(groupStub());
    expect([await committed(), await isStable()]).toEqual([5, false]);
    // Nobody is asked once it is open.
    expect(await commitInTransaction(11, false)).toBe(ErrorCode.NONE);
    expect(await end(true)).toBe(ErrorCode.NONE);
    expect([await committed(), await isStable()]).toEqual([11, true]);
    expect(await keys()).toEqual(['offsets/t']);
  });

  it('forgets them when it is aborted, and takes no part it was not given', async () => {
    const { commit: commitInTransaction, end } = await producer();
    expect(await commitInTransaction(10, false)).toBe(ErrorCode.TRANSACTION_ABORTABLE);
    expect(await keys()).toEqual([]);
    expect(await commitInTransaction(10)).toBe(ErrorCode.NONE);
    expect(await groupIds()).toEqual(['g']);
    expect(await end(false)).toBe(ErrorCode.NONE);
    expect([await committed(), await isStable()]).toEqual([undefined, true]);
    expect(await commitInTransaction(12)).toBe(ErrorCode.NONE);
    expect(await end(true)).toBe(ErrorCode.NONE);
    expect(await committed()).toBe(12);
  });
});
