/**
 * A transaction's machine on its host, the same in a Durable Object and in memory: it tells
 * everyone who takes part how a transaction ended. The surprise: whoever decides that is answered
 * only after everyone was told once, so that the next transaction finds nothing in its way; who
 * could not be reached is told again, by the alarm, and after a crash so is everyone, which does no
 * harm.
 */
import type { TransactionCalls } from '../core/transaction/calls.ts';
import { refuseTransactionCall } from '../core/transaction/replies.ts';
import type { Participant, TransactionRow } from '../core/transaction/rows.ts';
import type { HostedTransactionCalls } from '../core/transaction/transaction-machine.ts';
import { TransactionMachine } from '../core/transaction/transaction-machine.ts';
import type { TransactionMarker } from '../core/transaction-marker.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { Announcement } from './announcement.ts';
import type { CoordinatorHostOptions } from './coordinator-host.ts';
import { eachBounded } from './each-bounded.ts';
import { MachineHost } from './machine-host.ts';
import type { Objects, Stub } from './stubs.ts';

/**
 * Participants told in one round, and how many of them at the same time: an invocation may make
 * only so many calls.
 */
const told = { inRound: 500, atOnce: 50 };

export class TransactionHost implements Stub<TransactionCalls> {
  readonly #host: MachineHost<HostedTransactionCalls, TransactionRow, TransactionMachine>;
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #announcement: Announcement;
  #transactionalId: string | undefined;
  #isTelling = false;

  constructor({ config, rows, objects, now, setAlarm }: CoordinatorHostOptions) {
    this.#objects = objects;
    this.#now = now;
    this.#host = new MachineHost({
      create: () => new TransactionMachine(config),
      rows,
      now,
      setAlarm,
      refuse: refuseTransactionCall,
      onBug: (error) => console.error('Kedge met a bug in a transaction coordinator:', error),
    });
    this.#transactionalId = this.#host.machine.transactionalId;
    this.#announcement = new Announcement({
      exists: () => this.#host.machine.transactionalId !== undefined,
      say: async (isThere) => {
        const kind = isThere ? 'registerTransactionalId' : 'unregisterTransactionalId';
        if (this.#transactionalId === undefined) throw new Error('nobody has said which it is');
        await objects.controller().call(kind, { transactionalId: this.#transactionalId });
      },
    });
  }

  async call<K extends keyof TransactionCalls & string>(
    kind: K,
    command: TransactionCalls[K]['command'],
  ): Promise<TransactionCalls[K]['reply']> {
    this.#transactionalId = command.transactionalId;
    const act = (): Promise<TransactionCalls[K]['reply']> => {
      const reply = this.#deciding(() => this.#host.call(kind, command));
      // One that is asked about and does not exist may have been announced for nothing.
      if (kind === 'describeTransaction') this.#announcement.suspect();
      void this.#announcement.takeBackIfGone();
      return reply;
    };
    return kind === 'initProducerId' ? this.#announcement.before(act) : act();
  }

  /** What the alarm does. */
  async expire(): Promise<void> {
    const now = this.#now();
    const { machine } = this.#host;
    if (machine.needsProducerId(now)) machine.supplyProducerId(await this.#newProducerId());
    const isDue = machine.isTellingDue(now);
    await this.#deciding(() => this.#host.expire());
    if (isDue) await this.#tell();
    await this.#announcement.takeBackIfGone();
  }

  /** Whoever decides how a transaction ends goes on when everyone was told; nobody else waits. */
  async #deciding<T>(act: () => T | Promise<T>): Promise<T> {
    const wasTelling = this.#host.machine.isTelling;
    const result = act();
    const { machine } = this.#host;
    if (machine.isTelling && !wasTelling) await this.#tell();
    else if (machine.isTellingDue(this.#now())) void this.#tell();
    return result;
  }

  /** Tells participants how the transaction ended: all of them, if there are not too many. */
  async #tell(): Promise<void> {
    const news = this.#host.machine.news(told.inRound);
    if (this.#isTelling || news === undefined) return;
    this.#isTelling = true;
    const { marker, participants, transactionNumber } = news;
    const answers = await eachBounded(participants, (each) => this.#hears(each, marker), told);
    const heard = participants.filter((_, index) => answers[index]);
    const unreached = participants.filter((_, index) => !answers[index]);
    // With no await before the call: what it completes, another call may follow at once.
    this.#isTelling = false;
    await this.#host.call('markersTold', { transactionNumber, heard, unreached });
  }

  async #hears(participant: Participant, marker: TransactionMarker): Promise<boolean> {
    try {
      const { errorCode } = await this.#told(participant, marker);
      return deaf.has(errorCode) || errorCode === ErrorCode.NONE;
    } catch {
      return false;
    }
  }

  #told(
    participant: Participant,
    marker: TransactionMarker,
  ): Promise<{ readonly errorCode: number }> {
    if ('groupId' in participant) {
      const { groupId } = participant;
      return this.#objects.group(groupId).call('endTransaction', { groupId, marker });
    }
    const { topicId, partition } = participant;
    return this.#objects.partition(topicId, partition).call('writeMarker', { marker });
  }

  /** -1: there is none to be had. */
  async #newProducerId(): Promise<number> {
    try {
      const { firstProducerId } = await this.#objects
        .controller()
        .call('allocateProducerIds', { count: 1 });
      return firstProducerId;
    } catch {
      return -1;
    }
  }
}

/**
 * Whoever answers so has heard all it ever will: its topic is gone, or an operator ended the
 * transaction there (KIP-664) and the producer went on.
 */
const deaf: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.TRANSACTION_COORDINATOR_FENCED,
]);
