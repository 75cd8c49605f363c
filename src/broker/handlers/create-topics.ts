/**
 * CreateTopics: new topics, each accepted or refused by itself. The surprise: nothing is created
 * but a line at the controller; a partition comes into being when its first record arrives.
 *
 * Behaviour
 * - Checks as Kafka's controller does, in its order and with its words. A name given twice, a bad
 *   config or assignment refuses that topic only; more than 10,000 partitions in one request refuse
 *   them all.
 * - Every replication factor from 1 is accepted and answered as 1: clients see one broker.
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
import { ErrorCode } from '../../protocol/errors.ts';
import { currentBrokerSettings } from '../../runtime/broker-settings.ts';
import type { Handler } from '../context.ts';

export const handleCreateTopics: Handler<CreateTopicsRequest, CreateTopicsResponse> = async (
  { topics, validateOnly },
  context,
) => {
  const { config, objects, metadata } = context;
  // First, for what is created must not be answered with bad weather.
  const settings = await currentBrokerSettings(objects.controller(), config);
  const reply = await objects.controller().call('createTopics', { topics, validateOnly });
  if (!validateOnly) metadata.learn(reply.topics.flatMap(({ topic }) => topic ?? []));
  return { throttleTimeMs: 0, topics: reply.topics.map((result) => answer(result, settings)) };
};

function answer(
  { name, errorCode, errorMessage, topic }: TopicResult,
  settings: BrokerSettings,
): CreateTopicsResponse['topics'][number] {
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
