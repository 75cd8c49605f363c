/** A share group in a real Durable Object: what an eviction and alarms leave of it. */
import { evictDurableObject, reset, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShareGroupCalls } from '../../src/core/group/share/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Env } from '../../src/runtime/worker-objects.ts';
import { workerObjects } from '../../src/runtime/worker-objects.ts';

const bindings = env as unknown as Env;
const objects = workerObjects(bindings);
const groupId = 'g';

function beat(changes: Partial<ShareGroupCalls['shareGroupHeartbeat']['command']>) {
  return objects.group(groupId).call('shareGroupHeartbeat', {
    groupId,
    memberId: 'm',
    memberEpoch: 2,
    rackId: null,
    subscribedTopicNames: null,
    clientId: 'c',
    clientHost: '/h',
    topicsChangedAtMs: 0,
    ...changes,
  });
}

const join = { memberEpoch: 0, subscribedTopicNames: ['t'] };

function groupStub(): DurableObjectStub {
  const namespace = bindings.GROUP_COORDINATOR;
  return namespace.get(namespace.idFromName(groupId));
}

beforeEach(async () => {
  const topic = { name: 't', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] };
  await objects.controller().call('createTopics', { topics: [topic], validateOnly: false });
});
afterEach(() => reset());

describe('a share group', () => {
  it('goes on after an eviction, and is listed until it is deleted', async () => {
    const joined = await beat(join);
    expect(joined).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    expect(joined.assignedPartitions).toMatchObject([{ partitions: [0, 1, 2] }]);
    await evictDurableObject(groupStub());
    expect(await beat({})).toMatchObject({ memberEpoch: 2, assignedPartitions: null });
    const list = async () => (await objects.controller().call('listGroups', {})).groupIds;
    expect(await list()).toEqual([groupId]);
    await beat({ memberEpoch: -1 });
    const group = objects.group(groupId);
    const { toForget } = await group.call('deleteGroup', { groupId });
    expect(toForget).toMatchObject([{ partitions: [0, 1, 2] }]);
    await evictDurableObject(groupStub());
    await group.call('forgetSharePartitions', { groupId, topics: toForget });
    expect(await group.call('deleteGroup', { groupId })).toEqual({ errorCode: 0, toForget: [] });
    await expect.poll(list).toEqual([]);
  });

  it('keeps a member whose silence an alarm only begins to count', async () => {
    await beat(join);
    await evictDurableObject(groupStub());
    expect(await runDurableObjectAlarm(groupStub())).toBe(true);
    expect(await beat({})).toMatchObject({ errorCode: ErrorCode.NONE, memberEpoch: 2 });
  });
});
