/**
 * How the APIs of administration say that a whole request failed, where one error code does not say
 * it all. The surprise: Kafka has a null list of quotas where others have an empty one.
 */
import type { alterClientQuotas } from '../protocol/apis/alter-client-quotas.ts';
import type { alterPartitionReassignments } from '../protocol/apis/alter-partition-reassignments.ts';
import type { alterUserScramCredentials } from '../protocol/apis/alter-user-scram-credentials.ts';
import type { createAcls } from '../protocol/apis/create-acls.ts';
import type { deleteAcls } from '../protocol/apis/delete-acls.ts';
import type { describeClientQuotas } from '../protocol/apis/describe-client-quotas.ts';
import { describeTopicPartitions } from '../protocol/apis/describe-topic-partitions.ts';
import { describeUserScramCredentials } from '../protocol/apis/describe-user-scram-credentials.ts';
import type { electLeaders } from '../protocol/apis/elect-leaders.ts';
import type { Infer } from '../protocol/schema.ts';
import { blank, type Refuses } from './refusals.ts';

export const refuseCreateAcls: Refuses<typeof createAcls> = ({ creations }, refusal) => ({
  throttleTimeMs: 0,
  results: creations.map(() => refusal),
});

export const refuseDeleteAcls: Refuses<typeof deleteAcls> = ({ filters }, refusal) => ({
  throttleTimeMs: 0,
  filterResults: filters.map(() => ({ ...refusal, matchingAcls: [] })),
});

/** Before version 1 only a partition can have an error. */
export const refuseElectLeaders: Refuses<typeof electLeaders> = (
  { topicPartitions },
  refusal,
  { apiVersion },
) => ({
  throttleTimeMs: 0,
  errorCode: apiVersion > 0 ? refusal.errorCode : 0,
  replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, ...refusal })),
  })),
});

export const refuseDescribeClientQuotas: Refuses<typeof describeClientQuotas> = (
  _request,
  refusal,
) => ({ throttleTimeMs: 0, ...refusal, entries: null });

export const refuseAlterClientQuotas: Refuses<typeof alterClientQuotas> = (
  { entries },
  refusal,
) => ({ throttleTimeMs: 0, entries: entries.map(({ entity }) => ({ ...refusal, entity })) });

/** Whole, and each partition as well. */
export const refuseAlterPartitionReassignments: Refuses<typeof alterPartitionReassignments> = (
  { topics },
  refusal,
) => ({
  throttleTimeMs: 0,
  allowReplicationFactorChange: true,
  ...refusal,
  responses: topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...refusal })),
  })),
});

export const refuseAlterUserScramCredentials: Refuses<typeof alterUserScramCredentials> = (
  { deletions, upsertions },
  refusal,
) => {
  const users = new Set([...deletions, ...upsertions].map(({ name }) => name));
  return { throttleTimeMs: 0, results: [...users].map((user) => ({ user, ...refusal })) };
};

/** As Kafka says it: once for each user that was asked for, without saying which. */
export const refuseDescribeUserScramCredentials: Refuses<typeof describeUserScramCredentials> = (
  { users },
  refusal,
) => {
  const nobody = { ...blank<DescribedUser>(describeUserScramCredentials, 'results'), ...refusal };
  const results = (users ?? []).map(() => ({ ...nobody, errorMessage: null }));
  return { throttleTimeMs: 0, ...refusal, results };
};
type DescribedUsers = Infer<typeof describeUserScramCredentials.response.fields>;
type DescribedUser = DescribedUsers['results'][number];

/** Who asks for every topic names none that could carry the error. */
export const refuseDescribeTopicPartitions: Refuses<typeof describeTopicPartitions> = (
  { topics },
  { errorCode },
) => {
  if (topics.length === 0) return undefined;
  const empty = blank<DescribedTopic>(describeTopicPartitions, 'topics');
  return {
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => ({ ...empty, name, errorCode })),
    nextCursor: null,
  };
};
type DescribedTopic = Infer<typeof describeTopicPartitions.response.fields>['topics'][number];
