/**
 * Sends batches until each is stored or given up. The surprise: what happens to a batch is decided
 * by what is known of it. One that was certainly refused leaves its sequence numbers to the next;
 * one that nobody answers for takes them with it, and its partition goes on under a new identity,
 * since a number that was used might make Kedge take the next batch for the lost one.
 */
import { type ProduceResponse, produce } from '../../protocol/apis/produce.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { buildBatch } from '../../protocol/records/index.ts';
import { type Compression, compressed } from '../compression.ts';
import type { Link } from '../link.ts';
import type { Topic, Topics } from '../topics.ts';
import { backoffMs, isRetriable } from '../waiting.ts';
import type { Batch, Identity, PartitionQueue } from './partition-queue.ts';

/** What the sender is told, and whom it asks. */
export interface SenderTerms {
  readonly acks: -1 | 0 | 1;
  readonly compression: Compression;
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly transactionalId: string | null;
  /** As whom a partition is written to; undefined: nobody in particular. */
  identityFor(queue: PartitionQueue): Promise<Identity | undefined>;
  /** A batch was given up. */
  gaveUp(error: unknown): void;
}

type Answer = Pick<
  ProduceResponse['responses'][number]['partitionResponses'][number],
  'errorCode' | 'errorMessage' | 'baseOffset' | 'logAppendTimeMs'
>;

interface Work {
  readonly queue: PartitionQueue;
  readonly batch: Batch;
}

/** What can be sent, and to which topic. */
interface ReadyWork extends Work {
  readonly topic: Topic;
}

const maxRequests = 5;
/** Whole batches: the last one may make it larger. */
const requestBytes = 1024 * 1024;

/** After these nobody knows whether the batch was stored. */
const doubtful: ReadonlySet<number> = new Set([
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.UNKNOWN_SERVER_ERROR,
]);

/** The partition does not take what this identity sends next. */
const displaced: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
]);

/** What is known of the topic may be old. */
const misplaced: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
]);

export class Sender {
  readonly #link: Link;
  readonly #topics: Topics;
  readonly #terms: SenderTerms;
  readonly #queues = new Set<PartitionQueue>();
  #requests = 0;
  /** How many wait for everything to be sent without delay. */
  #flushing = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isScheduled = false;

  constructor(link: Link, topics: Topics, terms: SenderTerms) {
    this.#link = link;
    this.#topics = topics;
    this.#terms = terms;
  }

