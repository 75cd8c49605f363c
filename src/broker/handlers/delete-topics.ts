/**
 * DeleteTopics: by name, or from version 6 on by id. The surprise: the answer comes before the
 * records are gone; the controller has written down what is left to do and tells every partition.
 *
 * Behaviour
 * - To delete the topic is asked for, or topics in the cluster. Who may not describe it does not
 *   hear whether it exists, nor which name an id stands for.
 * - Each topic is deleted or refused by itself. One that is given twice, in whatever way, stays.
 * - More partitions than the client's quota has for now refuse a topic, from version 5 on; before,
 *   what comes next waits.
 * - A topic of the same name may be created at once: it is another incarnation, with another id.
 *
 * Versions
 * - 4: flexible (KIP-482) · 5: error message, quotas (KIP-599) · 6: topics by id (KIP-516)
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type {
  DeleteTopicsRequest,
  DeleteTopicsResponse,
} from '../../protocol/apis/delete-topics.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import { mayEach, mayWithCluster, sifted } from '../permissions.ts';
import { withinMutationQuota } from '../throttling.ts';

export const handleDeleteTopics: Handler<DeleteTopicsRequest, DeleteTopicsResponse> = async (
  request,
  context,
) => {
  const { apiVersion, objects, metadata } = context;
  const asked =
    apiVersion >= 6
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
  const refused = await refusals(asked, context);
  const { passed, forbidden } = sifted(asked, keyOf, (key) => !refused.has(key));
  const sizes = () => partitionCounts(passed, context);
  const within = await withinMutationQuota(passed, sizes, apiVersion >= 5, context);
  const topics = within.passed;
  const reply = await objects.controller().call('deleteTopics', { topics });
  for (const { name, errorCode } of reply.topics) {
    if (errorCode === ErrorCode.NONE && name !== null) metadata.forget(name);
  }
  const answers = [
    ...forbidden.map((key) => refused.get(keyOf(key))!),
    ...within.throttled.map(({ name, topicId }) => refusal(name, topicId, exceeded)),
  ];
  return { throttleTimeMs: context.quotas.quietMs, responses: [...answers, ...reply.topics] };
};

type TopicKey = { readonly name: string | null; readonly topicId: string };
type Answer = DeleteTopicsResponse['responses'][number];

const keyOf = ({ name, topicId }: TopicKey): string => JSON.stringify([name, topicId]);

/**
 * What is said of the topics that the client may not delete, by their keys. An id is none to be
 * deleted where this gateway cannot tell whose it is.
 */
async function refusals(
  asked: readonly TopicKey[],
  context: RequestContext,
): Promise<ReadonlyMap<string, Answer>> {
  const refused = new Map<string, Answer>();
  if (await mayWithCluster(context, 'DELETE')) return refused;
  const byId = asked.filter(({ name, topicId }) => name === null && topicId !== ZERO_UUID);
  const byName = asked.filter(({ name, topicId }) => name !== null && topicId === ZERO_UUID);
  const found = await context.metadata.recentById(byId.map(({ topicId }) => topicId));
  const names = [...byName.map(({ name }) => name!), ...[...found.values()].map(nameOf)];
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
  const mayDelete = await mayEach(context, 'DELETE', 'TOPIC', names);
  for (const { topicId } of byId) {
    const name = found.get(topicId)?.name;
    const key = keyOf({ name: null, topicId });
    if (name === undefined) refused.set(key, refusal(null, topicId, ErrorCode.UNKNOWN_TOPIC_ID));
    else if (!mayDelete(name)) {
      refused.set(key, refusal(mayDescribe(name) ? name : null, topicId, denied));
    }
  }
  const undeletable = byName.filter(({ name }) => !mayDelete(name!) || !mayDescribe(name!));
  const describable = undeletable.map(({ name }) => name!).filter(mayDescribe);
  const existing = await context.metadata.recent(describable);
  for (const { name } of undeletable) {
    const isMissing = mayDescribe(name!) && !existing.has(name!);
    const code = isMissing ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : denied;
    refused.set(keyOf({ name, topicId: ZERO_UUID }), refusal(name, ZERO_UUID, code));
  }
  return refused;
}

/** How many partitions go with each; none where there is no such topic. */
async function partitionCounts(
  keys: readonly TopicKey[],
  { metadata }: RequestContext,
): Promise<(key: TopicKey) => number> {
  const byName = await metadata.recent(keys.flatMap(({ name }) => name ?? []));
  const ids = keys.filter(({ name }) => name === null).map(({ topicId }) => topicId);
  const byId = await metadata.recentById(ids);
  return ({ name, topicId }) =>
    (name === null ? byId.get(topicId) : byName.get(name))?.partitions ?? 0;
}

const exceeded = ErrorCode.THROTTLING_QUOTA_EXCEEDED;
const denied = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
const nameOf = ({ name }: { readonly name: string }): string => name;

function refusal(name: string | null, topicId: string, errorCode: number): Answer {
  return { name, topicId, errorCode, errorMessage: errorInfo(errorCode).message };
}
