/**
 * The replies of a transaction coordinator that say no: each in the shape of its call, with nothing
 * in it but the code.
 */
import type { TransactionCommand, TransactionReply } from './transaction-machine.ts';

/** How any call to a transaction coordinator is refused. */
export function refuseTransactionCall(
  call: TransactionCommand,
  errorCode: number,
): TransactionReply {
  switch (call.kind) {
    case 'initProducerId':
    case 'endTxn':
      return { errorCode, producerId: -1, producerEpoch: -1 };
    case 'enlist':
      return { errorCode, transactionNumber: -1 };
    case 'describeTransaction':
      return { errorCode, transaction: null };
    case 'addPartitions':
    case 'addGroup':
      return { errorCode };
    case 'markersTold':
      return null;
  }
}
