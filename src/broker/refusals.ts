/**
 * How each API says that a whole request failed. Where an answer has no place for one error code,
 * every item that was asked for carries it. The surprise: some answers cannot say it at all
 * (undefined here), and then the connection is closed, since an empty answer would be a lie.
 */
import { ZERO_UUID } from '../bytes/uuid.ts';
import type { addPartitionsToTxn } from '../protocol/apis/add-partitions-to-txn.ts';
import type { alterConfigs } from '../protocol/apis/alter-configs.ts';
import { consumerGroupDescribe } from '../protocol/apis/consumer-group-describe.ts';
import type { createPartitions } from '../protocol/apis/create-partitions.ts';
import { createTopics } from '../protocol/apis/create-topics.ts';
import type { deleteGroups } from '../protocol/apis/delete-groups.ts';
import type { deleteRecords } from '../protocol/apis/delete-records.ts';
import type { deleteTopics } from '../protocol/apis/delete-topics.ts';
import type { describeConfigs } from '../protocol/apis/describe-configs.ts';
import { describeGroups } from '../protocol/apis/describe-groups.ts';
import { describeLogDirs } from '../protocol/apis/describe-log-dirs.ts';
import type { describeProducers } from '../protocol/apis/describe-producers.ts';
import type { describeShareGroupOffsets } from '../protocol/apis/describe-share-group-offsets.ts';
import { describeTransactions } from '../protocol/apis/describe-transactions.ts';
import { fetch } from '../protocol/apis/fetch.ts';
import { findCoordinator } from '../protocol/apis/find-coordinator.ts';
import type { incrementalAlterConfigs } from '../protocol/apis/incremental-alter-configs.ts';
import type { initProducerId } from '../protocol/apis/init-producer-id.ts';
import { joinGroup } from '../protocol/apis/join-group.ts';
import type { listOffsets } from '../protocol/apis/list-offsets.ts';
import { metadata } from '../protocol/apis/metadata.ts';
import type { offsetCommit } from '../protocol/apis/offset-commit.ts';
import type { offsetFetch } from '../protocol/apis/offset-fetch.ts';
import { produce } from '../protocol/apis/produce.ts';
import { shareGroupDescribe } from '../protocol/apis/share-group-describe.ts';
import type { txnOffsetCommit } from '../protocol/apis/txn-offset-commit.ts';
import type { writeTxnMarkers } from '../protocol/apis/write-txn-markers.ts';
import type { Api, Field, Fields, Infer } from '../protocol/schema.ts';
import { defaultsOf } from '../protocol/schema.ts';
import type { RequestContext } from './context.ts';
import { logDir } from './log-dir.ts';

/** What is wrong with the whole request. */
export interface Refusal {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export type Refuse<Q extends Fields, R extends Fields> = (
  request: Infer<Q>,
  refusal: Refusal,
  context: RequestContext,
) => Infer<R> | undefined;

/** For an answer with an error code (and perhaps a message) of its own: the rest stays empty. */
export function refuseAtTop<Q extends Fields, R extends Fields & { errorCode: Field<number> }>(
  api: Api<Q, R>,
): Refuse<Q, R> {
  return (_request, { errorCode, errorMessage }) => ({
    ...defaultsOf(api.response.fields),
    ...('errorMessage' in api.response.fields && { errorMessage }),
    errorCode,
  });
}

/** As `refuseAtTop`, for an answer that has a message which Kafka leaves out. */
export function refuseInSilence<Q extends Fields, R extends Fields & { errorCode: Field<number> }>(
  api: Api<Q, R>,
): Refuse<Q, R> {
  const refuse = refuseAtTop(api);
  return (request, { errorCode }, context) =>
    refuse(request, { errorCode, errorMessage: null }, context);
}

/** Who is refused hears of no protocol, which before version 7 is an empty one. */
export const refuseJoinGroup: Refuses<typeof joinGroup> = (request, refusal, context) => {
  const refused = refuseAtTop(joinGroup)(request, refusal, context);
  return refused && { ...refused, protocolName: context.apiVersion < 7 ? '' : null };
};

export type Refuses<A> = A extends Api<infer Q, infer R> ? Refuse<Q, R> : never;

/** An element of the array at this path of the answer, with every field at its default. */
export function blank<T>(api: { response: { fields: Fields } }, ...path: string[]): T {
  let { fields } = api.response;
  for (const name of path) fields = fields[name].spec.element!.spec.fields!;
  return defaultsOf(fields) as T;
}

export const refuseProduce: Refuses<typeof produce> = ({ topicData }, refusal) => {
  const nowhere = blank<ProducedPartition>(produce, 'responses', 'partitionResponses');
  const refused = { ...nowhere, ...refusal, baseOffset: -1 };
  return {
    ...defaultsOf(produce.response.fields),
    responses: topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => ({ ...refused, index })),
    })),
  };
};
type ProducedTopic = Infer<typeof produce.response.fields>['responses'][number];
type ProducedPartition = ProducedTopic['partitionResponses'][number];

