/**
 * Consumer groups as REST v3 sees them. The surprise: a group is asked for in the words of both
 * protocols, since only it knows which of them it follows; a member of the classic one keeps its
 * assignment as bytes, which are read here.
 */
import { DecodeError } from '../../../bytes/reader.ts';
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
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { HttpError } from '../errors.ts';
import type { Kafka } from '../kafka.ts';
import { checkCode, compare } from './shapes.ts';

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

/** All groups of consumers by their names, without those that the client may not see. */
export async function allConsumerGroups(kafka: Kafka): Promise<Group[]> {
  const { errorCode, groups } = await kafka.call(listGroups, {
    statesFilter: [],
    typesFilter: ['classic', 'consumer'],
  });
  checkCode(errorCode);
  const listed = groups
    .filter(({ protocolType }) => protocolType === '' || protocolType === 'consumer')
    .sort((a, b) => compare(a.groupId, b.groupId));
  const named = Map.groupBy(listed, ({ groupType }) => groupType.toLowerCase());
  const idsOf = (type: string) => (named.get(type) ?? []).map(({ groupId }) => groupId);
  const [ofConsumers, classic] = await Promise.all([
    describeConsumerGroups(kafka, idsOf('consumer')),
    describeClassicGroups(kafka, idsOf('classic')),
  ]);
  const described = new Map([...ofConsumers, ...classic]);
  return listed.flatMap(({ groupId }) => {
    const group = described.get(groupId);
    if (group === undefined || group === ErrorCode.GROUP_ID_NOT_FOUND) return [];
    if (group === ErrorCode.GROUP_AUTHORIZATION_FAILED) return [];
    return groupOrThrow(group);
  });
}

/** Throws 404 where there is no such group. */
export async function groupNamed(kafka: Kafka, id: string): Promise<Group> {
  let described = (await describeConsumerGroups(kafka, [id])).get(id)!;
  if (described === ErrorCode.GROUP_ID_NOT_FOUND) {
    described = (await describeClassicGroups(kafka, [id])).get(id)!;
  }
  if (described !== ErrorCode.GROUP_ID_NOT_FOUND) return groupOrThrow(described);
  throw new HttpError(404, 404, `Consumer Group ${id} could not be found.`);
}

function groupOrThrow(group: Group | number): Group {
  if (typeof group === 'number') throw new KafkaError(group);
  return group;
}

/** By their names, or why they cannot be described. */
type Described = ReadonlyMap<string, Group | number>;

async function describeConsumerGroups(kafka: Kafka, groupIds: string[]): Promise<Described> {
  if (groupIds.length === 0) return new Map();
  const asked = { groupIds, includeAuthorizedOperations: false };
  const { groups } = await kafka.call(consumerGroupDescribe, asked);
  return new Map(groups.map((one) => [one.groupId, one.errorCode || consumerGroup(one)]));
}

async function describeClassicGroups(kafka: Kafka, ids: string[]): Promise<Described> {
  if (ids.length === 0) return new Map();
  const asked = { groups: ids, includeAuthorizedOperations: false };
  const { groups } = await kafka.call(describeGroups, asked);
  return new Map(groups.map((one) => [one.groupId, one.errorCode || classicGroup(one)]));
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

/** Nothing while a group is not stable, and where its leader has a format of its own. */
function assignedIn(bytes: Uint8Array): AssignedPartition[] {
  if (bytes.length === 0) return [];
  try {
    return decodeAssignment(bytes).assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}
