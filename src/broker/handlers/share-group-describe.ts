/**
 * ShareGroupDescribe: state, epochs and members of share groups. The surprise: groups know topics
 * by id; their names are added here, and a topic that is gone is left out.
 *
 * Behaviour
 * - To describe the group is asked for, and to describe every topic that its members read; who may
 *   not is told no more than that, TOPIC_AUTHORIZATION_FAILED.
 * - A group that does not exist, or is of another kind: GROUP_ID_NOT_FOUND, with a message. An
 *   empty name: INVALID_GROUP_ID.
 *
 * Versions
 * - 1 only
 */
import {
  type ShareGroupDescribeRequest,
  type ShareGroupDescribeResponse,
  shareGroupDescribe,
} from '../../protocol/apis/share-group-describe.ts';
import type { Handler } from '../context.ts';
import { describedGroups } from '../described-groups.ts';
import { namesOf } from '../named-partitions.ts';
import { blank, type Refusal } from '../refusals.ts';

type Described = ShareGroupDescribeResponse['groups'][number];

export const handleShareGroupDescribe: Handler<
  ShareGroupDescribeRequest,
  ShareGroupDescribeResponse
> = (request, context) =>
  describedGroups<Described>(request, context, {
    describe: async (groupId, stub) => {
      const { group, ...refusal } = await stub.call('describeShareGroup', { groupId });
      if (group === null) return refused(groupId, refusal);
      const all = group.members.map(({ assignment }) => assignment);
      const named = await namesOf(all, context.metadata);
      const members = group.members.map((member) => ({
        ...member,
        assignment: { topicPartitions: named(member.assignment) },
      }));
      return { ...refused(groupId, refusal), ...group, members };
    },
    refused,
    topicsOf: ({ members }) =>
      members.flatMap(({ assignment }) =>
        assignment.topicPartitions.map(({ topicName }) => topicName),
      ),
  });

/** All that is said of a group that is not described; of others, where nothing is wrong. */
function refused(groupId: string, refusal: Refusal): Described {
  return { ...blank<Described>(shareGroupDescribe, 'groups'), groupId, ...refusal };
}