export const refuseFetch: Refuses<typeof fetch> = ({ topics }, { errorCode }) => {
  const empty = blank<FetchedPartition>(fetch, 'responses', 'partitions');
  const refused = { ...empty, errorCode, highWatermark: -1 };
  return {
    ...defaultsOf(fetch.response.fields),
    errorCode,
    responses: topics.map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map(({ partition }) => ({ ...refused, partitionIndex: partition })),
    })),
  };
};
type FetchedTopic = Infer<typeof fetch.response.fields>['responses'][number];
type FetchedPartition = FetchedTopic['partitions'][number];

export const refuseListOffsets: Refuses<typeof listOffsets> = ({ topics }, { errorCode }) => {
  const refused = { errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 };
  return {
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ ...refused, partitionIndex })),
    })),
  };
};

/** "Every topic" cannot be refused before version 13: no topics would mean that there are none. */
export const refuseMetadata: Refuses<typeof metadata> = (request, { errorCode }, context) => {
  if (request.topics === null && context.apiVersion < 13) return undefined;
  const { nodeId } = context.config;
  return {
    ...defaultsOf(metadata.response.fields),
    errorCode,
    brokers: [{ nodeId, ...context.advertised, rack: null }],
    controllerId: nodeId,
    topics: (request.topics ?? []).map(({ name, topicId }) => ({
      ...blank<MetadataTopic>(metadata, 'topics'),
      name: name ?? (context.apiVersion < 12 ? '' : null),
      topicId,
      errorCode,
    })),
  };
};
type MetadataTopic = Infer<typeof metadata.response.fields>['topics'][number];

export const refuseFindCoordinator: Refuses<typeof findCoordinator> = (
  request,
  refusal,
  context,
) => {
  const nobody = { nodeId: -1, host: '', port: -1, ...refusal };
  const empty = defaultsOf(findCoordinator.response.fields);
  if (context.apiVersion < 4) return { ...empty, ...nobody };
  return { ...empty, coordinators: request.coordinatorKeys.map((key) => ({ key, ...nobody })) };
};

type CommitsOffsets = typeof offsetCommit | typeof txnOffsetCommit;
export const refuseOffsetCommit = (
  { topics }: Infer<CommitsOffsets['request']['fields']>,
  { errorCode }: Refusal,
): Infer<CommitsOffsets['response']['fields']> => ({
  throttleTimeMs: 0,
  topics: topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  })),
});

/** Version 1 has no place but the partitions; from version 8 on each group has its own. */
export const refuseOffsetFetch: Refuses<typeof offsetFetch> = (request, { errorCode }) => ({
  throttleTimeMs: 0,
  errorCode,
  topics: (request.topics ?? []).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode,
    })),
  })),
  groups: request.groups.map(({ groupId }) => ({ groupId, topics: [], errorCode })),
});

export const refuseDescribeGroups: Refuses<typeof describeGroups> = ({ groups }, refusal) => ({
  throttleTimeMs: 0,
  groups: groups.map((groupId) => ({
    ...blank<DescribedGroup>(describeGroups, 'groups'),
    groupId,
    errorCode: refusal.errorCode,
  })),
});
type DescribedGroup = Infer<typeof describeGroups.response.fields>['groups'][number];

export const refuseConsumerGroupDescribe: Refuses<typeof consumerGroupDescribe> = (
  { groupIds },
  refusal,
) => ({
  throttleTimeMs: 0,
  groups: groupIds.map((groupId) => ({
    ...blank<DescribedConsumerGroup>(consumerGroupDescribe, 'groups'),
    groupId,
    ...refusal,
  })),
});
type DescribedConsumerGroup = Infer<typeof consumerGroupDescribe.response.fields>['groups'][number];

export const refuseShareGroupDescribe: Refuses<typeof shareGroupDescribe> = (
  { groupIds },
  refusal,
) => ({
  throttleTimeMs: 0,
  groups: groupIds.map((groupId) => ({
    ...blank<DescribedShareGroup>(shareGroupDescribe, 'groups'),
    groupId,
    ...refusal,
  })),
});
type DescribedShareGroup = Infer<typeof shareGroupDescribe.response.fields>['groups'][number];

