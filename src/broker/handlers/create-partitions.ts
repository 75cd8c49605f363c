/**
 * CreatePartitions: raises the number of partitions of topics. The surprise: `count` is how many
 * there shall be, not how many are added, and there is no way back.
 *
 * Behaviour
 * - To alter the topic is asked for.
 * - Each topic is changed or refused by itself, with Kafka's words. A name given twice is refused.
 * - A topic has 10,000 partitions at most.
 * - More partitions than the client's quota has for now refuse a topic, from version 3 on; before,
 *   what comes next waits.
 * - validateOnly checks everything and changes nothing.
 *
 * Versions
 * - 0: KIP-195 · 2: flexible (KIP-482) · 3: quotas (KIP-599)
 */
import type { NewPartitions } from '../../core/cluster/commands.ts';
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/apis/create-partitions.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
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
  const sizes = () => addedPartitions(passed, context);
  const within = await withinMutationQuota(passed, sizes, context.apiVersion >= 3, context);
  const wanted = within.passed.map(asked);
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

type Topic = CreatePartitionsRequest['topics'][number];

/** As the controller is asked. */
function asked({ name, count, assignments }: Topic): NewPartitions {
  return { name, count, assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null };
}

/** How many partitions would come to each of them; none where it is refused. */
async function addedPartitions(
  topics: readonly Topic[],
  { objects, metadata }: RequestContext,
): Promise<(topic: Topic) => number> {
  const known = await metadata.refresh(topics.map(({ name }) => name));
  const command = { topics: topics.map(asked), validateOnly: true };
  const reply = await objects.controller().call('createPartitions', command);
  const good = new Set(reply.topics.flatMap(({ topic }) => topic?.name ?? []));
  return ({ name, count }) => (good.has(name) ? count - (known.get(name)?.partitions ?? 0) : 0);
}
