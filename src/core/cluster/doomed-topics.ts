/**
 * Which topics a DeleteTopics means, by name or by id, with Kafka's refusals. The surprise: a topic
 * that is given twice, in whatever way, is not deleted at all.
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import type { ClusterCalls, DeletedTopic, TopicView } from './commands.ts';

export type TopicKey = ClusterCalls['deleteTopics']['command']['topics'][number];

/** What comes of every topic that is asked for; those with errorCode 0 are to be deleted. */
export function doomedTopics(
  keys: readonly TopicKey[],
  find: (key: TopicKey) => TopicView | undefined,
): DeletedTopic[] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(keyText(key), (counts.get(keyText(key)) ?? 0) + 1);
  const suppliedIds = new Set(keys.filter(isById).map(({ topicId }) => topicId));
  const namedIds = new Set(keys.filter(isByName).map((key) => find(key)?.topicId));
  const answered = new Set<string>();
  const results: DeletedTopic[] = [];
  for (const key of keys) {
    if (!isById(key) && !isByName(key)) {
      results.push(refusal(key, ErrorCode.INVALID_REQUEST, ambiguity(key)));
      continue;
    }
    if (answered.has(keyText(key))) continue;
    answered.add(keyText(key));
    const duplicate = counts.get(keyText(key))! > 1;
    // The entry by name answers for both.
    if (isById(key) && !duplicate && namedIds.has(key.topicId)) continue;
    results.push(duplicate ? duplicated(key) : single(key, find(key), suppliedIds));
  }
  return results;
}

const isById = ({ name, topicId }: TopicKey): boolean => name === null && topicId !== ZERO_UUID;
const isByName = ({ name, topicId }: TopicKey): boolean => name !== null && topicId === ZERO_UUID;
const keyText = ({ name, topicId }: TopicKey): string => `${topicId}${name ?? ''}`;

function ambiguity({ name }: TopicKey): string {
  return name === null
    ? 'Neither topic name nor id were specified.'
    : 'You may not specify both topic name and topic id.';
}

function duplicated(key: TopicKey): DeletedTopic {
  const what = isById(key) ? 'id' : 'name';
  return refusal(key, ErrorCode.INVALID_REQUEST, `Duplicate topic ${what}.`);
}

function single(
  key: TopicKey,
  topic: TopicView | undefined,
  suppliedIds: ReadonlySet<string>,
): DeletedTopic {
  if (topic === undefined) {
    return isById(key)
      ? refusal(key, ErrorCode.UNKNOWN_TOPIC_ID)
      : refusal(key, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }
  const { name, topicId } = topic;
  if (isByName(key) && suppliedIds.has(topicId)) {
    const message = 'The provided topic name maps to an ID that was already supplied.';
    return refusal({ name, topicId }, ErrorCode.INVALID_REQUEST, message);
  }
  return { name, topicId, errorCode: ErrorCode.NONE, errorMessage: null };
}

function refusal(
  { name, topicId }: TopicKey,
  errorCode: number,
  errorMessage = errorInfo(errorCode).message,
): DeletedTopic {
  return { name, topicId, errorCode, errorMessage };
}
