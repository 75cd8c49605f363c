/**
 * Kafka as one HTTP request uses it: the same typed requests a client would send over a socket,
 * asked in this process. The surprise: each call says its version, since handlers tell by the
 * version whether topics go by name or by id; routes always speak of names.
 */
import type { Identity } from '../../broker/authenticator.ts';
import { dispatch } from '../../broker/broker.ts';
import type { RequestContext } from '../../broker/context.ts';
import { type ClientContext, clientContext, type Gateway } from '../../broker/gateway.ts';
import { onlyReading } from '../../broker/only-reading.ts';
import { owedMs, quotaTypeOf } from '../../broker/throttling.ts';
import { DecodeError } from '../../bytes/reader.ts';
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { concat } from '../../bytes/writer.ts';
import type { QuotaType } from '../../core/quota/quota-rules.ts';
import type { PartitionOffset, TopicPartition } from '../../core/rest-consumer/state.ts';
import { describeConfigs } from '../../protocol/apis/describe-configs.ts';
import { fetch } from '../../protocol/apis/fetch.ts';
import { listOffsets } from '../../protocol/apis/list-offsets.ts';
import { type MetadataResponse, metadata } from '../../protocol/apis/metadata.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { openRequest, type RequestHeader } from '../../protocol/header.ts';
import type { Api, Fields, Infer } from '../../protocol/schema.ts';
import { answerRequest } from '../kafka/requests.ts';
import { clientAddress } from './authenticate.ts';
import { Throttled } from './errors.ts';

export type TopicMetadata = MetadataResponse['topics'][number];
export type TopicConfig = { readonly name: string; readonly value: string | null };

/** ListOffsets' words for the ends of a partition. */
export const Timestamp = { LATEST: -1, EARLIEST: -2 } as const;

const topicResource = 2;
/** In front of every frame on a socket. */
const lengthBytes = 4;

export class Kafka {
  context: RequestContext;
  /** Whether calls wait where a quota is used up: an answer that has begun cannot say 429. */
  waits = false;
  /** What no quota held up: the rest of the request goes the same way. */
  readonly #admitted = new Set<QuotaType>();
  readonly #client: ClientContext;
  readonly #left = new AbortController();

  /** Who asks, and until when that is known. */
  readonly identity: Identity;