  /** Something was put into this queue. Sends in a moment, with all that is sent in this turn. */
  wake(queue: PartitionQueue): void {
    this.#queues.add(queue);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#drain();
    });
  }

  /** Lets nothing linger until `work` is done. */
  async hurry<T>(work: Promise<T>): Promise<T> {
    this.#flushing++;
    this.#drain();
    try {
      return await work;
    } finally {
      this.#flushing--;
    }
  }

  /** Gives up everything that is not under way. */
  drop(error: KafkaError): void {
    for (const queue of this.#queues) {
      for (const batch of queue.clear()) {
        for (const { failed } of batch.entries) failed(error);
      }
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #drain(): void {
    clearTimeout(this.#timer);
    const now = Date.now();
    this.#giveUpExpired(now);
    while (this.#requests < maxRequests) {
      const work = this.#takeReady(now);
      if (work.length === 0) break;
      void this.#deliver(work);
    }
    this.#arm(now);
  }

  #takeReady(now: number): Work[] {
    const work: Work[] = [];
    let bytes = 0;
    for (const queue of this.#queues) {
      if (bytes >= requestBytes) break;
      const readyAt = queue.readyAt(this.#flushing > 0);
      if (readyAt === undefined || readyAt > now) continue;
      const batch = queue.take();
      bytes += batch.bytes;
      work.push({ queue, batch });
    }
    return work;
  }

  /** Wakes up when the next batch is due, and not before. */
  #arm(now: number): void {
    if (this.#requests >= maxRequests) return;
    let next = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues) {
      if (queue.isEmpty) this.#queues.delete(queue);
      next = Math.min(next, queue.readyAt(this.#flushing > 0) ?? next);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#drain(), Math.max(0, next - now));
  }

  #giveUpExpired(now: number): void {
    for (const queue of this.#queues) {
      const { deliveryTimeoutMs } = this.#terms;
      let batch = queue.expired(now, deliveryTimeoutMs);
      for (; batch !== undefined; batch = queue.expired(now, deliveryTimeoutMs)) {
        this.#giveUp({ queue, batch }, late());
      }
    }
  }

  async #deliver(work: readonly Work[]): Promise<void> {
    this.#requests++;
    const prepared = await Promise.all(work.map((one) => this.#prepare(one)));
    const ready = prepared.filter((one) => one !== undefined);
    if (ready.length > 0) {
      try {
        const answerTo = await this.#ask(ready);
        for (const one of ready) this.#conclude(one, answerTo(one));
      } catch (error) {
        for (const one of ready) this.#failed(one, error);
      }
    }
    this.#requests--;
    this.#drain();
  }

  /** Settles as whom the batch goes, with which numbers, as which bytes; undefined: not at all. */
  async #prepare(work: Work): Promise<ReadyWork | undefined> {
    const { queue, batch } = work;
    const { compression, transactionalId } = this.#terms;
    try {
      const topic = await this.#topics.named(queue.topic, true);
      if (batch.isMisplaced && queue.partition >= topic.partitions) {
        this.#placeAnew(work, topic);
        return undefined;
      }
      const identity = await this.#terms.identityFor(queue);
      if (identity !== queue.identity) {
        queue.identity = identity;
        queue.nextSequence = 0;
      }
      batch.encoded ??= await compressed(
        buildBatch(
          batch.entries.map(({ record }) => record),
          {
            ...(identity && { ...identity, baseSequence: queue.nextSequence }),
            isTransactional: transactionalId !== null,
          },
        ),
        compression,
      );
      return { ...work, topic };
    } catch (error) {
      this.#failed(work, error);
      return undefined;
    }
  }

  async #ask(work: readonly ReadyWork[]): Promise<(one: ReadyWork) => Answer | undefined> {
    const { acks, transactionalId, requestTimeoutMs, deliveryTimeoutMs } = this.#terms;
    const byTopic = [...Map.groupBy(work, ({ topic }) => topic.topicId)];
    const topicData = byTopic.map(([topicId, all]) => ({
      topicId,
      name: all[0].topic.name,
      partitionData: all.map(({ queue, batch }) => ({
        index: queue.partition,
        records: batch.encoded!,
      })),
    }));
    const request = { transactionalId, acks, timeoutMs: requestTimeoutMs, topicData };
    const oldest = Math.min(...work.map(({ batch }) => batch.createdAt));
    const left = oldest + deliveryTimeoutMs - Date.now();
    const limits = { timeoutMs: Math.max(1, Math.min(requestTimeoutMs, left)) };
    if (acks === 0) {
      await this.#link.tell(produce, request, limits);
      return () => unanswered;
    }
    const { responses } = await this.#link.call(produce, request, limits);
    return ({ queue, topic: { topicId, name } }) => {
      const topic = responses.find((one) => one.topicId === topicId || one.name === name);
      return topic?.partitionResponses.find(({ index }) => index === queue.partition);
    };
  }

  #conclude(work: Work, answer: Answer | undefined): void {
    const { queue, batch } = work;
    const { errorCode, errorMessage, baseOffset, logAppendTimeMs } = answer ?? missing;
    switch (errorCode) {
      case ErrorCode.NONE:
      case ErrorCode.DUPLICATE_SEQUENCE_NUMBER: {
        const isKnown = errorCode === ErrorCode.NONE && baseOffset >= 0;
        queue.advance(batch);
        queue.done(batch);
        for (const [index, { stored }] of batch.entries.entries()) {
          stored(isKnown ? baseOffset + index : -1, logAppendTimeMs);
        }
        return;
      }
      case ErrorCode.MESSAGE_TOO_LARGE:
        if (batch.entries.length === 1) break;
        queue.split(batch);
        return;
    }
    this.#failed(work, new KafkaError(errorCode, errorMessage ?? undefined));
  }

  #failed(work: Work, error: unknown): void {
    const { queue, batch } = work;
    const code = error instanceof KafkaError ? error.code : ErrorCode.NONE;
    if (doubtful.has(code)) batch.isInDoubt = true;
    if (misplaced.has(code)) {
      this.#topics.forget(queue.topic);
      batch.isMisplaced = true;
    }
    const now = Date.now();
    const isLate = now - batch.createdAt >= this.#terms.deliveryTimeoutMs;
    if (!isRetriable(error)) this.#giveUp(work, error);
    else if (isLate) this.#giveUp(work, late(error));
    else queue.back(batch, now + backoffMs(batch.attempts++));
  }

  /** The topic is another one now, with fewer partitions: no batch of the queue has a place. */
  #placeAnew({ queue, batch }: Work, topic: Topic): void {
    queue.done(batch);
    if (batch.isInDoubt) queue.hasLostPlace = true;
    const homeless = [batch, ...queue.clear()].flatMap(({ entries }) => entries);
    const gone = new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    if (homeless.some(({ place }) => place === undefined)) this.#terms.gaveUp(gone);
    for (const { place, failed } of homeless) {
      if (place === undefined) failed(gone);
      else place(topic);
    }
  }

  #giveUp({ queue, batch }: Work, error: unknown): void {
    queue.done(batch);
    const isDisplaced = error instanceof KafkaError && displaced.has(error.code);
    if (batch.isInDoubt || isDisplaced) queue.hasLostPlace = true;
    this.#terms.gaveUp(error);
    for (const { failed } of batch.entries) failed(error);
  }
}

/** What nobody answers, by the way it was asked. */
const unanswered = {
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  baseOffset: -1,
  logAppendTimeMs: -1,
};
/** What should have been answered. */
const missing = { ...unanswered, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR };

function late(cause?: unknown): KafkaError {
  return new KafkaError(
    ErrorCode.REQUEST_TIMED_OUT,
    'The records were not stored within deliveryTimeoutMs.',
    { cause },
  );
}
