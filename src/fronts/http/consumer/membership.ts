/**
 * A consumer instance as a member of its group: joins, shares partitions out when it leads,
 * heartbeats and leaves, as a Kafka consumer does while it polls. The surprise: nobody heartbeats
 * between polls, so the session lasts as long as an idle instance does.
 */

import { matcherOf } from '../../../core/pattern/pattern.ts';
import { assignors, type GroupMember } from '../../../core/rest-consumer/assignors.ts';
import type { Membership } from '../../../core/rest-consumer/calls.ts';
import { assignedByGroup, joined, mustRejoin } from '../../../core/rest-consumer/state.ts';
import { heartbeat } from '../../../protocol/apis/heartbeat.ts';
import { type JoinGroupResponse, joinGroup } from '../../../protocol/apis/join-group.ts';
import { leaveGroup } from '../../../protocol/apis/leave-group.ts';
import { syncGroup } from '../../../protocol/apis/sync-group.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../protocol/embedded/consumer-protocol.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../../protocol/errors.ts';
import type { Consumer } from './consumer.ts';
import { commitBeforeRebalance } from './offsets.ts';

/** Between two tries of what may well succeed the next time. */
const retryMs = 100;
/**
 * The oldest version of the embedded protocol: every client reads it. It has no way to say what a
 * member holds, and a REST consumer holds nothing while it joins.
 */
const embeddedVersion = 0;

/**
 * Makes the instance a member with an assignment, or tries until `giveUpAt`. Answers whether it is
 * one. Throws KafkaError for what no repetition helps against.
 */
export async function ensureMember(consumer: Consumer, giveUpAt: number): Promise<boolean> {
  const topics = await wantedTopics(consumer);
  if (await isCurrent(consumer, topics)) return true;
  const { signal } = consumer.kafka.context;
  while (consumer.now < giveUpAt && !signal.aborted) {
    if (await join(consumer, topics, giveUpAt)) return true;
    await sleep(retryMs);
  }
  return false;
}

/** Tells the group that we live. False: the group has moved on and must be joined again. */
export async function beat(consumer: Consumer): Promise<boolean> {
  const { memberId, generationId } = consumer.state.member!;
  const { errorCode } = await consumer.kafka.call(heartbeat, {
    groupId: consumer.group,
    generationId,
    memberId,
    groupInstanceId: null,
  });
  switch (errorCode) {
    case ErrorCode.NONE:
      return true;
    case ErrorCode.REBALANCE_IN_PROGRESS:
      return false;
    case ErrorCode.ILLEGAL_GENERATION:
      consumer.state = mustRejoin(consumer.state, memberId);
      return false;
    case ErrorCode.UNKNOWN_MEMBER_ID:
      consumer.state = mustRejoin(consumer.state, '');
      return false;
    default:
      // The coordinator is away for a moment: as good as a heartbeat that was lost.
      if (errorInfo(errorCode).retriable) return true;
      throw new KafkaError(errorCode);
  }
}

/** The end of an instance: what it read is committed if it commits by itself, and it leaves. */
export async function retire(consumer: Consumer): Promise<void> {
  await commitBeforeRebalance(consumer);
  await leave(consumer);
  consumer.deleted = true;
}

/** Leaves the group, if it is a member. What the group answers does not matter any more. */
export async function leave(consumer: Consumer): Promise<void> {
  const memberId = consumer.state.member?.memberId;
  if (!memberId) return;
  const reason = 'the consumer instance was deleted or unsubscribed';
  await consumer.kafka.call(leaveGroup, {
    groupId: consumer.group,
    memberId: '',
    members: [{ memberId, groupInstanceId: null, reason }],
  });
}

/**
 * Whether the membership stands: same topics, same partitions to lead over, and the group agrees.
 */
async function isCurrent(consumer: Consumer, topics: readonly string[]): Promise<boolean> {
  const { member } = consumer.state;
  if (!member || member.generationId < 0) return false;
  const resubscribed = JSON.stringify(member.topics) !== JSON.stringify(topics);
  if (!resubscribed && !(await hasGrown(consumer, member)) && (await beat(consumer))) return true;
  if (consumer.state.member!.generationId >= 0) await commitBeforeRebalance(consumer);
  return false;
}

/** As leader: whether topics of the group have appeared, gone, or have other partitions now. */
async function hasGrown({ kafka }: Consumer, { led }: Membership): Promise<boolean> {
  if (led === null) return false;
  const counts = await partitionCounts(kafka.context.metadata, Object.keys(led));
  return Object.entries(led).some(([topic, count]) => (counts.get(topic) ?? 0) !== count);
}

/** The topics to subscribe to now, in order. */
async function wantedTopics({ state, kafka }: Consumer): Promise<readonly string[]> {
  if (state.subscription.kind === 'topics') return [...state.subscription.topics].sort();
  if (state.subscription.kind !== 'pattern') return [];
  const matches = matcherOf(state.subscription.pattern);
  const topics = await kafka.topics(null);
  return topics
    .map(({ name }) => name!)
    .filter(matches)
    .sort();
}

