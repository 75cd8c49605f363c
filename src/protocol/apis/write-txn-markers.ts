/**
 * WriteTxnMarkers: ends transactions in single partitions. The surprise: among Kafka's brokers it
 * is how a coordinator tells the partitions; here only operators send it, to be rid of a
 * transaction that hangs (KIP-664).
 *
 * Versions
 * - 1 flexible (KIP-482); there is no version 0 any more (KIP-896)
 * - 2 the version of the transaction (KIP-1228)
 */
import {
  api,
  array,
  boolean,
  type Infer,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
} from '../schema.ts';

export const writeTxnMarkers = api(27, 'WriteTxnMarkers', {
  versions: [1, 2],
  flexible: 1,
  request: {
    markers: array(
      struct({
        producerId: int64,
        producerEpoch: int16,
        transactionResult: boolean,
        topics: array(struct({ name: string, partitionIndexes: array(int32) })),
        coordinatorEpoch: int32,
        transactionVersion: int8.since(2).ignorable(),
      }),
    ),
  },
  response: {
    markers: array(
      struct({
        producerId: int64,
        topics: array(
          struct({
            name: string,
            partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
          }),
        ),
      }),
    ),
  },
});

export interface WriteTxnMarkersRequest extends Infer<typeof writeTxnMarkers.request.fields> {}
export interface WriteTxnMarkersResponse extends Infer<typeof writeTxnMarkers.response.fields> {}
