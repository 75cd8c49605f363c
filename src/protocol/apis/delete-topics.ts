/**
 * DeleteTopics: removes topics, by name or by id. The surprise: version 6 moved the names into a
 * list of name-or-id, and a topic asked for by an unknown id is answered without a name.
 *
 * Behaviour
 * - Each topic has its own result.
 *
 * Versions
 * - 1 throttle time (KIP-124)
 * - 2 the client throttles itself (KIP-219)
 * - 3 TOPIC_DELETION_DISABLED (KIP-322)
 * - 4 flexible (KIP-482)
 * - 5 error message, THROTTLING_QUOTA_EXCEEDED (KIP-599)
 * - 6 topic ids (KIP-516)
 */
import { api, array, type Infer, int16, int32, string, struct, uuid } from '../schema.ts';

export const deleteTopics = api(20, 'DeleteTopics', {
  versions: [1, 6],
  flexible: 4,
  request: {
    topics: array(
      struct({
        name: string.nullable().default(null),
        topicId: uuid,
      }),
    ).since(6),
    topicNames: array(string).until(5).ignorable(),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    responses: array(
      struct({
        name: string.nullable(6),
        topicId: uuid.since(6).ignorable(),
        errorCode: int16,
        errorMessage: string.since(5).nullable().default(null).ignorable(),
      }),
    ),
  },
});

export interface DeleteTopicsRequest extends Infer<typeof deleteTopics.request.fields> {}
export interface DeleteTopicsResponse extends Infer<typeof deleteTopics.response.fields> {}