  constructor(gateway: Gateway, request: Request, identity: Identity) {
    const { principal, onlyReads } = identity;
    this.identity = identity;
    const url = new URL(request.url);
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const client = clientContext(gateway, {
      principal,
      clientHost: `/${clientAddress(request)}`,
      dialled: { host: url.hostname, port },
      signal: AbortSignal.any([request.signal, this.#left.signal]),
    });
    const { authorizer } = client;
    this.#client = onlyReads
      ? { ...client, authorizer: onlyReading(authorizer, onlyReads) }
      : client;
    this.context = { ...this.#client, apiVersion: 0, clientId: 'kedge-http' };
  }

  /** So many milliseconds, but no longer than what the client has shown is worth something. */
  whileKnown(ms: number): number {
    const { expiresAt = Number.POSITIVE_INFINITY } = this.identity;
    return Math.max(0, Math.min(ms, expiresAt - this.context.now()));
  }

  /** From now on this client has another client id. */
  callItself(clientId: string): void {
    this.context = { ...this.context, clientId };
  }

  /** Asks one API, by default in its newest version. */
  async call<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    request: Infer<Q>,
    apiVersion: number = api.versions[1],
  ): Promise<Infer<R>> {
    const context = { ...this.context, apiVersion };
    const patienceMs = api.key === fetch.key ? (request.maxWaitMs as number) : undefined;
    if (!context.quotas.areNone) await this.admit(api, patienceMs);
    return dispatch(api, request, context);
  }

  /**
   * Throws 429 where a quota is used up for such a call; where a stream has begun, waits, for so
   * long at most.
   */
  async admit(api: { readonly key: number }, patienceMs = Infinity): Promise<void> {
    const type = quotaTypeOf(api);
    if (this.#admitted.has(type) && !this.waits) return;
    const { context } = this;
    const waitMs = await owedMs(api, context);
    if (waitMs > 0 && !this.waits) throw usedUp(waitMs);
    if (waitMs > 0) await context.quotas.quiet(context.signal, Math.min(waitMs, patienceMs));
    this.#admitted.add(type);
  }

  /** One frame as a socket carries it, lengths left out; undefined: it cannot be answered. */
  async answerFrame(frame: Uint8Array): Promise<Uint8Array | undefined> {
    if (!this.context.quotas.areNone) await this.#admitFrame(frame);
    const chunks = await answerRequest(frame, this.#client);
    return chunks && concat(chunks).subarray(lengthBytes);
  }

  /** A Fetch says by itself how long to wait. */
  async #admitFrame(frame: Uint8Array): Promise<void> {
    const header = headerOf(frame);
    if (header?.api === undefined || header.apiKey === fetch.key) return;
    const waitMs = await owedMs(header.api, { ...this.context, clientId: header.clientId });
    if (waitMs > 0) throw usedUp(waitMs);
  }

  /** How many calls to objects this request has made. */
  get calls(): number {
    return this.#client.objects.calls;
  }

  /** The client is gone, as its line tells: what waits for it may stop. */
  clientIsGone(): void {
    this.#left.abort();
  }

  close(): void {
    this.#client.watches.closeAll();
  }

  clusterId(): Promise<string> {
    return this.context.metadata.clusterId();
  }

  /** These topics, or all; each with its error code. `create`: made if Kafka would make them. */
  async topics(names: readonly string[] | null, create = false): Promise<readonly TopicMetadata[]> {
    const { errorCode, topics } = await this.call(metadata, {
      topics: names?.map((name) => ({ topicId: ZERO_UUID, name })) ?? null,
      allowAutoTopicCreation: create,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    });
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
    return topics;
  }

  /** Throws KafkaError for a topic that is not there. */
  async topic(name: string, create = false): Promise<TopicMetadata> {
    const [topic] = await this.topics([name], create);
    if (topic.errorCode !== ErrorCode.NONE) throw new KafkaError(topic.errorCode);
    return topic;
  }

  async topicConfigs(name: string): Promise<readonly TopicConfig[]> {
    const { results } = await this.call(describeConfigs, {
      resources: [{ resourceType: topicResource, resourceName: name, configurationKeys: null }],
      includeSynonyms: false,
      includeDocumentation: false,
    });
    const [{ errorCode, errorMessage, configs }] = results;
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
    return configs;
  }

  /** The offset of a point in time (or an end); -1 when there is none so late. */
  async offsetAt(
    topic: string,
    partition: number,
    timestamp: number,
    isolationLevel = 0,
  ): Promise<number> {
    const [{ offset }] = await this.offsetsAt([{ topic, partition, timestamp }], isolationLevel);
    return offset;
  }

  /** The same of many partitions, in their order. */
  async offsetsAt(
    wanted: readonly (TopicPartition & { readonly timestamp: number })[],
    isolationLevel = 0,
  ): Promise<PartitionOffset[]> {
    if (wanted.length === 0) return [];
    const { topics } = await this.call(listOffsets, {
      replicaId: -1,
      isolationLevel,
      topics: wanted.map(({ topic, partition, timestamp }) => ({
        name: topic,
        partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }],
      })),
      timeoutMs: 30_000,
    });
    const found = new Map(
      topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => [`${name}/${one.partitionIndex}`, one]),
      ),
    );
    return wanted.map(({ topic, partition }) => {
      const { errorCode, offset } = found.get(`${topic}/${partition}`)!;
      if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
      return { topic, partition, offset };
    });
  }
}

function usedUp(waitMs: number): Throttled {
  return new Throttled('The quota is used up for now.', waitMs);
}

/** Undefined: it has none that can be read. */
function headerOf(frame: Uint8Array): RequestHeader | undefined {
  try {
    return openRequest(frame).header;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