export const refuseDescribeShareGroupOffsets: Refuses<typeof describeShareGroupOffsets> = (
  { groups },
  refusal,
) => ({
  throttleTimeMs: 0,
  groups: groups.map(({ groupId }) => ({ groupId, topics: [], ...refusal })),
});

export const refuseDeleteGroups: Refuses<typeof deleteGroups> = ({ groupsNames }, refusal) => ({
  throttleTimeMs: 0,
  results: groupsNames.map((groupId) => ({ groupId, ...refusal })),
});

export const refuseCreateTopics: Refuses<typeof createTopics> = ({ topics }, refusal) => ({
  throttleTimeMs: 0,
  topics: topics.map(({ name }) => ({
    ...blank<CreatedTopic>(createTopics, 'topics'),
    name,
    ...refusal,
  })),
});
type CreatedTopic = Infer<typeof createTopics.response.fields>['topics'][number];

export const refuseDeleteTopics: Refuses<typeof deleteTopics> = (request, refusal) => {
  const named = request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
  const responses = [...request.topics, ...named].map((topic) => ({ ...topic, ...refusal }));
  return { throttleTimeMs: 0, responses };
};

export const refuseDeleteRecords: Refuses<typeof deleteRecords> = ({ topics }, { errorCode }) => ({
  throttleTimeMs: 0,
  topics: topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      lowWatermark: -1,
      errorCode,
    })),
  })),
});

export const refuseCreatePartitions: Refuses<typeof createPartitions> = ({ topics }, refusal) => ({
  throttleTimeMs: 0,
  results: topics.map(({ name }) => ({ name, ...refusal })),
});

export const refuseDescribeConfigs: Refuses<typeof describeConfigs> = ({ resources }, refusal) => ({
  throttleTimeMs: 0,
  results: resources.map(({ resourceType, resourceName }) => ({
    resourceType,
    resourceName,
    ...refusal,
    configs: [],
  })),
});

type AltersConfigs = typeof alterConfigs | typeof incrementalAlterConfigs;
export const refuseAlterConfigs = (
  { resources }: Infer<AltersConfigs['request']['fields']>,
  refusal: Refusal,
): Infer<AltersConfigs['response']['fields']> => ({
  throttleTimeMs: 0,
  responses: resources.map(({ resourceType, resourceName }) => ({
    resourceType,
    resourceName,
    ...refusal,
  })),
});

/** Before version 3 only a log directory can have an error. */
export const refuseDescribeLogDirs: Refuses<typeof describeLogDirs> = (
  _request,
  { errorCode },
  { apiVersion },
) => {
  const refused = { ...blank<LogDir>(describeLogDirs, 'results'), errorCode, logDir };
  const results = apiVersion < 3 ? [refused] : [];
  return { throttleTimeMs: 0, errorCode, results };
};
type LogDir = Infer<typeof describeLogDirs.response.fields>['results'][number];

export const refuseInitProducerId: Refuses<typeof initProducerId> = (_request, { errorCode }) => ({
  throttleTimeMs: 0,
  errorCode,
  producerId: -1,
  producerEpoch: -1,
});

export const refuseAddPartitionsToTxn: Refuses<typeof addPartitionsToTxn> = (
  request,
  { errorCode },
) => ({
  throttleTimeMs: 0,
  resultsByTopicV3AndBelow: request.v3AndBelowTopics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorCode,
    })),
  })),
});

export const refuseWriteTxnMarkers: Refuses<typeof writeTxnMarkers> = (
  { markers },
  { errorCode },
) => ({
  markers: markers.map(({ producerId, topics }) => ({
    producerId,
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode })),
    })),
  })),
});

export const refuseDescribeProducers: Refuses<typeof describeProducers> = (
  { topics },
  refusal,
) => ({
  throttleTimeMs: 0,
  topics: topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      ...refusal,
      activeProducers: [],
    })),
  })),
});

export const refuseDescribeTransactions: Refuses<typeof describeTransactions> = (
  { transactionalIds },
  { errorCode },
) => ({
  throttleTimeMs: 0,
  transactionStates: transactionalIds.map((transactionalId) => ({
    ...blank<DescribedTransaction>(describeTransactions, 'transactionStates'),
    errorCode,
    transactionalId,
  })),
});
type DescribedTransactions = Infer<typeof describeTransactions.response.fields>;
type DescribedTransaction = DescribedTransactions['transactionStates'][number];
