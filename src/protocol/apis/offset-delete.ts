/**
 * OffsetDelete: makes a group forget offsets it committed (KIP-496). The surprise: it has no
 * flexible version, and its error code comes before the throttle time.
 *
 * Behaviour
 * - A group may forget what none of its members reads; each partition is answered by itself.
 *
 * Versions
 * - 0 only
 */
import { api, array, type Infer, int16, int32, string, struct } from '../schema.ts';

export const offsetDelete = api(47, 'OffsetDelete', {
  versions: [0, 0],
  flexible: 'none',
  request: {
    groupId: string,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
          }),
        ),
      }),
    ),
  },
  response: {
    errorCode: int16,
    throttleTimeMs: int32.ignorable(),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
          }),
        ),
      }),
    ),
  },
});

export interface OffsetDeleteRequest extends Infer<typeof offsetDelete.request.fields> {}
export interface OffsetDeleteResponse extends Infer<typeof offsetDelete.response.fields> {}
