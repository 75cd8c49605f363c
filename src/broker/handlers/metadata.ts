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
 * - A topic that the client's quota has no partitions for is not created, and not there for now.
 * - Asked by id, unknown ids are answered as such and names in the same request are left out.
 * - To describe a topic is asked for, and to create it (or topics in the cluster) where it is
 *   missing; of all topics those are left out that may not be described.
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
import { authorizedOperations, clusterOperations, notAsked } from '../authorized-operations.ts';
import type { Handler, RequestContext } from '../context.ts';
import { mayEach, mayWithCluster } from '../permissions.ts';
import { withinMutationQuota } from '../throttling.ts';

type TopicAnswer = MetadataResponse['topics'][number];

export const handleMetadata: Handler<MetadataRequest, MetadataResponse> = async (
  request,
  context,
) => {
  const { config, advertised } = context;
  const found = await answerTopics(request, context);
  const isAsked = request.includeTopicAuthorizedOperations;
  const topics = isAsked ? await withOperations(found, context) : found;
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: config.nodeId, ...advertised, rack: null }],
    clusterId: await context.metadata.clusterId(),
    controllerId: config.nodeId,
    topics,
    clusterAuthorizedOperations: await clusterOperations(
      request.includeClusterAuthorizedOperations,
      context,
    ),
    errorCode: ErrorCode.NONE,
  };
};

async function answerTopics(
  request: MetadataRequest,
  context: RequestContext,
): Promise<TopicAnswer[]> {
  const { topics } = request;
  const known = (topic: TopicView) => knownTopic(topic, context);
  if (topics === null || (context.apiVersion === 0 && topics.length === 0)) {
    const all = await context.metadata.topics();
    const names = all.map(({ name }) => name);
    const mayDescribe = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
    return all.filter(({ name }) => mayDescribe(name)).map(known);
  }
  if (context.apiVersion < 12) refuseIds(topics, context.apiVersion);
  const ids = new Set(topics.map(({ topicId }) => topicId));
  ids.delete(ZERO_UUID);
  if (ids.size > 0) {
    const byId = await context.metadata.recentById([...ids]);
    const found = [...byId.values()].map(({ name }) => name);
    const mayDescribe = await mayEach(context, 'DESCRIBE', 'TOPIC', found);
    return [...ids].map((topicId) => {
      const topic = byId.get(topicId);
      if (topic === undefined) return failed(null, topicId, ErrorCode.UNKNOWN_TOPIC_ID);
      return mayDescribe(topic.name) ? known(topic) : failed(null, topicId, forbidden);
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

/** Every name with its topic, or with the code of why there is none for this client. */
async function findOrCreate(
  names: readonly string[],
  request: MetadataRequest,
  context: RequestContext,
): Promise<ReadonlyMap<string, TopicView | number>> {
  const found = new Map<string, TopicView | number>();
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
  for (const name of names) if (!mayDescribe(name)) found.set(name, forbidden);
  const described = names.filter(mayDescribe);
  const isValid = (name: string) => topicNameProblem(name) === undefined;
  const known = await context.metadata.recent(described.filter(isValid));
  for (const [name, topic] of known) found.set(name, topic);
  const missing = described.filter((name) => !found.has(name));
  for (const name of missing) found.set(name, isValid(name) ? unknown : invalid);
  if (request.allowAutoTopicCreation && context.config.autoCreateTopicsEnable) {
    const mayCreate = await mayCreateEach(missing, context);
    for (const name of missing) if (!mayCreate(name)) found.set(name, forbidden);
    const creatable = missing.filter((name) => mayCreate(name) && isValid(name));
    const foreign = creatable.filter((name) => !isInternalTopic(name));
    for (const [name, topic] of await create(foreign, context)) found.set(name, topic);
  }
  return found;
}

const {
  TOPIC_AUTHORIZATION_FAILED: forbidden,
  UNKNOWN_TOPIC_OR_PARTITION: unknown,
  INVALID_TOPIC_EXCEPTION: invalid,
} = ErrorCode;

/** To create topics in the cluster is to create any. */
async function mayCreateEach(
  names: readonly string[],
  context: RequestContext,
): Promise<(name: string) => boolean> {
  if (names.length === 0 || (await mayWithCluster(context, 'CREATE'))) return () => true;
  return mayEach(context, 'CREATE', 'TOPIC', names);
}

async function create(
  names: readonly string[],
  context: RequestContext,
): Promise<ReadonlyMap<string, TopicView | number>> {
  const { config, objects, metadata } = context;
  if (names.length === 0) return new Map();
  const topics = names.map(withDefaults);
  const each = async () => () => config.numPartitions;
  const within = await withinMutationQuota(topics, each, true, context);
  const command = { topics: within.passed, validateOnly: false };
  const reply = await objects.controller().call('createTopics', command);
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
    topicAuthorizedOperations: notAsked,
  };
}

function failed(name: string | null, topicId: string, errorCode: number): TopicAnswer {
  return {
    errorCode,
    name,
    topicId,
    isInternal: errorCode !== forbidden && name !== null && isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: notAsked,
  };
}

/** Who may not describe a topic, or knows only an id that nobody has, is told nothing of it. */
function withOperations(
  topics: readonly TopicAnswer[],
  context: RequestContext,
): Promise<TopicAnswer[]> {
  const all = topics.map(async (topic) => {
    if (topic.name === null || topic.errorCode === forbidden) return topic;
    const operations = await authorizedOperations(context, 'TOPIC', topic.name);
    return { ...topic, topicAuthorizedOperations: operations };
  });
  return Promise.all(all);
}
