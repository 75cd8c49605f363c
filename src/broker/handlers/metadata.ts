/**
 * Metadata: the one broker clients see and the topics they ask for. The surprise: a producer never
 * creates a topic, its Metadata does, here; and what is answered is at most a second old, so that a
 * deleted topic is soon seen to be gone by every gateway.
 *
 * Behaviour
 * - Version 0: an empty list is every topic; later, null is every topic and an empty list is none.
 * - A missing topic is created and answered at once when both the broker and the request allow it;
 *   two gateways that do so at the same time get the same topic. Kafka's internal topics are not
 *   created: groups keep their offsets elsewhere.
 * - Asked by id, unknown ids are answered as such and names in the same request are left out.
 * - Authorised operations are all there are, or "not asked".
 *
 * Versions
 * - 1: rack, controller, internal topics · 2: cluster id (KIP-78) · 4: auto-creation is asked for
 *   (KIP-204) · 5: offline replicas (KIP-112) · 7: leader epoch (KIP-320) · 8: authorised
 *   operations (KIP-430) · 9: flexible (KIP-482) · 10: topic ids (KIP-516) · 11: the cluster's
 *   operations move to DescribeCluster (KIP-700) · 12: topics by id · 13: an error for the whole
 *   answer (KIP-1102)
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type { NewTopic, TopicView } from '../../core/cluster/commands.ts';
import { isInternalTopic, topicNameProblem } from '../../core/cluster/topic-names.ts';
import type { MetadataRequest, MetadataResponse } from '../../protocol/apis/metadata.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { allClusterOperations, allTopicOperations, operations } from '../authorized-operations.ts';
import type { Handler, RequestContext } from '../context.ts';

type TopicAnswer = MetadataResponse['topics'][number];

export const handleMetadata: Handler<MetadataRequest, MetadataResponse> = async (
  request,
  context,
) => {
  const { config, advertised } = context;
  const topics = await answerTopics(request, context);
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: config.nodeId, ...advertised, rack: null }],
    clusterId: await context.metadata.clusterId(),
    controllerId: config.nodeId,
    topics,
    clusterAuthorizedOperations: operations(
      request.includeClusterAuthorizedOperations,
      allClusterOperations,
    ),
    errorCode: ErrorCode.NONE,
  };
};

async function answerTopics(
  request: MetadataRequest,
  context: RequestContext,
): Promise<TopicAnswer[]> {
  const { topics } = request;
  const known = (topic: TopicView) => knownTopic(topic, request, context);
  if (topics === null || (context.apiVersion === 0 && topics.length === 0)) {
    return (await context.metadata.topics()).map(known);
  }
  if (context.apiVersion < 12) refuseIds(topics, context.apiVersion);
  const ids = new Set(topics.map(({ topicId }) => topicId));
  ids.delete(ZERO_UUID);
  if (ids.size > 0) {
    const byId = await context.metadata.recentById([...ids]);
    return [...ids].map((topicId) => {
      const topic = byId.get(topicId);
      return topic ? known(topic) : failed(null, topicId, ErrorCode.UNKNOWN_TOPIC_ID);
    });
  }
  const names = new Set(topics.map(({ name }) => name ?? ''));
  const found = await findOrCreate([...names], request, context);
  return [...names].map((name) => {
    const topic = found.get(name)!;
    return typeof topic === 'number' ? failed(name, ZERO_UUID, topic) : known(topic);
  });
}

function refuseIds(topics: NonNullable<MetadataRequest['topics']>, version: number): void {
  const invalid = (message: string) => new KafkaError(ErrorCode.INVALID_REQUEST, message);
  for (const { name, topicId } of topics) {
    if (name === null) throw invalid(`Topic name can not be null for version ${version}`);
    if (topicId !== ZERO_UUID) {
      throw invalid(`Topic IDs are not supported in requests for version ${version}`);
    }
  }
}

/** Every name with its topic, or with the code of why there is none. */
async function findOrCreate(
  names: readonly string[],
  request: MetadataRequest,
  context: RequestContext,
): Promise<ReadonlyMap<string, TopicView | number>> {
  const found = new Map<string, TopicView | number>();
  const valid: string[] = [];
  for (const name of names) {
    if (topicNameProblem(name) === undefined) valid.push(name);
    else found.set(name, ErrorCode.INVALID_TOPIC_EXCEPTION);
  }
  for (const [name, topic] of await context.metadata.recent(valid)) found.set(name, topic);
  const missing = valid.filter((name) => !found.has(name));
  for (const name of missing) found.set(name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (request.allowAutoTopicCreation && context.config.autoCreateTopicsEnable) {
    const creatable = missing.filter((name) => !isInternalTopic(name));
    for (const [name, topic] of await create(creatable, context)) found.set(name, topic);
  }
  return found;
}

async function create(
  names: readonly string[],
  { objects, metadata }: RequestContext,
): Promise<ReadonlyMap<string, TopicView | number>> {
  if (names.length === 0) return new Map();
  const topics = names.map(withDefaults);
  const reply = await objects.controller().call('createTopics', { topics, validateOnly: false });
  const created = new Map<string, TopicView | number>();
  for (const { name, errorCode, topic } of reply.topics) created.set(name, topic ?? errorCode);
  metadata.learn(reply.topics.flatMap(({ topic }) => topic ?? []));
  // Another gateway was faster: its topic is ours.
  const raced = names.filter((name) => created.get(name) === ErrorCode.TOPIC_ALREADY_EXISTS);
  const current = await metadata.refresh(raced);
  for (const name of raced) created.set(name, current.get(name) ?? ErrorCode.LEADER_NOT_AVAILABLE);
  return created;
}

function withDefaults(name: string): NewTopic {
  return { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
}

function knownTopic(
  { name, topicId, partitions }: TopicView,
  request: MetadataRequest,
  { config: { nodeId } }: RequestContext,
): TopicAnswer {
  return {
    errorCode: ErrorCode.NONE,
    name,
    topicId,
    isInternal: isInternalTopic(name),
    partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex,
      leaderId: nodeId,
      leaderEpoch: 0,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
      offlineReplicas: [],
    })),
    topicAuthorizedOperations: operations(
      request.includeTopicAuthorizedOperations,
      allTopicOperations,
    ),
  };
}

function failed(name: string | null, topicId: string, errorCode: number): TopicAnswer {
  return {
    errorCode,
    name,
    topicId,
    isInternal: name !== null && isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: operations(false, allTopicOperations),
  };
}
