/**
 * ShareGroupHeartbeat: a member joins, says what it reads, hears what it may have, and leaves. The
 * surprise: a new group has its assignment at once. Apache Kafka's members get none until its
 * coordinator has heard of a state in every partition; here the partitions make it themselves.
 */
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import type { Partitions } from '../assignors/assignor.ts';
import { simple } from '../assignors/simple.ts';
import type { Draft } from '../draft.ts';
import { Epoch, listedPartitions, same, unknownMember } from '../modern-group.ts';
import type { GroupConfig } from '../rows.ts';
import { subscribedIds, subscribedNames, topicsHashOf } from '../subscriptions.ts';
import type { TopicsImage } from '../topics-image.ts';
import type { ShareGroupCalls } from './calls.ts';
import { newShareMember, type ShareMember } from './share-group.ts';
import { type ShareTopics, subscribed } from './share-topics.ts';

type Heartbeat = ShareGroupCalls['shareGroupHeartbeat'];

export type ShareDraft = Draft<'share', ShareMember>;

export interface ShareBeat {
  readonly command: Heartbeat['command'];
  readonly draft: ShareDraft;
  readonly topics: ShareTopics;
  readonly image: TopicsImage;
  readonly config: GroupConfig;
  readonly now: number;
}

/** Throws KafkaError. */
export function beat(context: ShareBeat): { reply: Heartbeat['reply']; topics: ShareTopics } {
  const { command, draft, image, config, now } = context;
  const before = joining(context);
  const subscribedTopicNames = command.subscribedTopicNames
    ? [...new Set(command.subscribedTopicNames)].sort()
    : before.subscribedTopicNames;
  const rackId = command.rackId ?? before.rackId;
  const { clientId, clientHost } = command;
  draft.put({ ...before, subscribedTopicNames, rackId, clientId, clientHost });
  const names = new Set([...draft.members()].flatMap((one) => [...subscribedNames(one, image)]));
  const { topics, toStart } = subscribed(context.topics, names, image);
  const assignable = assignableOf(topics, names);
  const topicsHash = topicsHashOf(draft, image);
  const { groupEpoch, assignmentEpoch } = draft.checkpoint;
  const changed =
    !same(before.subscribedTopicNames, subscribedTopicNames) ||
    topicsHash !== draft.checkpoint.topicsHash ||
    (assignmentEpoch >= groupEpoch && !isAllAssigned(draft, assignable));
  if (changed) draft.bumpEpoch(topicsHash, now);
  makeTargets(context, assignable);
  const member = moved(draft.member(command.memberId)!, changed, context);
  draft.put(member);
  const tells =
    command.memberEpoch === Epoch.JOIN ||
    command.subscribedTopicNames !== null ||
    !same(before.assigned, member.assigned);
  const reply = {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId: member.memberId,
    memberEpoch: member.memberEpoch,
    heartbeatIntervalMs: config.groupShareHeartbeatIntervalMs,
    assignedPartitions: tells ? listedPartitions(member.assigned) : null,
    toStart,
  };
  return { reply, topics };
}

/** Who says so, as the group knows it; somebody new where that is all right. */
function joining({ command, draft, config }: ShareBeat): ShareMember {
  const { memberId, memberEpoch } = command;
  const known = draft.member(memberId);
  if (!known && draft.memberCount >= config.groupShareMaxSize) {
    throw new KafkaError(
      ErrorCode.GROUP_MAX_SIZE_REACHED,
      `The share group has reached its maximum capacity of ${config.groupShareMaxSize} members.`,
    );
  }
  if (!known && memberEpoch !== Epoch.JOIN) throw unknownMember(command);
  const member = known ?? newShareMember(memberId);
  checkEpoch(member, memberEpoch);
  return member;
}

function checkEpoch({ memberEpoch, previousMemberEpoch }: ShareMember, said: number): void {
  // The answer with the present one may have been lost.
  if (said === Epoch.JOIN || said === memberEpoch || said === previousMemberEpoch) return;
  const isGreater = said > memberEpoch;
  const last = `, and it does not match the previous member epoch (${previousMemberEpoch})`;
  throw new KafkaError(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The share group member has a ${isGreater ? 'greater' : 'smaller'} member epoch (${said}) ` +
      `than the one known by the group coordinator (${memberEpoch})${isGreater ? '' : last}. ` +
      'The member must abandon all its partitions and rejoin.',
  );
}

/** What may be assigned of what is read. */
function assignableOf({ known }: ShareTopics, names: ReadonlySet<string>): Partitions {
  const read = Object.entries(known).filter(([, { name }]) => names.has(name));
  return Object.fromEntries(read.map(([topicId, { partitions }]) => [topicId, partitions]));
}

/** Whether the targets have all that there is. */
function isAllAssigned(draft: ShareDraft, assignable: Partitions): boolean {
  const assigned = new Set<string>();
  for (const { target } of draft.members()) {
    for (const [topicId, partitions] of Object.entries(target)) {
      for (const partition of partitions) assigned.add(`${topicId}:${partition}`);
    }
  }
  return Object.entries(assignable).every(([topicId, partitions]) =>
    partitions.every((partition) => assigned.has(`${topicId}:${partition}`)),
  );
}

function makeTargets({ draft, image, config, now }: ShareBeat, partitions: Partitions): void {
  if (!draft.wantsTargets(config.groupShareAssignmentIntervalMs, now)) return;
  const members = [...draft.members()].map(({ memberId, target, ...subscription }) => {
    const ids = subscribedIds(subscription, image);
    return { memberId, groupInstanceId: null, subscribed: ids, target };
  });
  members.sort((one, other) => (one.memberId < other.memberId ? -1 : 1));
  draft.setTargets(simple({ members, partitions }), now);
}

/** The member with its target, of which it has at once what it reads. */
function moved(member: ShareMember, changed: boolean, { draft, image }: ShareBeat): ShareMember {
  const { assignmentEpoch } = draft.checkpoint;
  if (!changed && member.memberEpoch === assignmentEpoch) return member;
  const read = subscribedIds(member, image);
  const kept = Object.entries(member.target).filter(([topicId]) => read.has(topicId));
  const assigned = Object.fromEntries(kept);
  if (member.memberEpoch === assignmentEpoch) return { ...member, assigned };
  const previousMemberEpoch = member.memberEpoch;
  return { ...member, assigned, memberEpoch: assignmentEpoch, previousMemberEpoch };
}
