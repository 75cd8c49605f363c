/**
 * InitProducerId: an id for an idempotent producer. The surprise: nothing is remembered of it here;
 * a partition learns of a producer from its first batch, and a producer that lost its place asks
 * for a fresh id rather than a higher epoch.
 *
 * Behaviour
 * - Without a transactional id: a fresh id with epoch 0, whatever id and epoch the producer had.
 * - An empty transactional id, or an id without its epoch (or the reverse): INVALID_REQUEST.
 * - With a transactional id: TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which stops the producer at
 *   once; transactions are not there yet, and every other code makes some client ask again for
 *   ever.
 *
 * Versions
 * - 2: flexible (KIP-482) · 3: the producer's id and epoch (KIP-360) · 4: PRODUCER_FENCED (KIP-588)
 *   · 5: TRANSACTION_ABORTABLE (KIP-890)
 */
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '../../protocol/apis/init-producer-id.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';

const none = -1;

export const handleInitProducerId: Handler<InitProducerIdRequest, InitProducerIdResponse> = async (
  { transactionalId, producerId, producerEpoch },
  { producerIds, objects },
) => {
  if ((producerId === none) !== (producerEpoch === none) || transactionalId === '') {
    throw new KafkaError(ErrorCode.INVALID_REQUEST);
  }
  if (transactionalId !== null) {
    throw new KafkaError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  }
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    producerId: await producerIds.take(objects.controller()),
    producerEpoch: 0,
  };
};
