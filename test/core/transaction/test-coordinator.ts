/**
 * A transaction machine with the least of a host around it: its rows in a map, a clock that stands
 * still, and a restart that loses everything but the rows.
 */
import { isParked } from '../../../src/core/machine.ts';
import type { TransactionDescription } from '../../../src/core/transaction/calls.ts';
import { refuseTransactionCall } from '../../../src/core/transaction/replies.ts';
import type { Participant, TransactionRow } from '../../../src/core/transaction/rows.ts';
import {
  type HostedTransactionCalls,
  type TransactionCommand,
  TransactionMachine,
} from '../../../src/core/transaction/transaction-machine.ts';
import { KafkaError } from '../../../src/protocol/errors.ts';

type Command<K extends keyof HostedTransactionCalls> = HostedTransactionCalls[K]['command'];
type Reply<K extends keyof HostedTransactionCalls> = HostedTransactionCalls[K]['reply'];

const settings = { transactionMaxTimeoutMs: 900_000, transactionalIdExpirationMs: 604_800_000 };

export interface Who {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export const nobodyYet: Who = { producerId: -1, producerEpoch: -1 };

export const partitionOf = (partition: number, topic = 't') =>
  ({ topicId: `the-id-of-${topic}`, topic, partition }) as const;

export class Coordinator {
  readonly rows = new Map<string, string>();
  machine = new TransactionMachine(settings);
  now = 1_000_000;
  /** Rows put and rows deleted. */
  written = 0;
  #nextProducerId = 100;

  call<K extends keyof HostedTransactionCalls & string>(kind: K, command: Command<K>): Reply<K> {
    const call = { kind, command } as TransactionCommand;
    try {
      const outcome = this.machine.decide(call, this.now);
      this.#store(outcome.rows);
      if (isParked(outcome.reply)) throw new Error('nobody waits here');
      return outcome.reply as Reply<K>;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return refuseTransactionCall(call, error.code) as Reply<K>;
    }
  }

  expire(): void {
    this.#store(this.machine.expire(this.now).rows);
  }

  restart(): void {
    this.machine = new TransactionMachine(settings);
    for (const key of [...this.rows.keys()].sort()) {
      this.machine.replay({ key, value: JSON.parse(this.rows.get(key)!) } as TransactionRow);
    }
  }

  /** A producer starts, or says that it was this one. */
  init(who = nobodyYet, transactionTimeoutMs = 60_000) {
    const newProducerId = this.#nextProducerId++;
    const command = { transactionalId: 'x', ...who, transactionTimeoutMs, newProducerId };
    return this.call('initProducerId', command);
  }

  /** Makes a participant part of the transaction, as transactions v2 do. */
  enlist(who: Who, participant: Participant = partitionOf(0), adds = true) {
    const { producerId, producerEpoch } = who;
    const producer = { transactionalId: 'x', producerId, producerEpoch };
    return this.call('enlist', { ...producer, participant, adds });
  }

  addPartitions(who: Who, ...partitions: number[]) {
    const { topicId, topic } = partitionOf(0);
    const { producerId, producerEpoch } = who;
    const topics = [{ topicId, topic, partitions }];
    return this.call('addPartitions', { transactionalId: 'x', producerId, producerEpoch, topics });
  }

  end(who: Who, committed: boolean, transactionVersion = 2) {
    const { producerId, producerEpoch } = who;
    const newProducerId = producerEpoch >= 32_766 ? this.#nextProducerId++ : -1;
    const producer = { transactionalId: 'x', producerId, producerEpoch };
    return this.call('endTxn', { ...producer, committed, transactionVersion, newProducerId });
  }

  /** Everyone hears how the transaction ended. */
  tellAll(): void {
    for (let news = this.machine.news(500); news; news = this.machine.news(500)) {
      const { transactionNumber, participants } = news;
      this.call('markersTold', { transactionNumber, heard: participants, unreached: [] });
    }
  }

  get described(): TransactionDescription {
    const { transaction } = this.call('describeTransaction', { transactionalId: 'x' });
    if (transaction === null) throw new Error('there is no such transactional id');
    return transaction;
  }

  /** A producer whose epoch is this one, with nothing open. */
  atEpoch(producerEpoch: number): Who {
    const { producerId } = this.init();
    const stored = JSON.parse(this.rows.get('transaction')!);
    this.rows.set('transaction', JSON.stringify({ ...stored, producerEpoch }));
    this.restart();
    return { producerId, producerEpoch };
  }

  #store(rows: readonly TransactionRow[]): void {
    for (const { key, value } of rows) {
      this.written++;
      if (value === null) this.rows.delete(key);
      else this.rows.set(key, JSON.stringify(value));
    }
    for (const row of rows) {
      this.machine.replay({ ...row, value: structuredClone(row.value) } as TransactionRow);
    }
  }
}
