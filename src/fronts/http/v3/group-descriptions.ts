/**
 * Consumer groups as REST v3 sees them. The surprise: a group is asked for in the words of both
 * protocols, since only it knows which of them it follows; a member of the classic one keeps its
 * assignment as bytes, which are read here.
 */
import {
  type ConsumerGroupDescribeResponse,
  consumerGroupDescribe,
} from '../../../protocol/apis/consumer-group-describe.ts';
import {
  type DescribeGroupsResponse,
  describeGroups,
} from '../../../protocol/apis/describe-groups.ts';
import { listGroups } from '../../../protocol/apis/list-groups.ts';
import { decodeAssignment } from '../../../protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { HttpError } from '../errors.ts';
import type { Kafka } from '../kafka.ts';
import { checkCode } from './shapes.ts';

export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface Member {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly partitions: readonly AssignedPartition[];
}

export interface Group {
  readonly groupId: string;
  /** Whether it only keeps offsets, and nobody was ever a member. */
  readonly isSimple: boolean;
  readonly assignor: string;
  /** In Kafka's words: `PreparingRebalance`. */
  readonly state: string;
  readonly members: readonly Member[];
}

/** The names of all groups of consumers, in order. */
export async function consumerGroupIds(kafka: Kafka): Promise<string[]> {
  const { errorCode, groups } = await kafka.call(listGroups, {
    statesFilter: [],
    typesFilter: ['classic', 'consumer'],
  });
  checkCode(errorCode);
  return groups
    .filter(({ protocolType }) => protocolType === '' || protocolType === 'consumer')
    .map(({ groupId }) => groupId)
    .sort();
}

/** These groups, without those that are gone or that the client may not see. */
export async function describeConsumerGroups(
  kafka: Kafka,
  ids: readonly string[],
): Promise<Group[]> {
  const described = await describeAll(kafka, ids);
  return [...described.values()].flatMap((one) => {
    if (typeof one !== 'number') return one;
    if (one !== ErrorCode.GROUP_AUTHORIZATION_FAILED) checkCode(one);
    return [];
  });
}

/** Throws 404 where there is no such group. */
export async function groupNamed(kafka: Kafka, id: string): Promise<Group> {
  const described = (await describeAll(kafka, [id])).get(id);
  if (described === undefined) {
    throw new HttpError(404, 404, `Consumer Group ${id} could not be found.`);
  }
  if (typeof described === 'number') checkCode(described);
  return described as Group;
}

/** By their names, or why they cannot be described; without those that are not there. */
async function describeAll(
  kafka: Kafka,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Group | number>> {
  const known = new Map<string, Group | number>();
  if (ids.length === 0) return known;
  const asked = { groupIds: [...ids], includeAuthorizedOperations: false };
  const { groups } = await kafka.call(consumerGroupDescribe, asked);
  for (const group of groups) known.set(group.groupId, group.errorCode || consumerGroup(group));
  const others = ids.filter((id) => known.get(id) === ErrorCode.GROUP_ID_NOT_FOUND);
  if (others.length === 0) return known;
  const classic = await kafka.call(describeGroups, {
    groups: others,
    includeAuthorizedOperations: false,
  });
  for (const group of classic.groups) {
    const { groupId, errorCode, groupState } = group;
    const isGone = errorCode === ErrorCode.GROUP_ID_NOT_FOUND || groupState === 'Dead';
    if (isGone) known.delete(groupId);
    else known.set(groupId, errorCode || classicGroup(group));
  }
  return known;
}

function consumerGroup(group: ConsumerGroupDescribeResponse['groups'][number]): Group {
  return {
    groupId: group.groupId,
    isSimple: false,
    assignor: group.assignorName,
    state: group.groupState,
    members: group.members.map(({ memberId, instanceId, clientId, assignment }) => ({
      memberId,
      instanceId,
      clientId,
      partitions: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
        partitions.map((partition) => ({ topic: topicName, partition })),
      ),
    })),
  };
}

function classicGroup(group: DescribeGroupsResponse['groups'][number]): Group {
  return {
    groupId: group.groupId,
    isSimple: group.protocolType === '',
    assignor: group.protocolData,
    state: group.groupState,
    members: group.members.map(({ memberId, groupInstanceId, clientId, memberAssignment }) => ({
      memberId,
      instanceId: groupInstanceId,
      clientId,
      partitions: assignedIn(memberAssignment),
    })),
  };
}

/** While a group is not stable nobody has been assigned anything, and the bytes are none. */
function assignedIn(bytes: Uint8Array): AssignedPartition[] {
  if (bytes.length === 0) return [];
  return decodeAssignment(bytes).assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
