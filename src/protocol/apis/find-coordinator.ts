/**
 * FindCoordinator: which broker coordinates a group or a transactional id. The surprise: version 4
 * replaced the single question by a list, and the fields of the single answer with it.
 *
 * Behaviour
 * - Key type 0 is a group, 1 a transactional id, 2 a share partition (`group:topicId:partition`).
 *
 * Versions
 * - 1 key type, error message, throttle time (KIP-98)
 * - 2 the client throttles itself (KIP-219)
 * - 3 flexible (KIP-482)
 * - 4 many keys (KIP-699)
 * - 5 TRANSACTION_ABORTABLE (KIP-890)
 * - 6 share groups (KIP-932)
 */
import { api, array, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const findCoordinator = api(10, 'FindCoordinator', {
  versions: [0, 6],
  flexible: 3,
  request: {
    key: string.until(3),
    keyType: int8.since(1),
    coordinatorKeys: array(string).since(4),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16.until(3),
    errorMessage: string.since(1).until(3).nullable().ignorable(),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array(
      struct({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: string.nullable(),
      }),
    ).since(4),
  },
});

export interface FindCoordinatorRequest extends Infer<typeof findCoordinator.request.fields> {}
export interface FindCoordinatorResponse extends Infer<typeof findCoordinator.response.fields> {}
