/**
 * CreatePartitions: raises the number of partitions of topics. The surprise: `count` is how many
 * there shall be, not how many are added, and there is no way back.
 *
 * Behaviour
 * - To alter the topic is asked for.
 * - Each topic is changed or refused by itself, with Kafka's words. A name given twice is refused.
 * - A topic has 10,000 partitions at most.
 * - More partitions than the client's quota has for now refuse a topic, from version 3 on.
 * - validateOnly checks everything and changes nothing.
 *
 * Versions
 * - 0: KIP-195 · 2: flexible (KIP-482) · 3: quotas (KIP-599)
 */
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/apis/create-partitions.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { mayEach, sifted } from '../permissions.ts';
import { withinMutationQuota } from '../throttling.ts';

export const handleCreatePartitions: Handler<
  CreatePartitionsRequest,
  CreatePartitionsResponse
> = async ({ topics, validateOnly }, context) => {
  const { objects, metadata } = context;
  const nameOf = ({ name }: { readonly name: string }) => name;
  const mayAlter = await mayEach(context, 'ALTER', 'TOPIC', topics.map(nameOf));
  const { passed, forbidden } = sifted(topics, nameOf, mayAlter);
  const within = validateOnly
    ? { passed, throttled: [] }
    : await withinMutationQuota(
        passed,
        async () => {
          const known = await metadata.recent(passed.map(nameOf));
          return ({ name, count }) => Math.max(1, count - (known.get(name)?.partitions ?? 0));
        },
        context.apiVersion >= 3,
        context,
      );
  const wanted = within.passed.map(({ name, count, assignments }) => ({
    name,
    count,
    assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null,
  }));
  const reply = await objects
    .controller()
    .call('createPartitions', { topics: wanted, validateOnly });
  if (!validateOnly) metadata.learn(reply.topics.flatMap(({ topic }) => topic ?? []));
  const forbiddenCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  const throttledCode = ErrorCode.THROTTLING_QUOTA_EXCEEDED;
  const results = reply.topics.map(({ name, errorCode, errorMessage }) => {
    return { name, errorCode, errorMessage };
  });
  const refused = forbidden.map(({ name }) => {
    return { name, errorCode: forbiddenCode, errorMessage: null };
  });
  const throttled = within.throttled.map(({ name }) => {
    return { name, errorCode: throttledCode, errorMessage: errorInfo(throttledCode).message };
  });
  const throttleTimeMs = context.quotas.quietMs;
  return { throttleTimeMs, results: [...refused, ...throttled, ...results] };
};
