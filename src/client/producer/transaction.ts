/**
 * Transactions of one producer, as they are since KIP-890: whatever is written takes part by being
 * written, and every end gives the producer its next epoch. The surprise: after any failure a
 * transaction can only be aborted, and after some (another producer has taken the transactional id)
 * the producer can do nothing at all any more.
 */
import { endTxn } from '../../protocol/apis/end-txn.ts';
import { initProducerId } from '../../protocol/apis/init-producer-id.ts';
import { txnOffsetCommit } from '../../protocol/apis/txn-offset-commit.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Link } from '../link.ts';
import type { Topics } from '../topics.ts';
import { persistently } from '../waiting.ts';
import type { Identity } from './partition-queue.ts';

/** An offset to commit: the next one to be read. */
export interface TopicPartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Who commits: `consumer.groupMetadata`, or a group that nobody is a member of. */
export interface GroupMetadata {
  readonly groupId: string;
  readonly memberId?: string;
  readonly memberEpoch?: number;
  readonly groupInstanceId?: string | null;
}

export interface TransactionTerms {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  /** How long to go on trying to begin or end one. */
  readonly timeoutMs: number;
}

type State = 'none' | 'open' | 'failed';

/** The producer's time is over, whatever it does. */
const fatal: ReadonlySet<number> = new Set([
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTION_COORDINATOR_FENCED,
]);

export class Transactions {
  readonly #link: Link;
  readonly #topics: Topics;
  readonly #terms: TransactionTerms;
  #identity: Identity | undefined;
  #state: State = 'none';
  /** Why the transaction can only be aborted. */
  #error: unknown;
  #fatal: unknown;
  /** Whether there is something to end. */
  #hasWritten = false;

  constructor(link: Link, topics: Topics, terms: TransactionTerms) {
    this.#link = link;
    this.#topics = topics;
    this.#terms = terms;
  }

  get isOpen(): boolean {
    return this.#state !== 'none';
  }

  /** As whom to write. */
  async identity(): Promise<Identity> {
    if (this.#identity === undefined) throw new Error('No transaction has begun.');
    return this.#identity;
  }

  /** Throws unless a record may be written now. */
  checkWritable(): void {
    this.#checkAlive();
    if (this.#state === 'none') throw new Error('No transaction has begun: call begin() first.');
    if (this.#state === 'failed') throw this.#error;
    this.#hasWritten = true;
  }

  /** A write failed. */
  failed(error: unknown): void {
    if (error instanceof KafkaError && fatal.has(error.code)) this.#fatal = error;
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#error = error;
  }

  async begin(signal?: AbortSignal): Promise<void> {
    this.#checkAlive();
    if (this.#state !== 'none') throw new Error('A transaction is open already.');
    this.#identity ??= await this.#initialise(signal);
    this.#state = 'open';
    this.#hasWritten = false;
  }

  /** Everything that was written must be stored, or have failed. */
  async end(isCommitted: boolean, signal?: AbortSignal): Promise<void> {
    this.#checkAlive();
    if (this.#state === 'none') throw new Error('No transaction has begun.');
    if (isCommitted && this.#state === 'failed') throw this.#error;
    if (this.#hasWritten) await this.#tellEnd(isCommitted, signal);
    this.#state = 'none';
    this.#error = undefined;
  }

  async sendOffsets(
    offsets: readonly TopicPartitionOffset[],
    group: GroupMetadata,
    signal?: AbortSignal,
  ): Promise<void> {
    this.checkWritable();
    const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
    const topics = await Promise.all(
      [...byTopic].map(async ([name, all]) => ({
        ...(await this.#topics.named(name)),
        partitions: all.map(({ partition, offset }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        })),
      })),
    );
    await this.#guarded(signal, async () => {
      const answer = await this.#link.call(
        txnOffsetCommit,
        {
          transactionalId: this.#terms.transactionalId,
          groupId: group.groupId,
          ...(await this.identity()),
          generationIdOrMemberEpoch: group.memberEpoch ?? -1,
          memberId: group.memberId ?? '',
          groupInstanceId: group.groupInstanceId ?? null,
          topics,
        },
        { signal },
      );
      for (const { partitions } of answer.topics) {
        for (const { errorCode } of partitions) throwIfError(errorCode);
      }
    });
  }

  #initialise(signal?: AbortSignal): Promise<Identity> {
    const { transactionalId, transactionTimeoutMs } = this.#terms;
    return this.#guarded(signal, async () => {
      const request = { transactionalId, transactionTimeoutMs };
      const { errorCode, producerId, producerEpoch } = await this.#link.call(
        initProducerId,
        request,
        { signal },
      );
      throwIfError(errorCode);
      return { producerId, producerEpoch };
    });
  }

  async #tellEnd(committed: boolean, signal?: AbortSignal): Promise<void> {
    const { transactionalId } = this.#terms;
    const identity = await this.identity();
    this.#identity = await this.#guarded(signal, async () => {
      const request = { transactionalId, ...identity, committed };
      const { errorCode, producerId, producerEpoch } = await this.#link.call(endTxn, request, {
        signal,
      });
      throwIfError(errorCode);
      return { producerId, producerEpoch };
    });
  }

  async #guarded<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await persistently(work, { signal, timeoutMs: this.#terms.timeoutMs });
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  #checkAlive(): void {
    if (this.#fatal !== undefined) throw this.#fatal;
  }
}

function throwIfError(errorCode: number): void {
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
}
