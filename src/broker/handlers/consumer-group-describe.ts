/**
 * ConsumerGroupDescribe: state, epochs and members of groups of the consumer protocol. The
 * surprise: groups know topics by id; their names are added here, and a topic that is gone is left
 * out.
 *
 * Behaviour
 * - To describe the group is asked for, and to describe every topic that its members read; who may
 *   not is told no more than that, TOPIC_AUTHORIZATION_FAILED.
 * - A group that does not exist, or is of another kind: GROUP_ID_NOT_FOUND, with a message. An
 *   empty name: INVALID_GROUP_ID.
 *
 * Versions
 * - 1: the protocol each member speaks (KIP-1099)
 */
import {
  type ConsumerGroupDescribeRequest,
  type ConsumerGroupDescribeResponse,
  consumerGroupDescribe,
} from '../../protocol/apis/consumer-group-describe.ts';
import type { Handler } from '../context.ts';
import { describedGroups } from '../described-groups.ts';
import { namesOf } from '../named-partitions.ts';
import { blank, type Refusal } from '../refusals.ts';

type Described = ConsumerGroupDescribeResponse['groups'][number];

const memberType = { classic: 0, consumer: 1 };

export const handleConsumerGroupDescribe: Handler<
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse
> = (request, context) =>
  describedGroups<Described>(request, context, {
    describe: async (groupId, stub) => {
      const { group, ...refusal } = await stub.call('describeConsumerGroup', { groupId });
      if (group === null) return refused(groupId, refusal);
      const all = group.members.flatMap((member) => [member.assignment, member.targetAssignment]);
      const named = await namesOf(all, context.metadata);
      const members = group.members.map(({ groupInstanceId, isClassic, ...member }) => ({
        ...member,
        instanceId: groupInstanceId,
        assignment: { topicPartitions: named(member.assignment) },
        targetAssignment: { topicPartitions: named(member.targetAssignment) },
        memberType: isClassic ? memberType.classic : memberType.consumer,
      }));
      return { ...refused(groupId, refusal), ...group, members };
    },
    refused,
    topicsOf: ({ members }) =>
      members
        .flatMap(({ assignment, targetAssignment }) => [assignment, targetAssignment])
        .flatMap(({ topicPartitions }) => topicPartitions.map(({ topicName }) => topicName)),
  });

/** All that is said of a group that is not described; of others, where nothing is wrong. */
function refused(groupId: string, refusal: Refusal): Described {
  return { ...blank<Described>(consumerGroupDescribe, 'groups'), groupId, ...refusal };
}
