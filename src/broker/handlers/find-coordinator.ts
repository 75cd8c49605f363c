/**
 * FindCoordinator: which broker to ask about a group or a transactional id. The surprise: always
 * the one virtual broker clients see; behind it each of them has an object of its own.
 *
 * Behaviour
 * - To describe the group, or the transactional id, is asked for.
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
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import { defaultsOf } from '../../protocol/schema.ts';
import type { Handler, RequestContext } from '../context.ts';
import { deniedCode, may, type Resource } from '../permissions.ts';

type Coordinator = Omit<FindCoordinatorResponse['coordinators'][number], 'key'>;

/**
 * From version 4 on the answer to a single key is not there, so its fields stay at their defaults.
 */
const defaults = defaultsOf(findCoordinator.response.fields);
const keyTypes: ReadonlyMap<number, Resource> = new Map([
  [0, 'GROUP'],
  [1, 'TRANSACTIONAL_ID'],
]);

export const handleFindCoordinator: Handler<
  FindCoordinatorRequest,
  FindCoordinatorResponse
> = async (request, context) => {
  const { keyType } = request;
  if (context.apiVersion < 4) {
    const coordinator = await coordinatorFor(keyType, request.key, context);
    const errorMessage = coordinator.errorMessage || 'NONE';
    return { throttleTimeMs: 0, ...coordinator, errorMessage, coordinators: [] };
  }
  const coordinators = request.coordinatorKeys.map(async (key) => ({
    key,
    ...(await coordinatorFor(keyType, key, context)),
  }));
  return { ...defaults, coordinators: await Promise.all(coordinators) };
};

async function coordinatorFor(
  keyType: number,
  key: string,
  context: RequestContext,
): Promise<Coordinator> {
  const { config, advertised } = context;
  const nobody = { nodeId: -1, host: '', port: -1 };
  const type = keyTypes.get(keyType);
  if (type === undefined) {
    const errorMessage = `Key type ${keyType} is not supported.`;
    return { ...nobody, errorCode: ErrorCode.INVALID_REQUEST, errorMessage };
  }
  if (!(await may(context, 'DESCRIBE', type, key))) {
    const errorCode = deniedCode(type);
    // As in Kafka, an answer for one key alone says what the code says.
    const errorMessage = context.apiVersion < 4 ? errorInfo(errorCode).message : '';
    return { ...nobody, errorCode, errorMessage };
  }
  const { host, port } = advertised;
  return { nodeId: config.nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: '' };
}
