/** A group of the consumer protocol in a real Durable Object: what an eviction and alarms leave. */
import { evictDurableObject, reset, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GroupCalls } from '../../src/core/group/commands.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { workerObjects } from '../../src/runtime/worker-objects.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);

type Beat = GroupCalls['consumerGroupHeartbeat']['command'];

function beat(changes: Partial<Beat>) {
  return objects.group('g').call('consumerGroupHeartbeat', {
    groupId: 'g',
    memberId: 'm',
    memberEpoch: 2,
    groupInstanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: null,
    subscribedTopicRegex: null,
    serverAssignor: null,
    owned: null,
    clientId: 'c',
    clientHost: '/h',
    topicsChangedAtMs: 0,
    ...changes,
  });
}

const join = { memberEpoch: 0, rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t'], owned: [] };

function groupStub(): DurableObjectStub {
  const namespace = bindings.GROUP_COORDINATOR;
  return namespace.get(namespace.idFromName('g'));
}

beforeEach(async () => {
  const topic = { name: 't', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] };
  await objects.controller().call('createTopics', { topics: [topic], validateOnly: false });
});
afterEach(() => reset());

describe('a consumer group', () => {
  it('goes on after an eviction, and is listed until it is deleted', async () => {
    const joined = await beat(join);
    expect(joined).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    expect(joined.assignedPartitions).toMatchObject([{ partitions: [0, 1, 2] }]);
    await evictDurableObject(groupStub());
    expect(await beat({})).toMatchObject({
      errorCode: 0,
      memberEpoch: 2,
      assignedPartitions: null,
    });
    const { groupIds } = await objects.controller().call('listGroups', {});
    expect(groupIds).toEqual(['g']);
    await beat({ memberEpoch: -1 });
    expect((await objects.group('g').call('deleteGroup', { groupId: 'g' })).errorCode).toBe(0);
    await expect
      .poll(async () => (await objects.controller().call('listGroups', {})).groupIds)
      .toEqual([]);
  });

  it('keeps a member whose silence an alarm only begins to count', async () => {
    await beat(join);
    await evictDurableObject(groupStub());
    expect(await runDurableObjectAlarm(groupStub())).toBe(true);
    await evictDurableObject(groupStub());
    expect((await beat({})).errorCode).toBe(ErrorCode.NONE);
  });
});
