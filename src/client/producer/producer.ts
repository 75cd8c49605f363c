/**
 * Writes records, as Java's producer does: in batches, each key to its partition, stored once and
 * in order whatever happens on the way. The surprise: `send` settles when the record is on disk, so
 * a program that is to be quick starts many before it waits for any.
 */
import {
  partitionForKey,
  type StickyPartitioner,
  stickyPartitioner,
} from '../../core/partitioner.ts';
import { initProducerId } from '../../protocol/apis/init-producer-id.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { NewRecord } from '../../protocol/records/index.ts';
import type { Link } from '../link.ts';
import { type Cancellable, linkTo } from '../options.ts';
import { type Serializer, textOrBytes } from '../serdes.ts';
import { type Topic, Topics } from '../topics.ts';
import type { Connection } from '../transport.ts';
import { persistently, within } from '../waiting.ts';
import type { HeadersInput, ProducerOptions, ProducerRecord, RecordMetadata } from './options.ts';
import { type Entry, type Identity, PartitionQueue } from './partition-queue.ts';
import { Room } from './room.ts';
import { Sender } from './sender.ts';
import { type GroupMetadata, type TopicPartitionOffset, Transactions } from './transaction.ts';

/** What a record takes in a batch beside its key, value and headers, at most. */
const recordOverhead = 40;
const headerOverhead = 10;

export class Producer<K = string | Uint8Array, V = string | Uint8Array> implements AsyncDisposable {
  readonly #link: Link;
  readonly #topics: Topics;
  readonly #sender: Sender;
  readonly #room: Room;
  readonly #options: ProducerOptions<K, V>;
  readonly #transactions: Transactions | undefined;
  readonly #isIdempotent: boolean;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #sticky = new Map<string, StickyPartitioner>();
  /** Of a topic, the last of those that wait for room. */
  readonly #entering = new Map<string, Promise<void>>();
  /** Settles when everything sent so far is stored or given up. */
  readonly #pending = new Set<Promise<unknown>>();
  #identity: Promise<Identity> | undefined;
  #isClosed = false;

