/**
 * The cluster as a subscription uses it: the same typed requests as any Kafka client's, asked in
 * this process. The surprise: it is nobody special. Handlers ask whether the user who made the
 * subscription may read, commit and write, each time anew.
 */
import type { Principal } from '../../broker/authorizer.ts';
import { dispatch } from '../../broker/broker.ts';
import { type ClientContext, clientContext, type Gateway } from '../../broker/gateway.ts';
import { owedMs, quotaTypeOf } from '../../broker/throttling.ts';
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { concat } from '../../bytes/writer.ts';
import type { TopicView } from '../../core/cluster/commands.ts';
import { partitionForKey } from '../../core/partitioner.ts';
import { QuotaType } from '../../core/quota/quota-rules.ts';
import { fetchedRecords } from '../../core/rest-consumer/fetched-records.ts';
import { createTopics } from '../../protocol/apis/create-topics.ts';
import { fetch } from '../../protocol/apis/fetch.ts';
import { listOffsets } from '../../protocol/apis/list-offsets.ts';
import { metadata } from '../../protocol/apis/metadata.ts';
import { offsetCommit } from '../../protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../protocol/apis/offset-fetch.ts';
import { produce } from '../../protocol/apis/produce.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { buildBatch, type DecodedRecord, type NewRecord } from '../../protocol/records/index.ts';
import type { Api, Fields, Infer } from '../../protocol/schema.ts';
import type { FetchedRecords, PushClient, TopicPartition } from '../../runtime/push/outside.ts';

/** So much is read ahead at a time: it is all in memory. */
const readBytes = 512 * 1024;
const readCommitted = 1;
const [earliest, latest] = [-2, -1];

export class KafkaPushClient implements PushClient {
  readonly #client: ClientContext;
  readonly #gone = new AbortController();