/** One attempt. False: to be tried again, with what was learned. */
async function join(
  consumer: Consumer,
  topics: readonly string[],
  giveUpAt: number,
): Promise<boolean> {
  const { kafka, state, group } = consumer;
  // As a Kafka consumer's own look at its topics does, this makes those that may be made.
  if (state.subscription.kind === 'topics') await kafka.topics(topics, true);
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = kafka.context.config;
  const { instanceTimeoutMs } = state.config;
  const sessionTimeoutMs = Math.max(instanceTimeoutMs, groupMinSessionTimeoutMs);
  const metadata = encodeSubscription(embeddedVersion, {
    topics: [...topics],
    userData: null,
    ownedPartitions: [],
    generationId: -1,
    rackId: null,
  });
  const reply = await orGiveUp(
    kafka.call(joinGroup, {
      groupId: group,
      sessionTimeoutMs: Math.min(sessionTimeoutMs, groupMaxSessionTimeoutMs),
      rebalanceTimeoutMs: instanceTimeoutMs,
      memberId: state.member?.memberId ?? '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: Object.keys(assignors).map((name) => ({ name, metadata })),
      reason: null,
    }),
    giveUpAt - consumer.now,
  );
  if (reply === undefined) return false;
  switch (reply.errorCode) {
    case ErrorCode.NONE:
      return sync(consumer, topics, reply, giveUpAt);
    case ErrorCode.MEMBER_ID_REQUIRED:
      consumer.state = mustRejoin(state, reply.memberId);
      return join(consumer, topics, giveUpAt);
    case ErrorCode.UNKNOWN_MEMBER_ID:
    case ErrorCode.FENCED_INSTANCE_ID:
      consumer.state = mustRejoin(state, '');
      return false;
    default:
      return againOrThrow(reply.errorCode);
  }
}

/** Hands out the assignment (as leader) and fetches ours. */
async function sync(
  consumer: Consumer,
  topics: readonly string[],
  reply: JoinGroupResponse,
  giveUpAt: number,
): Promise<boolean> {
  const { kafka, group } = consumer;
  const { memberId, generationId, protocolName, protocolType } = reply;
  const leads = reply.leader === memberId;
  const { assignments, led } = leads ? await shareOut(consumer, reply) : nothingToShare;
  consumer.state = joined(consumer.state, { memberId, generationId, topics, led });
  const answer = await orGiveUp(
    kafka.call(syncGroup, {
      groupId: group,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType,
      protocolName,
      assignments,
    }),
    giveUpAt - consumer.now,
  );
  if (answer?.errorCode === ErrorCode.NONE) {
    const ours =
      answer.assignment.length === 0 ? [] : decodeAssignment(answer.assignment).assignedPartitions;
    consumer.state = assignedByGroup(
      consumer.state,
      ours.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    );
    return true;
  }
  const unknown = answer?.errorCode === ErrorCode.UNKNOWN_MEMBER_ID;
  consumer.state = mustRejoin(consumer.state, unknown ? '' : memberId);
  const lost = unknown || answer?.errorCode === ErrorCode.ILLEGAL_GENERATION;
  return answer === undefined || lost ? false : againOrThrow(answer.errorCode);
}

interface Shares {
  readonly assignments: { memberId: string; assignment: Uint8Array }[];
  readonly led: Record<string, number> | null;
}

const nothingToShare: Shares = { assignments: [], led: null };

/** What the leader decides, by the assignor the group has agreed on. */
async function shareOut({ kafka }: Consumer, reply: JoinGroupResponse): Promise<Shares> {
  const members = reply.members.map(memberOf);
  const topics = [...new Set(members.flatMap((member) => member.topics))];
  const counts = await partitionCounts(kafka.context.metadata, topics);
  const led = Object.fromEntries(topics.map((topic) => [topic, counts.get(topic) ?? 0]));
  if (reply.skipAssignment) return { assignments: [], led };
  const shares = assignors[reply.protocolName!](members, counts);
  const assignments = [...shares].map(([memberId, share]) => ({
    memberId,
    assignment: encodeAssignment(embeddedVersion, {
      assignedPartitions: share.map(({ topic, partitions }) => ({
        topic,
        partitions: [...partitions],
      })),
      userData: null,
    }),
  }));
  return { assignments, led };
}

function memberOf({
  memberId,
  groupInstanceId,
  metadata,
}: JoinGroupResponse['members'][number]): GroupMember {
  const { topics, ownedPartitions, generationId } = decodeSubscription(metadata);
  const owned = ownedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
  return { memberId, groupInstanceId, topics, owned, generationId };
}

async function partitionCounts(
  metadata: Consumer['kafka']['context']['metadata'],
  topics: readonly string[],
): Promise<Map<string, number>> {
  const found = await metadata.recent(topics);
  return new Map([...found].map(([name, { partitions }]) => [name, partitions]));
}

function againOrThrow(errorCode: number): false {
  const again = errorCode === ErrorCode.REBALANCE_IN_PROGRESS || errorInfo(errorCode).retriable;
  if (again) return false;
  throw new KafkaError(errorCode);
}

/** Undefined when it takes longer: what the answer is then has to be asked again. */
export async function orGiveUp<T>(answer: Promise<T>, withinMs: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, withinMs));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
