/**
 * AlterShareGroupOffsets: sets where a share group begins to read. The surprise: a group that does
 * not exist is made by it.
 *
 * Behaviour
 * - A group with members is NON_EMPTY_GROUP. Each partition has an error of its own.
 *
 * Versions
 * - 0 (KIP-932)
 */
import { api, array, type Infer, int16, int32, int64, string, struct, uuid } from '../schema.ts';

export const alterShareGroupOffsets = api(91, 'AlterShareGroupOffsets', {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array(
      struct({
        topicName: string,
        partitions: array(struct({ partitionIndex: int32, startOffset: int64 })),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array(
      struct({
        topicName: string,
        topicId: uuid,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: string.nullable().default(null),
          }),
        ),
      }),
    ),
  },
});

export interface AlterShareGroupOffsetsRequest
  extends Infer<typeof alterShareGroupOffsets.request.fields> {}
export interface AlterShareGroupOffsetsResponse
  extends Infer<typeof alterShareGroupOffsets.response.fields> {}
