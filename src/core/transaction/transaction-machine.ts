/**
 * A transaction coordinator: one transactional id, its producer, and who takes part in the
 * transaction that is open. The surprise: it tells nobody anything; it knows who has still to hear
 * how a transaction ended, and its host reports who has. Until all have, whoever wants the next
 * transaction is asked to wait.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { CallOf, Machine, Outcome, ReplyOf } from '../machine.ts';
import { coordinatorEpoch, type TransactionMarker } from '../transaction-marker.ts';
import type { TransactionCalls } from './calls.ts';
import { completed, isEndedAlready, prepared, producerAfter } from './endings.ts';
import {
  type Kept,
  keyOf,
  nobody,
  Participants,
  participantsOf,
  participationOf,
} from './participants.ts';
import { checkProducer, newTransaction, restarted } from './producers.ts';
import type {
  Participant,
  Participation,
  StoredTransaction,
  Transaction,
  TransactionRow,
} from './rows.ts';
import { epochsRanOut, isPrepared } from './rows.ts';

/** What the host of the machine also tells it: how the telling goes. */
export interface HostedTransactionCalls extends TransactionCalls {
  /** Who of those that were to hear how this transaction ended has heard, and who has not. */
  markersTold: {
    command: {
      readonly transactionNumber: number;
      readonly heard: readonly Participant[];
      readonly unreached: readonly Participant[];
    };
    reply: null;
  };
}

export type TransactionCommand = CallOf<HostedTransactionCalls>;
export type TransactionReply = ReplyOf<HostedTransactionCalls>;
type Command<K extends keyof HostedTransactionCalls> = HostedTransactionCalls[K]['command'];
type Producer = Pick<Command<'addGroup'>, 'producerId' | 'producerEpoch'>;
type TransactionOutcome = Outcome<TransactionReply, TransactionRow>;

export interface TransactionSettings {
  readonly transactionMaxTimeoutMs: number;
  readonly transactionalIdExpirationMs: number;
}

/** How a transaction ended, for those who have not heard. */
export interface News {
  readonly transactionNumber: number;
  readonly marker: TransactionMarker;
  readonly participants: readonly Participant[];
}

/** After a decision, should whoever tells of it be interrupted. */
const tellAgainMs = 10_000;
/** After a participant could not be reached: at first, and at most. */
const retryMs = { first: 1_000, most: 30_000 };
/** After a new producer id could not be had. */
const abortRetryMs = 5_000;

