/** A consumer group as ConsumerGroupDescribe shows it, with topics by id. */
import type { GroupCalls } from '../commands.ts';
import { listedPartitions } from '../modern-group.ts';
import {
  type ConsumerGroupView,
  type ConsumerMember,
  type OwnedPartitions,
  stateOf,
} from './consumer-group.ts';
import { listed } from './heartbeat.ts';
import { preferredAssignor } from './target.ts';

type Described = NonNullable<GroupCalls['describeConsumerGroup']['reply']['group']>;

export function described(group: ConsumerGroupView): Described {
  const { groupEpoch, assignmentEpoch } = group.checkpoint;
  return {
    groupState: stateOf(group),
    groupEpoch,
    assignmentEpoch,
    assignorName: preferredAssignor(group),
    members: [...group.members()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      rackId: member.rackId,
      memberEpoch: member.memberEpoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: member.subscribedTopicNames,
      subscribedTopicRegex: member.subscribedTopicRegex,
      assignment: listed(held(member)),
      targetAssignment: listedPartitions(member.target),
      isClassic: member.classic !== null,
    })),
  };
}

/** What it has, and what it has not yet said that it gave up. */
function held({ assigned, pendingRevocation }: ConsumerMember): OwnedPartitions {
  const all: Record<string, Record<number, number>> = { ...assigned };
  for (const [topicId, partitions] of Object.entries(pendingRevocation)) {
    all[topicId] = { ...all[topicId], ...partitions };
  }
  return all;
}
