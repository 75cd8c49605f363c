/**
 * FindCoordinator: which broker to ask about a group. The surprise: always the one virtual broker
 * clients see; behind it every group has an object of its own.
 *
 * Behaviour
 * - There are no transactions yet. The code must end the search: most codes make some client ask
 *   again for ever, and TRANSACTIONAL_ID_AUTHORIZATION_FAILED is the one that all of them take for
 *   final. The message says why.
 * - Other key types: INVALID_REQUEST.
 * - The message of a success is "NONE" up to version 3 and empty from version 4 on.
 *
 * Versions
 * - 1: key type, error message · 3: flexible · 4: many keys (KIP-699) · 6: share groups (KIP-932)
 */
import {
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  findCoordinator,
} from '../../protocol/apis/find-coordinator.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { defaultsOf } from '../../protocol/schema.ts';
import type { Handler, RequestContext } from '../context.ts';

type Coordinator = Omit<FindCoordinatorResponse['coordinators'][number], 'key'>;

/**
 * From version 4 on the answer to a single key is not there, so its fields stay at their defaults.
 */
const defaults = defaultsOf(findCoordinator.response.fields);
const groupKey = 0;
const transactionKey = 1;

export const handleFindCoordinator: Handler<
  FindCoordinatorRequest,
  FindCoordinatorResponse
> = async (request, context) => {
  const coordinator = coordinatorFor(request.keyType, context);
  if (context.apiVersion < 4) {
    const errorMessage = coordinator.errorMessage || 'NONE';
    return { throttleTimeMs: 0, ...coordinator, errorMessage, coordinators: [] };
  }
  const coordinators = request.coordinatorKeys.map((key) => ({ key, ...coordinator }));
  return { ...defaults, coordinators };
};

function coordinatorFor(keyType: number, { config, advertised }: RequestContext): Coordinator {
  if (keyType === groupKey) {
    const { host, port } = advertised;
    return { nodeId: config.nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: '' };
  }
  return keyType === transactionKey
    ? nobody(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'Transactions are not supported yet.')
    : nobody(ErrorCode.INVALID_REQUEST, `Key type ${keyType} is not supported.`);
}

function nobody(errorCode: number, errorMessage: string | null): Coordinator {
  return { nodeId: -1, host: '', port: -1, errorCode, errorMessage };
}
