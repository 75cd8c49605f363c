/**
 * DescribeProducers: which producers a partition knows, and which of them has a transaction open
 * (KIP-664). The surprise: an epoch is four bytes wide here and nowhere else.
 *
 * Versions
 * - 0 flexible
 */
import { api, array, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

export const describeProducers = api(61, 'DescribeProducers', {
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array(struct({ name: string, partitionIndexes: array(int32) })),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: string.nullable().default(null),
            activeProducers: array(
              struct({
                producerId: int64,
                producerEpoch: int32,
                lastSequence: int32.default(-1),
                lastTimestamp: int64.default(-1),
                coordinatorEpoch: int32,
                currentTxnStartOffset: int64.default(-1),
              }),
            ),
          }),
        ),
      }),
    ),
  },
});

export interface DescribeProducersRequest extends Infer<typeof describeProducers.request.fields> {}
export interface DescribeProducersResponse
  extends Infer<typeof describeProducers.response.fields> {}
