/**
 * AddOffsetsToTxn: makes a group part of a transaction. The surprise: the group itself hears
 * nothing of it; it asks the coordinator when the first offset is committed.
 *
 * Behaviour
 * - To write with the transactional id is asked for, and to read in the group.
 * - The coordinator of the transactional id decides.
 *
 * Versions
 * - 2: PRODUCER_FENCED, before it INVALID_PRODUCER_EPOCH (KIP-588) · 3: flexible
 * - 4: TRANSACTION_ABORTABLE (KIP-890)
 */
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../protocol/apis/add-offsets-to-txn.ts';
import type { Handler } from '../context.ts';
import { demand } from '../permissions.ts';
import { fencedCode } from '../transaction-codes.ts';

export const handleAddOffsetsToTxn: Handler<
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse
> = async (request, context) => {
  const { objects, apiVersion } = context;
  await demand(context, 'WRITE', 'TRANSACTIONAL_ID', request.transactionalId);
  await demand(context, 'READ', 'GROUP', request.groupId);
  const coordinator = objects.transaction(request.transactionalId);
  const { errorCode } = await coordinator.call('addGroup', request);
  return { throttleTimeMs: 0, errorCode: fencedCode(errorCode, apiVersion, 2) };
};
