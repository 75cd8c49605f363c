/**
 * Groups, their members and how far they have read. The surprise: there are several kinds of
 * groups, and each is described by an API of its own; a member's share is the same in all.
 */
import { consumerGroupDescribe } from '../../protocol/apis/consumer-group-describe.ts';
import { deleteGroups } from '../../protocol/apis/delete-groups.ts';
import { describeGroups } from '../../protocol/apis/describe-groups.ts';
import { listGroups } from '../../protocol/apis/list-groups.ts';
import { offsetDelete } from '../../protocol/apis/offset-delete.ts';
import { decodeAssignment } from '../../protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Link } from '../link.ts';
import { byTopic, type Place } from '../offsets.ts';
import type { Limits } from '../waiting.ts';
import { throwIfRefused } from './refusals.ts';

export interface GroupListing {
  readonly groupId: string;
  /** `Consumer`, `Classic` or `Share`. */
  readonly type: string;
  /** `Stable`, `Empty`, `PreparingRebalance`, … */
  readonly state: string;
}

export interface GroupDescription {
  readonly groupId: string;
  readonly state: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly assignment: readonly Place[];
  }[];
}

export async function list(link: Link, limits: Limits): Promise<GroupListing[]> {
  const answer = await link.call(listGroups, {}, limits);
  throwIfRefused(answer);
  return answer.groups.map(({ groupId, groupType, groupState }) => ({
    groupId,
    type: groupType,
    state: groupState,
  }));
}

/** A group of consumers, of whichever protocol. */
export async function describe(
  link: Link,
  groupId: string,
  limits: Limits,
): Promise<GroupDescription> {
  const answer = await link.call(consumerGroupDescribe, { groupIds: [groupId] }, limits);
  const [group] = answer.groups;
  if (group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND)
    return describeClassic(link, groupId, limits);
  throwIfRefused(group, groupId);
  return {
    groupId,
    state: group.groupState,
    members: group.members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
      memberId,
      groupInstanceId: instanceId,
      clientId,
      clientHost,
      assignment: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
        partitions.map((partition) => ({ topic: topicName, partition })),
      ),
    })),
  };
}

async function describeClassic(
  link: Link,
  groupId: string,
  limits: Limits,
): Promise<GroupDescription> {
  const answer = await link.call(describeGroups, { groups: [groupId] }, limits);
  const [group] = answer.groups;
  throwIfRefused(group, groupId);
  const isOfConsumers = group.protocolType === 'consumer';
  return {
    groupId,
    state: group.groupState,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      assignment:
        isOfConsumers && member.memberAssignment.length > 0
          ? placesIn(member.memberAssignment)
          : [],
    })),
  };
}

function placesIn(memberAssignment: Uint8Array): Place[] {
  const { assignedPartitions } = decodeAssignment(memberAssignment);
  return assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

export async function remove(
  link: Link,
  groupIds: readonly string[],
  limits: Limits,
): Promise<void> {
  const answer = await link.call(deleteGroups, { groupsNames: groupIds }, limits);
  for (const result of answer.results) throwIfRefused(result, result.groupId);
}

/** Forgets how far a group has read these partitions. */
export async function removeOffsets(
  link: Link,
  groupId: string,
  places: readonly Place[],
  limits: Limits,
): Promise<void> {
  const topics = byTopic(places).map(([name, all]) => ({
    name,
    partitions: all.map(({ partition }) => ({ partitionIndex: partition })),
  }));
  const answer = await link.call(offsetDelete, { groupId, topics }, limits);
  throwIfRefused(answer, groupId);
  for (const { name, partitions } of answer.topics) {
    for (const { errorCode, partitionIndex } of partitions) {
      throwIfRefused({ errorCode }, `${groupId}, ${name}-${partitionIndex}`);
    }
  }
}
