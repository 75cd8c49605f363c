/**
 * EndTxn: commits a transaction or aborts it. The surprise: it is answered once everybody who took
 * part has heard of it, so that the next transaction may begin at once.
 *
 * Behaviour
 * - To write with the transactional id is asked for.
 * - The coordinator of the transactional id decides. Asked again, it answers the same.
 *
 * Versions
 * - 2: PRODUCER_FENCED, before it INVALID_PRODUCER_EPOCH (KIP-588) · 3: flexible
 * - 4: TRANSACTION_ABORTABLE · 5: the epoch rises, and the answer says it (KIP-890)
 */
import type { EndTxnRequest, EndTxnResponse } from '../../protocol/apis/end-txn.ts';
import type { Handler } from '../context.ts';
import { demand } from '../permissions.ts';
import { fencedCode } from '../transaction-codes.ts';

const none = -1;
/** From here on the next epoch may not exist, and the producer goes on under another id. */
const lastEpochs = 32_766;

export const handleEndTxn: Handler<EndTxnRequest, EndTxnResponse> = async (request, context) => {
  await demand(context, 'WRITE', 'TRANSACTIONAL_ID', request.transactionalId);
  const { objects, producerIds, apiVersion } = context;
  const raisesEpoch = apiVersion >= 5;
  const needsId = raisesEpoch && request.producerEpoch >= lastEpochs;
  const { errorCode, producerId, producerEpoch } = await objects
    .transaction(request.transactionalId)
    .call('endTxn', {
      ...request,
      transactionVersion: raisesEpoch ? 2 : 0,
      newProducerId: needsId ? await producerIds.take(objects.controller()) : none,
    });
  return {
    throttleTimeMs: 0,
    errorCode: fencedCode(errorCode, apiVersion, 2),
    producerId,
    producerEpoch,
  };
};