  /** Nothing is sent, and no connection opened, before it is needed. Throws for bad options. */
  constructor(connection: Connection, options: ProducerOptions<K, V> = {}) {
    const { acks = 'all', transactionalId, requestTimeoutMs = 30_000 } = options;
    const { idempotent = acks === 'all', deliveryTimeoutMs = 120_000 } = options;
    if ((idempotent || transactionalId !== undefined) && acks !== 'all') {
      throw new TypeError("acks must be 'all' where nothing may be stored twice");
    }
    this.#options = options;
    this.#isIdempotent = idempotent;
    this.#link = linkTo(connection, options);
    this.#topics = new Topics(this.#link, deliveryTimeoutMs);
    this.#room = new Room(options.bufferBytes ?? 16 * 1024 * 1024);
    if (transactionalId !== undefined) {
      this.#transactions = new Transactions(this.#link, this.#topics, {
        transactionalId,
        transactionTimeoutMs: options.transactionTimeoutMs ?? 60_000,
        timeoutMs: deliveryTimeoutMs,
      });
    }
    this.#sender = new Sender(this.#link, this.#topics, {
      acks: acks === 'all' ? -1 : acks,
      compression: options.compression ?? 'none',
      deliveryTimeoutMs,
      requestTimeoutMs,
      transactionalId: transactionalId ?? null,
      identityFor: (queue) => this.#identityFor(queue),
      gaveUp: (error) => this.#transactions?.failed(error),
    });
  }

  /**
   * Sends a record, or several, and settles when they are stored; those of one partition are stored
   * in the order they are sent. Rejects with a KafkaError when one is given up. Aborting rejects
   * with the signal's reason; what is under way by then may be stored all the same.
   */
  send(topic: string, record: ProducerRecord<K, V>, how?: Cancellable): Promise<RecordMetadata>;
  send(
    topic: string,
    records: readonly ProducerRecord<K, V>[],
    how?: Cancellable,
  ): Promise<RecordMetadata[]>;
  async send(
    topic: string,
    records: ProducerRecord<K, V> | readonly ProducerRecord<K, V>[],
    { signal }: Cancellable = {},
  ): Promise<RecordMetadata | RecordMetadata[]> {
    this.#checkOpen();
    this.#transactions?.checkWritable();
    const now = Date.now();
    const all = isList(records) ? records : [records];
    const news = all.map((record) => ({ record: this.#newRecord(record, now), ...record }));
    const sent = this.#sendAll(topic, news, signal);
    this.#pending.add(sent);
    try {
      const stored = await within(sent, { signal });
      return isList(records) ? stored : stored[0];
    } finally {
      sent.catch(() => {}).finally(() => this.#pending.delete(sent));
    }
  }

  /**
   * The same for who wants to know of each record: never rejects for what becomes of one, and
   * answers in their order.
   */
  async sendEach(
    topic: string,
    records: readonly ProducerRecord<K, V>[],
  ): Promise<PromiseSettledResult<RecordMetadata>[]> {
    this.#checkOpen();
    this.#transactions?.checkWritable();
    const now = Date.now();
    const news = records.map((record) => ({
      record: this.#newRecord(record, now),
      partition: record.partition,
    }));
    const sent = this.#settleAll(topic, news, undefined);
    this.#pending.add(sent);
    try {
      return await sent;
    } finally {
      this.#pending.delete(sent);
    }
  }

  /** Sends what lingers, and settles when everything sent before is stored or given up. */
  async flush({ signal }: Cancellable = {}): Promise<void> {
    const settled = Promise.allSettled([...this.#pending]);
    await within(this.#sender.hurry(settled), { signal });
  }

  /** How many partitions a topic has. It is made where Kedge makes topics by itself. */
  async partitionsFor(topic: string): Promise<number> {
    return (await this.#topics.named(topic, true)).partitions;
  }

  /** Begins a transaction: what is sent until its end is seen at once, or never. */
  begin({ signal }: Cancellable = {}): Promise<void> {
    return this.#transactional().begin(signal);
  }

  /** Everything in the transaction becomes visible. Rejects when something in it failed: abort. */
  async commit(how: Cancellable = {}): Promise<void> {
    await this.flush(how);
    await this.#transactional().end(true, how.signal);
  }

  /** Nothing in the transaction becomes visible. */
  async abort(how: Cancellable = {}): Promise<void> {
    const transactions = this.#transactional();
    this.#sender.drop(new KafkaError(ErrorCode.TRANSACTION_ABORTABLE, 'It was aborted.'));
    await this.flush(how);
    await transactions.end(false, how.signal);
  }

  /** Commits what a group has read as a part of the transaction. */
  sendOffsets(
    offsets: readonly TopicPartitionOffset[],
    group: GroupMetadata,
    { signal }: Cancellable = {},
  ): Promise<void> {
    return this.#transactional().sendOffsets(offsets, group, signal);
  }

  /** Sends what waits, and closes. An open transaction is aborted. */
  async close(how: Cancellable = {}): Promise<void> {
    if (this.#isClosed) return;
    try {
      if (this.#transactions?.isOpen) await this.abort(how).catch(() => {});
      else await this.flush(how);
    } finally {
      this.#isClosed = true;
      this.#sender.stop();
      this.#sender.drop(new KafkaError(ErrorCode.NETWORK_EXCEPTION, 'The producer was closed.'));
      this.#link.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #sendAll(
    topicName: string,
    news: readonly { readonly record: NewRecord; readonly partition?: number }[],
    signal: AbortSignal | undefined,
  ): Promise<RecordMetadata[]> {
    const settled = await this.#settleAll(topicName, news, signal);
    signal?.throwIfAborted();
    this.#checkOpen();
    return settled.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    });
  }

  async #settleAll(
    topicName: string,
    news: readonly { readonly record: NewRecord; readonly partition?: number | undefined }[],
    signal: AbortSignal | undefined,
  ): Promise<PromiseSettledResult<RecordMetadata>[]> {
    const topic = await this.#topics.named(topicName, true);
    const stored: Promise<RecordMetadata>[] = [];
    const entering = this.#enterAll(topic, news, signal, stored);
    if (stored.length < news.length) {
      this.#entering.set(topic.name, entering);
      await entering;
      if (this.#entering.get(topic.name) === entering) this.#entering.delete(topic.name);
    }
    return Promise.allSettled(stored);
  }

  /** All of them, before any of those that are sent later to the same topic. */
  async #enterAll(
    topic: Topic,
    news: readonly { readonly record: NewRecord; readonly partition?: number | undefined }[],
    signal: AbortSignal | undefined,
    stored: Promise<RecordMetadata>[],
  ): Promise<void> {
    const before = this.#entering.get(topic.name);
    if (before !== undefined) await before.catch(() => {});
    for (const { record, partition } of news) {
      const bytes = sizeOf(record);
      const room = this.#room.enter(bytes);
      if (room !== undefined) await room;
      if (signal?.aborted || this.#isClosed) {
        this.#room.leave(bytes);
        return;
      }
      const one = this.#enqueue(topic, partition, { record, bytes }, signal);
      // Whoever waits for all of them is told; until then nobody is.
      one.catch(() => {});
      stored.push(one);
    }
  }

  #enqueue(
    topic: Topic,
    partition: number | undefined,
    { record, bytes }: Pick<Entry, 'record' | 'bytes'>,
    signal: AbortSignal | undefined,
  ): Promise<RecordMetadata> {
    const sentAt = Date.now();
    let queue: PartitionQueue;
    return new Promise<RecordMetadata>((resolve, reject) => {
      const leave = () => {
        this.#room.leave(bytes);
        signal?.removeEventListener('abort', takeBack);
      };
      const entry: Entry = {
        record,
        bytes,
        stored: (offset, appendTime) => {
          leave();
          const timestamp = appendTime >= 0 ? appendTime : record.timestamp;
          resolve({ topic: queue.topic, partition: queue.partition, offset, timestamp });
        },
        failed: (error) => {
          leave();
          reject(error);
        },
        place: partition === undefined ? (there) => put(there) : undefined,
      };
      const put = (there: Topic) => {
        queue = this.#queueOf(there.name, partition ?? this.#partitionOf(there, record, bytes));
        queue.append(entry, sentAt);
        this.#sender.wake(queue);
      };
      const takeBack = () => {
        if (queue.remove(entry)) entry.failed(signal?.reason);
      };
      signal?.addEventListener('abort', takeBack);
      put(topic);
    });
  }

  #newRecord(record: ProducerRecord<K, V>, now: number): NewRecord {
    const { key, value, headers, timestamp = now } = record;
    const by = this.#options;
    return {
      key: serialized(key, by.key ?? (textOrBytes as unknown as Serializer<K>)),
      value: serialized(value, by.value ?? (textOrBytes as unknown as Serializer<V>)),
      headers: headersOf(headers),
      timestamp,
    };
  }

  #partitionOf({ name, partitions }: Topic, { key }: NewRecord, bytes: number): number {
    if (key != null) return partitionForKey(key, partitions);
    const known = this.#sticky.get(`${name} ${partitions}`);
    const sticky = known ?? stickyPartitioner(partitions, Math.floor(Math.random() * partitions));
    if (known === undefined) this.#sticky.set(`${name} ${partitions}`, sticky);
    return sticky(bytes);
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const key = `${topic} ${partition}`;
    const { batchBytes = 1_000_000, lingerMs = 0 } = this.#options;
    const queue =
      this.#queues.get(key) ?? new PartitionQueue(topic, partition, { batchBytes, lingerMs });
    this.#queues.set(key, queue);
    return queue;
  }

  async #identityFor(queue: PartitionQueue): Promise<Identity | undefined> {
    if (this.#transactions !== undefined) return this.#transactions.identity();
    if (!this.#isIdempotent) return undefined;
    if (queue.hasLostPlace) {
      const identity = await this.#newIdentity();
      queue.hasLostPlace = false;
      return identity;
    }
    if (queue.identity !== undefined) return queue.identity;
    this.#identity ??= this.#newIdentity();
    try {
      return await this.#identity;
    } catch (error) {
      this.#identity = undefined;
      throw error;
    }
  }

  #newIdentity(): Promise<Identity> {
    return persistently(
      async () => {
        const request = { transactionalId: null, transactionTimeoutMs: 0 };
        const answer = await this.#link.call(initProducerId, request);
        if (answer.errorCode !== ErrorCode.NONE) throw new KafkaError(answer.errorCode);
        return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
      },
      { timeoutMs: 5_000 },
    );
  }

  #transactional(): Transactions {
    this.#checkOpen();
    if (this.#transactions !== undefined) return this.#transactions;
    throw new TypeError('A producer needs a transactionalId for transactions.');
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Error('The producer is closed.');
  }
}

function isList<T>(one: T | readonly T[]): one is readonly T[] {
  return Array.isArray(one);
}

function serialized<T>(value: T | null | undefined, by: Serializer<T>): Uint8Array | null {
  return value == null ? null : by.serialize(value);
}

function headersOf(input: HeadersInput = []): NewRecord['headers'] {
  const pairs = Symbol.iterator in input ? [...input] : Object.entries(input);
  return pairs.map(([key, value]) => ({ key, value: serialized(value, textOrBytes) }));
}

function sizeOf({ key, value, headers = [] }: NewRecord): number {
  const inHeaders = headers.reduce(
    // A character of a name is at most three bytes.
    (sum, header) => sum + headerOverhead + 3 * header.key.length + (header.value?.length ?? 0),
    0,
  );
  return recordOverhead + (key?.length ?? 0) + (value?.length ?? 0) + inHeaders;
}
