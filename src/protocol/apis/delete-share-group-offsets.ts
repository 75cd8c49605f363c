/**
 * DeleteShareGroupOffsets: forgets what a share group has read of topics, which it then begins
 * anew. The surprise: it is topics that are forgotten, with all their partitions.
 *
 * Behaviour
 * - A group with members is NON_EMPTY_GROUP. Each topic has an error of its own.
 *
 * Versions
 * - 0 (KIP-932)
 */
import { api, array, type Infer, int16, int32, string, struct, uuid } from '../schema.ts';

export const deleteShareGroupOffsets = api(92, 'DeleteShareGroupOffsets', {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array(struct({ topicName: string })),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array(
      struct({
        topicName: string,
        topicId: uuid,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    ),
  },
});

export interface DeleteShareGroupOffsetsRequest
  extends Infer<typeof deleteShareGroupOffsets.request.fields> {}
export interface DeleteShareGroupOffsetsResponse
  extends Infer<typeof deleteShareGroupOffsets.response.fields> {}
