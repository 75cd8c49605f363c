/**
 * Has the members of a group join again. The surprise: nothing in a group does that on its own
 * account, in Kafka neither; so somebody comes, as the members there are, and leaves at once.
 */
import type { GroupCalls } from '../../core/group/commands.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Objects, Stub } from '../../runtime/stubs.ts';

const guest = { clientId: 'kedge-test', clientHost: '/127.0.0.1' } as const;
const sessionTimeoutMs = 10_000;

/** False: there is no such group, or nobody is in it. */
export async function rebalance(groupId: string, objects: Objects): Promise<boolean> {
  const group = objects.group(groupId);
  const { group: listed } = await group.call('listGroup', { groupId });
  switch (listed?.groupType) {
    case 'classic':
      return visitClassic(groupId, group);
    case 'consumer':
      return visitConsumer(groupId, group);
    case 'share':
      return visitShare(groupId, group);
    default:
      return false;
  }
}

/** Members hear REBALANCE_IN_PROGRESS in their next heartbeat. */
async function visitClassic(groupId: string, group: Stub<GroupCalls>): Promise<boolean> {
  const described = await group.call('describeGroup', { groupId });
  const { groupState, protocolType, protocolData, members } = described.group;
  if (members.length === 0) return false;
  // Otherwise they are joining already.
  if (groupState !== 'Stable') return true;
  const join = {
    groupId,
    ...guest,
    groupInstanceId: null,
    sessionTimeoutMs,
    rebalanceTimeoutMs: sessionTimeoutMs,
    protocolType,
    protocols: [{ name: protocolData, metadata: members[0].memberMetadata }],
    supportsSkippingAssignment: false,
  };
  const named = await group.call('joinGroup', {
    ...join,
    memberId: '',
    requiresKnownMemberId: true,
  });
  const { memberId } = named;
  if (named.errorCode !== ErrorCode.MEMBER_ID_REQUIRED) throw new KafkaError(named.errorCode);
  // It is answered when the others have joined, or the guest has left.
  const joined = group
    .call('joinGroup', { ...join, memberId, requiresKnownMemberId: true })
    .catch(() => {});
  await group.call('leaveGroup', { groupId, members: [{ memberId, groupInstanceId: null }] });
  await joined;
  return true;
}

/** Members hear of a new epoch in their next heartbeat. */
async function visitConsumer(groupId: string, group: Stub<GroupCalls>): Promise<boolean> {
  const described = await group.call('describeConsumerGroup', { groupId });
  const [first] = described.group?.members ?? [];
  if (first === undefined) return false;
  const { subscribedTopicNames, subscribedTopicRegex } = first;
  const heartbeat = {
    groupId,
    ...guest,
    memberId: crypto.randomUUID(),
    groupInstanceId: null,
    rackId: null,
    rebalanceTimeoutMs: sessionTimeoutMs,
    subscribedTopicNames,
    subscribedTopicRegex: subscribedTopicRegex || null,
    serverAssignor: null,
    owned: [],
    topicsChangedAtMs: 0,
  };
  throwIf(await group.call('consumerGroupHeartbeat', { ...heartbeat, memberEpoch: 0 }));
  throwIf(await group.call('consumerGroupHeartbeat', { ...heartbeat, memberEpoch: -1 }));
  return true;
}

async function visitShare(groupId: string, group: Stub<GroupCalls>): Promise<boolean> {
  const described = await group.call('describeShareGroup', { groupId });
  const [first] = described.group?.members ?? [];
  if (first === undefined) return false;
  const heartbeat = {
    groupId,
    ...guest,
    memberId: crypto.randomUUID(),
    rackId: null,
    subscribedTopicNames: first.subscribedTopicNames,
    topicsChangedAtMs: 0,
  };
  throwIf(await group.call('shareGroupHeartbeat', { ...heartbeat, memberEpoch: 0 }));
  throwIf(await group.call('shareGroupHeartbeat', { ...heartbeat, memberEpoch: -1 }));
  return true;
}

function throwIf({ errorCode }: { readonly errorCode: number }): void {
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
}
