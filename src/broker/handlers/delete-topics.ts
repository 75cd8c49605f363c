/**
 * DeleteTopics: by name, or from version 6 on by id. The surprise: the answer comes before the
 * records are gone; the controller has written down what is left to do and tells every partition.
 *
 * Behaviour
 * - Each topic is deleted or refused by itself. One that is given twice, in whatever way, stays.
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
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';

export const handleDeleteTopics: Handler<DeleteTopicsRequest, DeleteTopicsResponse> = async (
  request,
  { apiVersion, objects, metadata },
) => {
  const topics =
    apiVersion >= 6
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
  const reply = await objects.controller().call('deleteTopics', { topics });
  for (const { name, errorCode } of reply.topics) {
    if (errorCode === ErrorCode.NONE && name !== null) metadata.forget(name);
  }
  return { throttleTimeMs: 0, responses: [...reply.topics] };
};
