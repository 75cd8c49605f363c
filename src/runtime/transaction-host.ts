/**
 * A transaction's machine on its host, the same in a Durable Object and in memory.
 */
import type { TransactionCalls } from '../core/transaction/calls.ts';
import { refuseTransactionCall } from '../core/transaction/replies.ts';
import { TransactionMachine } from '../core/transaction/transaction-machine.ts';
import type { CoordinatorHostOptions } from './coordinator-host.ts';
import { MachineHost } from './machine-host.ts';
import type { Stub } from './stubs.ts';

export class TransactionHost implements Stub<TransactionCalls> {
  readonly #host: MachineHost<TransactionCalls, never, TransactionMachine>;

  constructor({ rows, now, setAlarm }: CoordinatorHostOptions) {
    this.#host = new MachineHost({
      create: () => new TransactionMachine(),
      rows,
      now,
      setAlarm,
      refuse: refuseTransactionCall,
      onBug: (error) => console.error('Kedge met a bug in a transaction coordinator:', error),
    });
  }

  async call<K extends keyof TransactionCalls & string>(
    kind: K,
    command: TransactionCalls[K]['command'],
  ): Promise<TransactionCalls[K]['reply']> {
    return this.#host.call(kind, command);
  }

  async expire(): Promise<void> {
    this.#host.expire();
  }
}
