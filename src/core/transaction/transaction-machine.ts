/**
 * A transaction coordinator that knows no producer yet.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Machine, Outcome } from '../machine.ts';
import type { TransactionCall, TransactionReply } from './replies.ts';

export class TransactionMachine implements Machine<TransactionCall, TransactionReply, never> {
  readonly deadline = undefined;

  decide(call: TransactionCall): Outcome<TransactionReply, never> {
    if (call.kind === 'describeTransaction') {
      throw new KafkaError(ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
    }
    if (call.kind === 'initProducerId') throw new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    throw new KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  }

  replay(): void {}

  expire(): Outcome<undefined, never> {
    return { rows: [], reply: undefined, wake: new Map() };
  }
}