export class TransactionMachine
  implements Machine<TransactionCommand, TransactionReply, TransactionRow>
{
  readonly #settings: TransactionSettings;
  readonly #participants = new Participants();
  #transaction: Transaction | undefined;
  /** Memory only: when those who have not heard are to be told; undefined until it is known. */
  #tellAt: number | undefined;
  /** Memory only: rounds in which somebody could not be reached, one after the other. */
  #failures = 0;
  /** Memory only: who could not be reached, and is told after the others. */
  readonly #unreached = new Set<string>();
  /** Memory only: for a transaction that times out when the epochs ran out; -1: none. */
  #spareProducerId = -1;
  /** Memory only: a transaction that timed out is not aborted before. */
  #abortAt = 0;

  constructor(settings: TransactionSettings) {
    this.#settings = settings;
  }

  /** Undefined: there is no such transactional id. */
  get transactionalId(): string | undefined {
    return this.#transaction?.transactionalId;
  }

  /** Whether some may not have heard how a transaction ended. */
  get isTelling(): boolean {
    return this.#transaction !== undefined && isPrepared(this.#transaction);
  }

  /** Whether they are to be told now. */
  isTellingDue(now: number): boolean {
    return this.isTelling && now >= (this.#tellAt ?? now);
  }

  /** Whether `expire` needs a new producer id, as a transaction is open for too long. */
  needsProducerId(now: number): boolean {
    const transaction = this.#transaction;
    return transaction !== undefined && epochsRanOut(transaction) && this.#isTimedOut(now);
  }

  /** An unused one, which will have no other use. */
  supplyProducerId(producerId: number): void {
    this.#spareProducerId = producerId;
  }

  get deadline(): number | undefined {
    const transaction = this.#transaction;
    if (transaction === undefined) return undefined;
    if (isPrepared(transaction)) return this.#tellAt;
    if (transaction.state === 'Ongoing') return this.#timeoutAt(transaction);
    return transaction.lastUpdateMs + this.#settings.transactionalIdExpirationMs;
  }

  /** How the transaction ended, for some of those who have not heard. */
  news(atMost: number): News | undefined {
    const transaction = this.#transaction;
    if (transaction === undefined || !isPrepared(transaction)) return undefined;
    const { producerId, producerEpoch, number: transactionNumber, state } = transaction;
    const committed = state === 'PrepareCommit';
    const left = [...this.#participants];
    const late = (participant: Participant) => this.#unreached.has(keyOf(participant));
    const inOrder = [...left.filter((each) => !late(each)), ...left.filter(late)];
    return {
      transactionNumber,
      marker: { producerId, producerEpoch, coordinatorEpoch, committed, transactionNumber },
      participants: inOrder.slice(0, atMost),
    };
  }

  decide(call: TransactionCommand, now: number): TransactionOutcome {
    this.#woken(now);
    if ('transactionalId' in call.command && call.command.transactionalId === '') {
      throw new KafkaError(ErrorCode.INVALID_REQUEST);
    }
    switch (call.kind) {
      case 'initProducerId':
        return this.#initProducerId(call.command, now);
      case 'addPartitions':
        return this.#added(call.command, { groupIds: [], topics: call.command.topics }, now);
      case 'addGroup':
        return this.#added(call.command, { groupIds: [call.command.groupId], topics: [] }, now);
      case 'enlist':
        return this.#enlist(call.command, now);
      case 'endTxn':
        return this.#endTxn(call.command, now);
      case 'describeTransaction':
        return this.#describe();
      case 'markersTold':
        return this.#markersTold(call.command, now);
    }
  }

  /** Aborts what is open for too long, and forgets an id that was not used for long. */
  expire(now: number): Outcome<undefined, TransactionRow> {
    this.#woken(now);
    if (this.isTellingDue(now)) this.#tellAt = now + tellAgainMs;
    return { rows: this.#expired(now), reply: undefined, wake: new Map() };
  }

  #expired(now: number): readonly TransactionRow[] {
    const transaction = this.#transaction;
    if (transaction === undefined || isPrepared(transaction)) return [];
    if (transaction.state === 'Ongoing') {
      if (!this.#isTimedOut(now)) return [];
      if (!epochsRanOut(transaction)) return this.#abort(transaction, -1, now);
      if (this.#spareProducerId >= 0) return this.#abort(transaction, this.#spareProducerId, now);
      this.#abortAt = now + abortRetryMs;
      return [];
    }
    const isForgotten =
      now >= transaction.lastUpdateMs + this.#settings.transactionalIdExpirationMs;
    return isForgotten ? [{ key: 'transaction', value: null }] : [];
  }

  replay(row: TransactionRow): void {
    if (row.key !== 'transaction') {
      this.#participants.replaySlice(row.key, row.value as Participation | null);
      return;
    }
    const stored = row.value as StoredTransaction | null;
    this.#participants.replayLatest(stored ?? nobody);
    this.#transaction = stored ?? undefined;
  }

  #initProducerId(command: Command<'initProducerId'>, now: number): TransactionOutcome {
    const { transactionTimeoutMs: timeoutMs, newProducerId } = command;
    if (!(timeoutMs > 0 && timeoutMs <= this.#settings.transactionMaxTimeoutMs)) {
      throw new KafkaError(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    }
    const transaction = this.#transaction;
    if (transaction === undefined) return this.#started(newTransaction(command, now));
    if (isPrepared(transaction)) throw new KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS);
    checkProducer(command, transaction);
    if (transaction.state !== 'Ongoing') {
      return this.#started(restarted(command, transaction, now));
    }
    // The producer asks again, and by then the transaction is aborted.
    const rows = this.#abort(transaction, newProducerId, now);
    return answer({ ...noProducer, errorCode: ErrorCode.CONCURRENT_TRANSACTIONS }, rows);
  }

  #started(transaction: Transaction): TransactionOutcome {
    const { producerId, producerEpoch } = transaction;
    const reply = { errorCode: ErrorCode.NONE, producerId, producerEpoch };
    return answer(reply, rowsOf(transaction, this.#participants.with([])));
  }

  #enlist(command: Command<'enlist'>, now: number): TransactionOutcome {
    const { participant, adds } = command;
    if (!adds) {
      const { number: transactionNumber } = this.#transactionOf(command);
      if (this.isTelling) throw new KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS);
      if (!this.#participants.has(participant)) {
        throw new KafkaError(ErrorCode.TRANSACTION_ABORTABLE);
      }
      return answer({ errorCode: ErrorCode.NONE, transactionNumber });
    }
    const { rows, transactionNumber } = this.#add(command, [participant], now);
    return answer({ errorCode: ErrorCode.NONE, transactionNumber }, rows);
  }

  #added(command: Producer, added: Participation, now: number): TransactionOutcome {
    const { rows } = this.#add(command, participantsOf(added), now);
    return answer({ errorCode: ErrorCode.NONE }, rows);
  }

  /** Begins a transaction if none is open. */
  #add(
    command: Producer,
    participants: readonly Participant[],
    now: number,
  ): { readonly transactionNumber: number; readonly rows: readonly TransactionRow[] } {
    // Looked at first, as the producer may have got the id it will have when this one is complete.
    if (this.isTelling) throw new KafkaError(ErrorCode.CONCURRENT_TRANSACTIONS);
    const transaction = this.#transactionOf(command);
    const isOpen = transaction.state === 'Ongoing';
    const missing = participants.filter((participant) => !this.#participants.has(participant));
    const { number, startTimeMs } = transaction;
    if (isOpen && missing.length === 0) return { transactionNumber: number, rows: [] };
    const opened: Transaction = {
      ...transaction,
      state: 'Ongoing',
      previousProducerId: transaction.producerId,
      number: isOpen ? number : number + 1,
      startTimeMs: isOpen ? startTimeMs : now,
      lastUpdateMs: now,
    };
    const rows = rowsOf(opened, this.#participants.with(missing));
    return { transactionNumber: opened.number, rows };
  }

  /** The transaction of this producer, and of no other. */
  #transactionOf({ producerId, producerEpoch }: Producer): Transaction {
    const transaction = this.#transaction;
    if (transaction?.producerId !== producerId) {
      throw new KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    }
    if (transaction.producerEpoch !== producerEpoch) {
      throw new KafkaError(ErrorCode.PRODUCER_FENCED);
    }
    return transaction;
  }

  #endTxn(command: Command<'endTxn'>, now: number): TransactionOutcome {
    const transaction = this.#transaction;
    if (transaction === undefined) throw new KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    const { committed, newProducerId } = command;
    const raisesEpoch = command.transactionVersion >= 2;
    const isEnded = isEndedAlready(command, transaction);
    const decision = { committed, raisesEpoch, newProducerId };
    const ended = isEnded ? transaction : prepared(transaction, decision, now);
    const producer = raisesEpoch ? producerAfter(ended) : noProducer;
    const rows = isEnded ? [] : this.#decided(ended, now);
    return answer({ errorCode: ErrorCode.NONE, ...producer }, rows);
  }

  /** By the coordinator itself; the producer that left it open must not go on with it. */
  #abort(transaction: Transaction, newProducerId: number, now: number): readonly TransactionRow[] {
    const decision = { committed: false, raisesEpoch: true, newProducerId };
    return this.#decided(prepared(transaction, decision, now), now);
  }

  /** Complete at once if nobody has to hear of it. */
  #decided(ended: Transaction, now: number): readonly TransactionRow[] {
    this.#tellAt = now + tellAgainMs;
    this.#spareProducerId = -1;
    this.#failures = 0;
    this.#unreached.clear();
    const everyone = this.#participants.with([]);
    return rowsOf(this.#participants.isEmpty ? completed(ended, now) : ended, everyone);
  }

  #markersTold(command: Command<'markersTold'>, now: number): TransactionOutcome {
    const transaction = this.#transaction;
    const { transactionNumber, heard, unreached } = command;
    if (transaction?.number !== transactionNumber || !isPrepared(transaction)) return answer(null);
    for (const participant of unreached) this.#unreached.add(keyOf(participant));
    if (unreached.length > 0) {
      this.#tellAt = now + Math.min(retryMs.first * 2 ** this.#failures++, retryMs.most);
    } else {
      this.#failures = 0;
      this.#tellAt = now;
    }
    if (heard.length === 0) return answer(null);
    const left = this.#participants.except(heard);
    const next = left.length === 0 ? completed(transaction, now) : transaction;
    return answer(null, rowsOf(next, this.#participants.only(left)));
  }

  #describe(): TransactionOutcome {
    if (this.#transaction === undefined) {
      throw new KafkaError(ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
    }
    const { state, timeoutMs, startTimeMs, producerId, producerEpoch } = this.#transaction;
    const transaction = {
      ...{ state, timeoutMs, startTimeMs, producerId, producerEpoch },
      ...participationOf(this.#participants),
    };
    return answer({ errorCode: ErrorCode.NONE, transaction });
  }

  #isTimedOut(now: number): boolean {
    return this.#transaction?.state === 'Ongoing' && now >= this.#timeoutAt(this.#transaction);
  }

  #timeoutAt({ startTimeMs, timeoutMs }: Transaction): number {
    return Math.max(startTimeMs + timeoutMs + 1, this.#abortAt);
  }

  /** Whoever has not heard when the coordinator is loaded is told at once. */
  #woken(now: number): void {
    this.#tellAt ??= now;
  }
}

const noProducer = { producerId: -1, producerEpoch: -1 };

function rowsOf(transaction: Transaction, { latest, slices }: Kept): readonly TransactionRow[] {
  return [...slices, { key: 'transaction', value: { ...transaction, ...latest } }];
}

function answer(reply: TransactionReply, rows: readonly TransactionRow[] = []): TransactionOutcome {
  return { rows, reply, wake: new Map() };
}
