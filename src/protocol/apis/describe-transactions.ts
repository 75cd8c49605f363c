/**
 * DescribeTransactions: what the coordinators of these transactional ids know (KIP-664). The
 * surprise: while a transaction ends, only those partitions are shown that have not heard of it.
 *
 * Behaviour
 * - No ids: no answer, not all of them.
 *
 * Versions
 * - 0 flexible
 */
import { api, array, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

export const describeTransactions = api(65, 'DescribeTransactions', {
  versions: [0, 0],
  flexible: 0,
  request: {
    transactionalIds: array(string),
  },
  response: {
    throttleTimeMs: int32,
    transactionStates: array(
      struct({
        errorCode: int16,
        transactionalId: string,
        transactionState: string,
        transactionTimeoutMs: int32,
        transactionStartTimeMs: int64,
        producerId: int64,
        producerEpoch: int16,
        topics: array(struct({ topic: string, partitions: array(int32) })),
      }),
    ),
  },
});

export interface DescribeTransactionsRequest
  extends Infer<typeof describeTransactions.request.fields> {}
export interface DescribeTransactionsResponse
  extends Infer<typeof describeTransactions.response.fields> {}
