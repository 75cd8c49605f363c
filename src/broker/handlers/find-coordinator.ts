/**
 * FindCoordinator: which broker to ask about a group or a transactional id. The surprise: always
 * the one virtual broker clients see; behind it each of them has an object of its own.
 *
 * Behaviour
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
/** Groups and transactional ids. */
const keyTypes: ReadonlySet<number> = new Set([0, 1]);

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
  if (!keyTypes.has(keyType)) {
    const errorMessage = `Key type ${keyType} is not supported.`;
    return { nodeId: -1, host: '', port: -1, errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
  }
  const { host, port } = advertised;
  return { nodeId: config.nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: '' };
}
