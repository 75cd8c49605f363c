/**
 * CreatePartitions: raises the number of partitions of topics. The surprise: `count` is how many
 * there shall be, not how many are added, and there is no way back.
 *
 * Behaviour
 * - Each topic is changed or refused by itself, with Kafka's words. A name given twice is refused.
 * - A topic has 10,000 partitions at most.
 * - validateOnly checks everything and changes nothing.
 *
 * Versions
 * - 0: KIP-195 · 2: flexible (KIP-482) · 3: quotas (KIP-599)
 */
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/apis/create-partitions.ts';
import type { Handler } from '../context.ts';

export const handleCreatePartitions: Handler<
  CreatePartitionsRequest,
  CreatePartitionsResponse
> = async ({ topics, validateOnly }, { objects, metadata }) => {
  const wanted = topics.map(({ name, count, assignments }) => ({
    name,
    count,
    assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null,
  }));
  const reply = await objects
    .controller()
    .call('createPartitions', { topics: wanted, validateOnly });
  if (!validateOnly) metadata.learn(reply.topics.flatMap(({ topic }) => topic ?? []));
  return {
    throttleTimeMs: 0,
    results: reply.topics.map(({ name, errorCode, errorMessage }) => ({
      name,
      errorCode,
      errorMessage,
    })),
  };
};
