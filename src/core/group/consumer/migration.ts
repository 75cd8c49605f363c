/**
 * How a group changes its protocol while it is used: the first member that speaks the consumer
 * protocol makes a consumer group of a classic one, and when the last of them goes and classic ones
 * remain, it is a classic group again. The surprise: nobody loses a partition by it; what the
 * classic generation assigned is what everybody has, and is to have, at that epoch.
 */
import { DecodeError } from '../../../bytes/reader.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
} from '../../../protocol/embedded/consumer-protocol.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import type { ClassicGroup, GroupCheckpoint, Member } from '../classic-group.ts';
import type { GroupConfig } from '../rows.ts';
import type { TopicsImage } from '../topics-image.ts';
import {
  type ConsumerGroupView,
  type ConsumerMember,
  newConsumerGroup,
  newMember,
  type OwnedPartitions,
} from './consumer-group.ts';
import { ConsumerDraft } from './draft.ts';

const consumers = 'consumer';
const noBytes = new Uint8Array(0);

/** Refuses, with GROUP_ID_NOT_FOUND, what cannot become a consumer group. */
export function checkUpgrade(group: ClassicGroup, config: GroupConfig, groupId: string): void {
  const policy = config.groupConsumerMigrationPolicy;
  if (policy !== 'bidirectional' && policy !== 'upgrade') {
    throw noUpgrade(groupId, 'online upgrade is disabled');
  }
  if (group.protocolType !== consumers) {
    throw noUpgrade(groupId, 'the group does not use the consumer embedded protocol');
  }
  if (group.members.size > config.groupConsumerMaxSize) {
    throw noUpgrade(groupId, 'the group size exceeds the consumer group maximum size');
  }
}

function noUpgrade(groupId: string, why: string): KafkaError {
  return new KafkaError(
    ErrorCode.GROUP_ID_NOT_FOUND,
    `Cannot upgrade classic group ${groupId} to consumer group because ${why}.`,
  );
}

/** The consumer group that a classic one is, at the epoch of its generation. */
export function upgraded(group: ClassicGroup, image: TopicsImage, groupId: string): ConsumerDraft {
  const { generationId } = group;
  const checkpoint = {
    ...newConsumerGroup,
    groupEpoch: generationId,
    assignmentEpoch: generationId,
  };
  const draft = new ConsumerDraft(checkpoint, new Map());
  try {
    for (const member of group.members.values()) draft.put(upgradedMember(member, group, image));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw noUpgrade(groupId, 'the embedded consumer protocol is malformed');
  }
  return draft;
}

function upgradedMember(member: Member, group: ClassicGroup, image: TopicsImage): ConsumerMember {
  const { generationId } = group;
  const subscription = decodeSubscription(metadataOf(member, group.protocolName));
  const assigned: Record<string, Record<number, number>> = {};
  const target: Record<string, readonly number[]> = {};
  const had = member.assignment.length > 0 ? decodeAssignment(member.assignment) : undefined;
  for (const { topic, partitions } of had?.assignedPartitions ?? []) {
    const topicId = image.byName(topic)?.topicId;
    if (topicId === undefined) continue;
    // A leader may name a topic as often as it likes.
    target[topicId] = [...(target[topicId] ?? []), ...partitions];
    const given = Object.fromEntries(partitions.map((one) => [one, generationId]));
    assigned[topicId] = { ...assigned[topicId], ...given };
  }
  return {
    ...newMember(member.memberId),
    groupInstanceId: member.groupInstanceId,
    rackId: subscription.rackId || null,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    subscribedTopicNames: [...new Set(subscription.topics)].sort(),
    memberEpoch: generationId,
    previousMemberEpoch: generationId,
    assigned,
    target,
    classic: { sessionTimeoutMs: member.sessionTimeoutMs, protocols: member.protocols },
  };
}

/** While a group is joining there is no protocol yet: the member's first one speaks for it. */
function metadataOf({ protocols }: Member, protocolName: string | null): Uint8Array {
  const chosen = protocols.find(({ name }) => name === protocolName) ?? protocols[0];
  return chosen?.metadata ?? noBytes;
}

/**
 * Whether a group is to be a classic one again when these are gone: only where one of them was the
 * last that spoke the consumer protocol.
 */
export function downgrades(
  group: ConsumerGroupView,
  gone: ReadonlySet<string>,
  config: GroupConfig,
): boolean {
  let remain = 0;
  for (const { memberId, classic } of group.members()) {
    if (gone.has(memberId)) continue;
    if (classic === null) return false;
    remain++;
  }
  const policy = config.groupConsumerMigrationPolicy;
  const allowed = policy === 'bidirectional' || policy === 'downgrade';
  return allowed && remain > 0 && remain <= config.groupMaxSize;
}

/** The topics that the members of a classic group read and have; none where that is unreadable. */
export function classicNames(group: ClassicGroup): Set<string> {
  const names = new Set<string>();
  try {
    for (const member of group.members.values()) {
      const { topics } = decodeSubscription(metadataOf(member, group.protocolName));
      for (const name of topics) names.add(name);
      if (member.assignment.length === 0) continue;
      for (const { topic } of decodeAssignment(member.assignment).assignedPartitions) {
        names.add(topic);
      }
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  return names;
}

/** What a consumer group whose members are all classic is kept as from now on. */
export function downgraded(
  group: ConsumerGroupView,
  image: TopicsImage | undefined,
  now: number,
): GroupCheckpoint {
  const members = [...group.members()].flatMap((member) => {
    const { classic, memberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs } = member;
    if (classic === null) return [];
    const assignment = image ? classicAssignment(member, image) : noBytes;
    const known = { memberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs };
    return [{ ...known, ...classic, assignment }];
  });
  return {
    generationId: group.checkpoint.groupEpoch,
    protocolType: consumers,
    protocolName: commonProtocol(members),
    leader: members[0]?.memberId ?? null,
    stateTimestampMs: now,
    mustRebalance: true,
    members,
  };
}

function commonProtocol(members: readonly Pick<Member, 'protocols'>[]): string | null {
  const [first, ...others] = members;
  const common = first?.protocols.find(({ name }) =>
    others.every(({ protocols }) => protocols.some((one) => one.name === name)),
  );
  return common?.name ?? null;
}

/** What a member has, in the words of the classic protocol, in the version the member speaks. */
export function classicAssignment(member: ConsumerMember, image: TopicsImage): Uint8Array {
  const metadata = member.classic?.protocols[0]?.metadata ?? noBytes;
  const version = metadata.length >= 2 ? (metadata[0] << 8) | metadata[1] : 0;
  const assignedPartitions = named(member.assigned, image);
  return encodeAssignment(Math.min(version, 3), { assignedPartitions, userData: null });
}

function named(assigned: OwnedPartitions, image: TopicsImage) {
  return Object.entries(assigned).flatMap(([topicId, partitions]) => {
    const topic = image.byId(topicId)?.name;
    if (topic === undefined) return [];
    return [{ topic, partitions: Object.keys(partitions).map(Number) }];
  });
}
