/**
 * DeleteShareGroupOffsets: lets a share group forget what it has read of topics. The surprise: the
 * group names the partitions that must forget it, and hears when they did; until then the topic
 * counts as half deleted, and who asks again finishes it.
 *
 * Behaviour
 * - To delete the group is asked for, and to read each topic.
 * - A topic that does not exist, or of which nothing is known: UNKNOWN_TOPIC_OR_PARTITION, each by
 *   itself.
 * - A group with members: NON_EMPTY_GROUP. One that does not exist, or is of another kind:
 *   GROUP_ID_NOT_FOUND.
 *
 * Versions
 * - 0 only
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type {
  DeleteShareGroupOffsetsRequest,
  DeleteShareGroupOffsetsResponse,
} from '../../protocol/apis/delete-share-group-offsets.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { namedGroups } from '../named-groups.ts';
import { demand, mayEach } from '../permissions.ts';
import { forgetPartitions } from '../share-states.ts';

export const handleDeleteShareGroupOffsets: Handler<
  DeleteShareGroupOffsetsRequest,
  DeleteShareGroupOffsetsResponse
> = async ({ groupId, topics }, context) => {
  await demand(context, 'DELETE', 'GROUP', groupId);
  const asked = [...new Set(topics.map(({ topicName }) => topicName))];
  const mayRead = await mayEach(context, 'READ', 'TOPIC', asked);
  if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
  const names = asked.filter(mayRead);
  const living = await context.metadata.recent(names);
  const group = (await namedGroups([groupId], context))(groupId);
  const reply = await group.call('deleteShareOffsets', {
    groupId,
    topics: names.map((name) => ({ name, topicId: living.get(name)?.topicId ?? null })),
  });
  const { errorCode, errorMessage } = reply;
  if (errorCode !== ErrorCode.NONE) {
    throw new KafkaError(errorCode, errorMessage ?? errorInfo(errorCode).message);
  }
  const toForget = reply.topics.flatMap(({ topicId, partitions }) =>
    topicId === null ? [] : [{ topicId, partitions }],
  );
  const failed = await forgetPartitions(groupId, toForget, context.objects);
  const responses = reply.topics.map(({ name, topicId, ...refusal }) => {
    const code = failed.get(topicId ?? '');
    const error = code === undefined ? refusal : failure(code);
    const { errorCode, errorMessage } = error;
    return { topicName: name, topicId: topicId ?? ZERO_UUID, errorCode, errorMessage };
  });
  // What could be done first, as in Kafka.
  responses.sort((one, other) => Number(one.errorCode !== 0) - Number(other.errorCode !== 0));
  const forbidden = asked.filter((name) => !mayRead(name)).map(refused);
  const errorCodes = { errorCode: ErrorCode.NONE, errorMessage: null };
  return { throttleTimeMs: 0, ...errorCodes, responses: [...forbidden, ...responses] };
};

function refused(topicName: string) {
  return { topicName, topicId: ZERO_UUID, ...failure(ErrorCode.TOPIC_AUTHORIZATION_FAILED) };
}

function failure(errorCode: number) {
  return { errorCode, errorMessage: errorInfo(errorCode).message };
}
