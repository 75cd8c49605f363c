/**
 * CreateTopics: new topics, each accepted or refused by itself. The surprise: nothing is created
 * but a line at the controller; a partition comes into being when its first record arrives.
 *
 * Behaviour
 * - To create the topic is asked for, or topics in the cluster; and to describe its configs of who
 *   is to be told them.
 * - Checks as Kafka's controller does, in its order and with its words. A name given twice, a bad
 *   config or assignment refuses that topic only; more than 10,000 partitions in one request refuse
 *   them all.
 * - Every replication factor from 1 is accepted and answered as 1: clients see one broker.
 * - More partitions than the client's quota has for now refuse a topic, from version 6 on; before,
 *   what comes next waits. As in Kafka, what is only validated counts; what is refused does not.
 * - validateOnly checks everything and changes nothing.
 *
 * Versions
 * - 2: throttle time · 4: defaults for partitions and replication factor (KIP-464) · 5: flexible,
 *   the topic's configs in the answer (KIP-525) · 6: quotas (KIP-599) · 7: topic id (KIP-516)
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type { BrokerSettings } from '../../core/cluster/broker-settings.ts';
import type { TopicResult } from '../../core/cluster/commands.ts';
import { effectiveTopicConfigs } from '../../core/cluster/effective-configs.ts';
import type {
  CreateTopicsRequest,
  CreateTopicsResponse,
} from '../../protocol/apis/create-topics.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import { currentBrokerSettings } from '../../runtime/broker-settings.ts';
import type { Handler, RequestContext } from '../context.ts';
import { mayEach, mayWithCluster, sifted } from '../permissions.ts';
import { withinMutationQuota } from '../throttling.ts';

type Answer = CreateTopicsResponse['topics'][number];

export const handleCreateTopics: Handler<CreateTopicsRequest, CreateTopicsResponse> = async (
  { topics, validateOnly },
  context,
) => {
  const { config, objects, metadata } = context;
  const names = topics.map(({ name }) => name);
  const mayCreate = await mayCreateEach(names, context);
  const mayDescribe = await mayEach(context, 'DESCRIBE_CONFIGS', 'TOPIC', names);
  const { passed, forbidden } = sifted(topics, ({ name }) => name, mayCreate);
  // First, for what is created must not be answered with bad weather.
  const settings = await currentBrokerSettings(objects.controller(), config);
  const sizes = () => newPartitions(passed, context);
  const within = await withinMutationQuota(passed, sizes, context.apiVersion >= 6, context);
  const command = { topics: within.passed, validateOnly };
  const reply = await objects.controller().call('createTopics', command);
  if (!validateOnly) metadata.learn(reply.topics.flatMap(({ topic }) => topic ?? []));
  const answers = reply.topics.map((result) =>
    mayDescribe(result.name) ? answer(result, settings) : withheld(answer(result, settings)),
  );
  const refused = [
    ...forbidden.map(({ name }) => answer({ name, ...denied }, settings)),
    ...within.throttled.map(({ name }) => answer({ name, ...throttled }, settings)),
  ];
  return { throttleTimeMs: context.quotas.quietMs, topics: [...answers, ...refused] };
};

/** How many partitions each of them would have; none where it is refused. */
async function newPartitions(
  topics: CreateTopicsRequest['topics'],
  { objects }: RequestContext,
): Promise<(topic: { readonly name: string }) => number> {
  const reply = await objects.controller().call('createTopics', { topics, validateOnly: true });
  const counts = new Map(reply.topics.map(({ name, topic }) => [name, topic?.partitions ?? 0]));
  return ({ name }) => counts.get(name) ?? 0;
}

/** The controller itself refuses Kafka's own topic. */
async function mayCreateEach(
  names: readonly string[],
  context: RequestContext,
): Promise<(name: string) => boolean> {
  if (await mayWithCluster(context, 'CREATE')) return () => true;
  const mayCreate = await mayEach(context, 'CREATE', 'TOPIC', names);
  return (name) => name === '__cluster_metadata' || mayCreate(name);
}

const denied = {
  errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  errorMessage: 'Authorization failed.',
  topic: null,
};

const throttled = {
  errorCode: ErrorCode.THROTTLING_QUOTA_EXCEEDED,
  errorMessage: errorInfo(ErrorCode.THROTTLING_QUOTA_EXCEEDED).message,
  topic: null,
};

/** Who may not describe the configs of a topic that was made is not told them. */
function withheld(made: Answer): Answer {
  if (made.errorCode !== ErrorCode.NONE) return made;
  const topicConfigErrorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  return { ...made, topicConfigErrorCode, numPartitions: -1, replicationFactor: -1, configs: [] };
}

function answer(
  { name, errorCode, errorMessage, topic }: TopicResult,
  settings: BrokerSettings,
): Answer {
  const configs =
    topic &&
    effectiveTopicConfigs(topic.configs, settings).map((entry) => ({
      name: entry.name,
      value: entry.value,
      readOnly: entry.readOnly,
      configSource: entry.source,
      isSensitive: false,
    }));
  return {
    name,
    topicId: topic?.topicId ?? ZERO_UUID,
    errorCode,
    errorMessage,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: topic?.partitions ?? -1,
    replicationFactor: topic ? 1 : -1,
    configs: configs ?? [],
  };
}
