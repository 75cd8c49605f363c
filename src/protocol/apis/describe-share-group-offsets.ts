/**
 * DescribeShareGroupOffsets: from where on share groups have not read everything, and how much that
 * is. The surprise: what a group does not read, and what does not exist, is no error: offset -1.
 *
 * Behaviour
 * - Null topics ask for every partition that has a state of the group.
 *
 * Versions
 * - 0 (KIP-932) · 1 lag (KIP-1226)
 */
import { api, array, type Infer, int16, int32, int64, string, struct, uuid } from '../schema.ts';

export const describeShareGroupOffsets = api(90, 'DescribeShareGroupOffsets', {
  versions: [0, 1],
  flexible: 0,
  request: {
    groups: array(
      struct({
        groupId: string,
        topics: array(struct({ topicName: string, partitions: array(int32) })).nullable(),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    groups: array(
      struct({
        groupId: string,
        topics: array(
          struct({
            topicName: string,
            topicId: uuid,
            partitions: array(
              struct({
                partitionIndex: int32,
                startOffset: int64,
                leaderEpoch: int32,
                lag: int64.since(1).default(-1).ignorable(),
                errorCode: int16,
                errorMessage: string.nullable().default(null),
              }),
            ),
          }),
        ),
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    ),
  },
});

export interface DescribeShareGroupOffsetsRequest
  extends Infer<typeof describeShareGroupOffsets.request.fields> {}
export interface DescribeShareGroupOffsetsResponse
  extends Infer<typeof describeShareGroupOffsets.response.fields> {}
