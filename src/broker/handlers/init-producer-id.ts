/**
 * InitProducerId: an id for a producer, for idempotence or for transactions. The surprise: of an
 * idempotent producer nothing is remembered here; a partition learns of it from its first batch,
 * and one that lost its place asks for a fresh id rather than a higher epoch.
 *
 * Behaviour
 * - To write with the transactional id is asked for; without one to write idempotently in the
 *   cluster, or to write to any topic at all (KIP-679).
 * - An id without its epoch (or the reverse), or an empty transactional id: INVALID_REQUEST.
 * - Without a transactional id: a fresh id with epoch 0, whatever id and epoch the producer had.
 * - With one its coordinator decides. Id 0 with epoch 0 is what some client says that has none;
 *   nobody is ever given id 0.
 *
 * Versions
 * - 2: flexible (KIP-482) · 3: the producer's id and epoch (KIP-360)
 * - 4: PRODUCER_FENCED, before it INVALID_PRODUCER_EPOCH (KIP-588)
 * - 5: TRANSACTION_ABORTABLE (KIP-890)
 */
import { AclOperation, AclResourceType } from '../../protocol/acl.ts';
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '../../protocol/apis/init-producer-id.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import { demand, demandOfCluster } from '../permissions.ts';
import { fencedCode } from '../transaction-codes.ts';

const none = -1;

export const handleInitProducerId: Handler<InitProducerIdRequest, InitProducerIdResponse> = async (
  { transactionalId, transactionTimeoutMs, producerId, producerEpoch },
  context,
) => {
  const { producerIds, objects, apiVersion } = context;
  if (transactionalId === null) await demandIdempotence(context);
  else await demand(context, 'WRITE', 'TRANSACTIONAL_ID', transactionalId);
  if ((producerId === none) !== (producerEpoch === none) || transactionalId === '') {
    throw new KafkaError(ErrorCode.INVALID_REQUEST);
  }
  const newProducerId = await producerIds.take(objects.controller());
  if (transactionalId === null) {
    const errorCode = ErrorCode.NONE;
    return { throttleTimeMs: 0, errorCode, producerId: newProducerId, producerEpoch: 0 };
  }
  const isNew = producerId === 0 && producerEpoch === 0;
  const reply = await objects.transaction(transactionalId).call('initProducerId', {
    transactionalId,
    transactionTimeoutMs,
    newProducerId,
    ...(isNew ? { producerId: none, producerEpoch: none } : { producerId, producerEpoch }),
  });
  const errorCode = fencedCode(reply.errorCode, apiVersion, 4);
  return { throttleTimeMs: 0, ...reply, errorCode };
};

async function demandIdempotence(context: RequestContext): Promise<void> {
  const mayWrite = await context.authorizer.mayToAny(AclOperation.WRITE, AclResourceType.TOPIC);
  if (!mayWrite) await demandOfCluster(context, 'IDEMPOTENT_WRITE');
}
