/**
 * DeleteRecords: moves the start of a log forward. The surprise: an answer names no error message,
 * only a code and where the log starts now, which Kafka calls the low watermark.
 *
 * Behaviour
 * - Offset -1: the high watermark, so that nothing is left.
 *
 * Versions
 * - 0 the beginning (KIP-107)
 * - 1 the client throttles itself (KIP-219)
 * - 2 flexible (KIP-482)
 */
import { api, array, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

export const deleteRecords = api(21, 'DeleteRecords', {
  versions: [0, 2],
  flexible: 2,
  request: {
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, offset: int64 })),
      }),
    ),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 })),
      }),
    ),
  },
});

export interface DeleteRecordsRequest extends Infer<typeof deleteRecords.request.fields> {}
export interface DeleteRecordsResponse extends Infer<typeof deleteRecords.response.fields> {}
