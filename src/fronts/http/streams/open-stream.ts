/**
 * The way from a request to the stream it names: its topic, what the client may do to it, and its
 * partition. The surprise: a stream is partition 0 of its topic, but any partition of a topic with
 * several can be read and written as one, with `?partition=`.
 */
import { TopicRoute } from '../../../broker/routing.ts';
import { partitionSpec } from '../../../core/cluster/partition-spec.ts';
import type { PartitionSpec } from '../../../core/log/calls.ts';
import { logConfigFrom } from '../../../core/log/log-config.ts';
import { QuotaType } from '../../../core/quota/quota-rules.ts';
import type { StreamCalls } from '../../../core/stream/calls.ts';
import { topicOf } from '../../../core/stream/stream-name.ts';
import { AclOperation, AclResourceType, CLUSTER_NAME } from '../../../protocol/acl.ts';
import { deleteTopics } from '../../../protocol/apis/delete-topics.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Kafka } from '../kafka.ts';
import type { HttpContext } from '../routes.ts';
import { conflict, forbidden, invalid, notFound, refused, StreamError } from './stream-errors.ts';

/** Where streams are, below the prefix of the dialect. */
export const streamPath = '/v1/stream/';

type Command<K extends keyof StreamCalls> = StreamCalls[K]['command'];
type Reply<K extends keyof StreamCalls> = StreamCalls[K]['reply'];
type Operation = 'READ' | 'WRITE' | 'CREATE' | 'DELETE' | 'DESCRIBE' | 'ALTER_CONFIGS';

export class OpenStream {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly partition: number;

  constructor(kafka: Kafka, topic: string, partition = 0) {
    this.kafka = kafka;
    this.topic = topic;
    this.partition = partition;
  }

  /** The stream that a request is about. */
  static of(c: HttpContext): OpenStream {
    const { pathname } = new URL(c.req.url);
    const path = pathname.slice(pathname.indexOf(streamPath) + streamPath.length);
    // Subscriptions are there, however it is written.
    if (/^__ds(\/|$)/.test(nameIn(path) ?? '')) throw notFound();
    const topic = topicOfPath(path);
    if (topic === undefined)
      throw invalid('No topic of Kafka can stand for a stream of this name.');
    const partition = c.req.query('partition') ?? '0';
    if (!/^\d{1,9}$/.test(partition)) throw invalid('The partition is not a number.');
    return new OpenStream(c.get('kafka'), topic, Number(partition));
  }

  /** Throws 403 unless the client may do all of this. */
  async mustAllow(...operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      if (!(await this.may(operation))) throw forbidden();
    }
  }

  async may(operation: Operation): Promise<boolean> {
    const { authorizer } = this.kafka.context;
    const code = AclOperation[operation];
    if (await authorizer.may(code, AclResourceType.TOPIC, this.topic)) return true;
    return operation === 'CREATE' && authorizer.may(code, AclResourceType.CLUSTER, CLUSTER_NAME);
  }

  /**
   * Asks the partition. `unknown`: there is no such topic, or the stream has ended. Throws for
   * weather.
   */
  async call<K extends keyof StreamCalls>(
    kind: K,
    command: Omit<Command<K>, 'spec'> | ((spec: PartitionSpec) => Omit<Command<K>, 'spec'>),
  ): Promise<(Reply<K> | Unknown) & WithTopic> {
    const route = new TopicRoute(this.kafka.context, { name: this.topic }, null);
    let topicId: string | undefined;
    let written = 0;
    const reply = await route.ask(this.partition, ({ partition, topic }) => {
      const spec = partitionSpec(topic, this.partition);
      topicId = topic.topicId;
      const asked = typeof command === 'function' ? command(spec) : command;
      written = bytesIn(asked);
      return partition.call(kind, { ...asked, spec } as Command<K>);
    });
    await this.#used(QuotaType.PRODUCE, written);
    if (typeof reply !== 'number') {
      await this.#used(QuotaType.FETCH, 'records' in reply ? sizeOf(reply.records) : 0);
      return { ...reply, topicId };
    }
    if (reply !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) throw refused(reply);
    return { errorCode: reply, outcome: 'unknown', topicId };
  }

  /** Counts as bytes of Kafka's own requests do. */
  async #used(type: 'producer_byte_rate' | 'consumer_byte_rate', bytes: number): Promise<void> {
    const { context } = this.kafka;
    if (bytes === 0 || context.quotas.areNone) return;
    await context.quotas.used(type, bytes, context);
    await context.quotas.served(bytes, context);
  }

  /** Whether there is its topic. Throws 409 where the stream is but a part of it. */
  async isWhole(): Promise<boolean> {
    const topic = await this.kafka.context.metadata.topic(this.topic);
    if (this.partition > 0 || (topic !== undefined && topic.partitions > 1)) {
      throw conflict('The topic has several partitions: it is not made or deleted as a stream.');
    }
    return topic !== undefined;
  }

  /** How large a batch of this topic may be. */
  maxBatchBytes({ configs }: Pick<PartitionSpec, 'configs'>): number {
    const { messageMaxBytes } = this.kafka.context.config;
    return logConfigFrom(configs, messageMaxBytes).maxMessageBytes;
  }

  /** Deletes this incarnation of the topic, and with it the stream. */
  async delete(topicId: string): Promise<void> {
    const request = { topics: [{ name: null, topicId }], topicNames: [], timeoutMs: 30_000 };
    const { responses } = await this.kafka.call(deleteTopics, request);
    const [{ errorCode, errorMessage }] = responses;
    this.kafka.context.metadata.forget(this.topic);
    const isGone = errorCode === ErrorCode.UNKNOWN_TOPIC_ID;
    if (errorCode !== ErrorCode.NONE && !isGone) throw refused(errorCode, errorMessage);
  }
}

function bytesIn(command: object): number {
  return 'records' in command ? ((command.records as Uint8Array | null)?.byteLength ?? 0) : 0;
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** There is no such topic. */
export interface Unknown {
  readonly errorCode: number;
  readonly outcome: 'unknown';
}

export interface WithTopic {
  /** Which incarnation of the topic has answered; undefined: there is none. */
  readonly topicId: string | undefined;
}

/** The topic of the stream that a URL names; undefined: there can be none. */
export function topicOfPath(path: string): string | undefined {
  const name = nameIn(path);
  return name === undefined ? undefined : topicOf(name);
}

/** Undefined: the path makes no sense. */
function nameIn(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Asked again a little later, it will be there. */
export const unfinished = (): StreamError =>
  new StreamError(503, 'The stream is being forked.', { 'retry-after': '1' });