  constructor(gateway: Gateway, principal: Principal) {
    this.#client = clientContext(gateway, {
      principal,
      clientHost: '/127.0.0.1',
      // Nobody dials what is in the same process.
      dialled: { host: 'kedge', port: 9092 },
      signal: this.#gone.signal,
    });
  }

  close(): void {
    this.#gone.abort();
    this.#client.watches.closeAll();
    void this.#client.shareSessions.closeAll();
  }

  /** Records do not move where a quota is used up: whoever wants them tries again later. */
  async #call<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    request: Infer<Q>,
    apiVersion: number = api.versions[1],
  ): Promise<Infer<R>> {
    const context = { ...this.#client, apiVersion, clientId: 'kedge-push' };
    const movesRecords = quotaTypeOf(api) !== QuotaType.REQUEST;
    if (movesRecords && (await owedMs(api, context)) > 0) throw usedUp();
    return dispatch(api, request, context);
  }

  async partitions(topics: readonly string[]): Promise<readonly TopicPartition[]> {
    // Whoever looks was told that something changed: what is remembered is not good enough.
    await this.#client.metadata.refresh(topics);
    const found = await this.#topics(topics, false);
    return found.flatMap(({ errorCode, name, topicId, partitions }) => {
      if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return [];
      throwIf(errorCode, `topic ${name}`);
      const numbers = partitions.map(({ partitionIndex }) => partitionIndex).sort((a, b) => a - b);
      return numbers.map((partition) => ({ topic: name!, topicId, partition }));
    });
  }

  async #topics(names: readonly string[], create: boolean) {
    const { errorCode, topics } = await this.#call(metadata, {
      topics: names.map((name) => ({ topicId: ZERO_UUID, name })),
      allowAutoTopicCreation: create,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    });
    throwIf(errorCode, 'topics');
    return topics;
  }

  async committed(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly number[]> {
    const topics = byTopic(partitions).map(([{ topicId, topic: name }, those]) => ({
      name,
      topicId,
      partitionIndexes: those.map(({ partition }) => partition),
    }));
    const { groups } = await this.#call(offsetFetch, {
      groupId: '',
      topics: null,
      groups: [{ groupId, memberId: null, memberEpoch: -1, topics }],
      requireStable: false,
    });
    const [group] = groups;
    throwIf(group.errorCode, `group ${groupId}`);
    const offsets = new Map<string, number>();
    for (const { topicId, partitions: answered } of group.topics) {
      for (const { partitionIndex, committedOffset, errorCode } of answered) {
        if (!isGone(errorCode)) throwIf(errorCode, `group ${groupId}`);
        offsets.set(`${topicId}:${partitionIndex}`, committedOffset);
      }
    }
    return partitions.map(({ topicId, partition }) => offsets.get(`${topicId}:${partition}`) ?? -1);
  }

  async fetch({ topic, topicId, partition }: TopicPartition, fetchOffset: number) {
    const wanted = {
      partition,
      currentLeaderEpoch: -1,
      fetchOffset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: readBytes,
      replicaDirectoryId: ZERO_UUID,
    };
    // By id: a topic that was made anew has other records at these offsets.
    const { errorCode, responses } = await this.#call(fetch, {
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: readBytes,
      isolationLevel: readCommitted,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic, topicId, partitions: [wanted] }],
      forgottenTopicsData: [],
      rackId: '',
    });
    throwIf(errorCode, `topic ${topic}`);
    if (responses.length === 0) throw usedUp();
    const [answer] = responses[0].partitions;
    throwIf(answer.errorCode, `partition ${topic}-${partition}`);
    return read(answer, fetchOffset);
  }

  async readableFrom(place: TopicPartition, offset: number): Promise<number> {
    const first = await this.#offsetAt(place, earliest);
    if (offset <= first) return first;
    return Math.min(offset, await this.#offsetAt(place, latest));
  }

  async #offsetAt({ topic, partition }: TopicPartition, timestamp: number): Promise<number> {
    const wanted = { partitionIndex: partition, currentLeaderEpoch: -1, timestamp };
    const { topics } = await this.#call(listOffsets, {
      replicaId: -1,
      isolationLevel: readCommitted,
      topics: [{ name: topic, partitions: [wanted] }],
      timeoutMs: 30_000,
    });
    const [{ errorCode, offset }] = topics[0].partitions;
    throwIf(errorCode, `partition ${topic}-${partition}`);
    return offset;
  }

  async commit(
    groupId: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void> {
    const { topics } = await this.#call(offsetCommit, {
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: byTopic(offsets).map(([{ topic: name, topicId }, those]) => ({
        name,
        topicId,
        partitions: those.map(({ partition, offset }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        })),
      })),
    });
    for (const { partitions } of topics) {
      for (const { errorCode } of partitions) {
        // Of a topic that is gone nothing is to be remembered.
        if (!isGone(errorCode)) throwIf(errorCode, `group ${groupId}`);
      }
    }
  }

  produce(topic: string, record: DecodedRecord): Promise<void> {
    const timestamp = record.timestamp < 0 ? this.#client.now() : record.timestamp;
    return this.produceAll(topic, [{ ...record, timestamp }]);
  }

  /** Together: by their keys, and those without one to any one partition. */
  async produceAll(topic: string, records: readonly NewRecord[]): Promise<void> {
    const { partitions } = await this.#existing(topic);
    const anyPartition = Math.floor(Math.random() * partitions);
    const placed = new Map<number, NewRecord[]>();
    for (const record of records) {
      const index = record.key ? partitionForKey(record.key, partitions) : anyPartition;
      const others = placed.get(index);
      if (others === undefined) placed.set(index, [record]);
      else others.push(record);
    }
    const partitionData = [...placed].map(([index, those]) => ({
      index,
      records: buildBatch(those),
    }));
    const { responses } = await this.#call(
      produce,
      {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        topicData: [{ name: topic, topicId: ZERO_UUID, partitionData }],
      },
      produceByName,
    );
    for (const { errorCode, errorMessage } of responses[0].partitionResponses) {
      throwIf(errorCode, `topic ${topic}`, errorMessage);
    }
  }

  /** How many records of a topic a group has not finished; of no group (''), all there are. */
  async backlog(topic: string, group: string): Promise<number> {
    const places = await this.partitions([topic]);
    const committed = group === '' ? places.map(() => -1) : await this.committed(group, places);
    const counts = await Promise.all(
      places.map(async (place, index) => {
        const [first, end] = await Promise.all([
          this.#offsetAt(place, earliest),
          this.#offsetAt(place, latest),
        ]);
        return Math.max(0, end - Math.max(first, committed[index]));
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Made if need be, by the broker or else by ourselves. */
  async #existing(name: string): Promise<TopicView> {
    const { metadata: known } = this.#client;
    const topic = await known.topic(name);
    if (topic !== undefined) return topic;
    const [{ errorCode }] = await this.#topics([name], true);
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) await this.#create(name);
    else throwIf(errorCode, `topic ${name}`);
    const made = (await known.refresh([name])).get(name);
    if (made === undefined) throw refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic ${name}`);
    return made;
  }

  async #create(name: string): Promise<void> {
    const topic = { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
    const { topics } = await this.#call(createTopics, {
      topics: [topic],
      timeoutMs: 30_000,
      validateOnly: false,
    });
    const [{ errorCode, errorMessage }] = topics;
    if (errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) return;
    throwIf(errorCode, `topic ${name}`, errorMessage);
  }
}

/** The newest version that knows topics by name. */
const produceByName = 12;

function read(
  answer: {
    readonly records: readonly Uint8Array[] | null;
    readonly abortedTransactions: readonly { producerId: number; firstOffset: number }[] | null;
    readonly lastStableOffset: number;
  },
  fetchOffset: number,
): FetchedRecords {
  const { abortedTransactions, lastStableOffset } = answer;
  const bytes = concat([...(answer.records ?? [])]);
  const records: DecodedRecord[] = [];
  let nextOffset = fetchOffset;
  try {
    const steps = fetchedRecords({ records: bytes, fetchOffset, abortedTransactions });
    for (const step of steps) {
      if (step.record !== null) records.push(step.record);
      nextOffset = Math.max(nextOffset, step.nextOffset);
    }
  } catch (error) {
    // What lies before a batch that cannot be read is delivered first.
    if (records.length === 0) throw error;
  }
  return { records, nextOffset, lastStableOffset };
}

function byTopic<P extends TopicPartition>(partitions: readonly P[]): [P, P[]][] {
  const topics = new Map<string, P[]>();
  for (const one of partitions) {
    const those = topics.get(one.topicId);
    if (those === undefined) topics.set(one.topicId, [one]);
    else those.push(one);
  }
  return [...topics.values()].map((those) => [those[0], those]);
}

function isGone(errorCode: number): boolean {
  const { UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
  return errorCode === UNKNOWN_TOPIC_ID || errorCode === UNKNOWN_TOPIC_OR_PARTITION;
}

function throwIf(errorCode: number, what: string, message?: string | null): void {
  if (errorCode !== ErrorCode.NONE) throw refusal(errorCode, what, message);
}

function usedUp(): KafkaError {
  return refusal(ErrorCode.THROTTLING_QUOTA_EXCEEDED, 'client kedge-push');
}

function refusal(errorCode: number, what: string, message?: string | null): KafkaError {
  const { name, message: standard } = errorInfo(errorCode);
  return new KafkaError(errorCode, `${what}: ${name}: ${message ?? standard}`);
}
