/**
 * A group as its clients keep it going: members that poll, heartbeat, commit and refresh their
 * metadata as Java's consumer does, through a gateway each, on a clock that only they move. The
 * surprise: everything up to the objects is the real code; the objects are in memory, lose it in
 * their sleep, and have meters.
 */
import { anonymous } from '../../src/broker/authorizer.ts';
import { dispatch } from '../../src/broker/broker.ts';
import {
  type ClientContext,
  clientContext,
  createGateway,
  type Gateway,
} from '../../src/broker/gateway.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { consumerGroupHeartbeat } from '../../src/protocol/apis/consumer-group-heartbeat.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { type FetchRequest, fetch } from '../../src/protocol/apis/fetch.ts';
import { heartbeat } from '../../src/protocol/apis/heartbeat.ts';
import { joinGroup } from '../../src/protocol/apis/join-group.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { offsetCommit } from '../../src/protocol/apis/offset-commit.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { syncGroup } from '../../src/protocol/apis/sync-group.ts';
import { encodeSubscription } from '../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import type { Api, Fields, Infer } from '../../src/protocol/schema.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { MemoryObjects } from '../../src/runtime/memory-objects.ts';

export type Protocol = 'classic' | 'consumer';

export const topic = 'orders';
export const groupId = 'readers';

/** How often clients do what they do by default, in milliseconds. */
export const habits = {
  maxWaitMs: 500,
  heartbeatMs: { classic: 3_000, consumer: 5_000 },
  commitMs: 5_000,
  metadataMs: 300_000,
};

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

export class Surroundings {
  readonly objects: MemoryObjects;
  /** What clients do ends then. */
  readonly endsAt: number;

  /** @param confirmMs as in `MemoryObjectsOptions` */
  constructor(endsAt: number, confirmMs?: number) {
    const config = defaultBrokerConfig;
    this.objects = new MemoryObjects({ config, hibernates: true, confirmMs });
    this.endsAt = endsAt;
  }

  get isOver(): boolean {
    return Date.now() >= this.endsAt;
  }

  /** A connection to a gateway of its own: the worst case, nobody shares what it remembers. */
  connect(gateway = this.newGateway()): Connection {
    return new Connection(gateway);
  }

  /** What the connections of one isolate share. */
  newGateway(): Gateway {
    return createGateway(this.objects, defaultBrokerConfig, { open: true });
  }
}

export class Connection {
  readonly #client: ClientContext;

  constructor(gateway: Gateway) {
    this.#client = clientContext(gateway, {
      principal: anonymous,
      clientHost: '/127.0.0.1',
      dialled: { host: 'localhost', port: 9092 },
      signal: new AbortController().signal,
    });
  }

  ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    apiVersion: number,
    request: Partial<Infer<Q>>,
  ): Promise<Infer<R>> {
    const whole = { ...defaultsOf(api.request.fields), ...request };
    return dispatch(api, whole, { ...this.#client, apiVersion, clientId: 'consumer' });
  }

  close(): void {
    this.#client.watches.closeAll();
  }
}

export async function createTopic(around: Surroundings, numPartitions: number): Promise<string> {
  const admin = around.connect();
  const made = { name: topic, numPartitions, replicationFactor: -1, assignments: [], configs: [] };
  await admin.ask(createTopics, 7, { topics: [made], timeoutMs: 1_000 });
  const [{ topicId }] = (await admin.ask(metadata, 12, { topics: [named()] })).topics;
  admin.close();
  return topicId;
}

/** Sends one record a second, to one partition after the other. */
export async function produceEachSecond(around: Surroundings, partitions: number): Promise<void> {
  const connection = around.connect();
  for (let sent = 0; !around.isOver; sent++) {
    const partitionData = [{ index: sent % partitions, records: oneRecord() }];
    const topicData = [{ name: topic, topicId: ZERO_UUID, partitionData }];
    const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
    const [{ partitionResponses }] = (await connection.ask(produce, 9, request)).responses;
    expectNone(partitionResponses[0].errorCode);
    await sleep(1_000);
  }
  connection.close();
}

/** One consumer: a connection for what it reads, and one for its group. */
export class Consumer {
  readonly #around: Surroundings;
  readonly #protocol: Protocol;
  readonly #topicId: string;
  readonly #offsets: Map<number, number>;
  readonly #reads: Connection;
  readonly #group: Connection;
  #memberId = '';
  #epoch = -1;
  /** How many records it has read. */
  read = 0;
  asked = { polls: 0, heartbeats: 0, commits: 0 };

  constructor(
    around: Surroundings,
    protocol: Protocol,
    topicId: string,
    partitions: readonly number[],
  ) {
    this.#around = around;
    this.#protocol = protocol;
    this.#topicId = topicId;
    this.#offsets = new Map(partitions.map((partition) => [partition, 0]));
    this.#reads = around.connect();
    this.#group = around.connect();
  }

  async live(): Promise<void> {
    if (this.#protocol === 'classic') await this.#joinClassic();
    else await this.#joinConsumer();
    await Promise.all([this.#poll(), this.#beat(), this.#commit(), this.#refresh()]);
    this.#reads.close();
    this.#group.close();
  }

  async #joinClassic(): Promise<void> {
    const about = { ownedPartitions: [], generationId: -1, rackId: null };
    const subscription = encodeSubscription(3, { topics: [topic], userData: null, ...about });
    const request = {
      groupId,
      sessionTimeoutMs: 45_000,
      rebalanceTimeoutMs: 300_000,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription }],
      reason: null,
    };
    for (;;) {
      const memberId = this.#memberId;
      const joined = await this.#group.ask(joinGroup, 9, { ...request, memberId });
      this.#memberId = joined.memberId;
      if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) continue;
      expectNone(joined.errorCode);
      this.#epoch = joined.generationId;
      break;
    }
    const { errorCode } = await this.#group.ask(syncGroup, 5, {
      ...this.#identity,
      generationId: this.#epoch,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [],
    });
    if (goesOn(errorCode)) await this.#joinClassic();
  }

  async #joinConsumer(): Promise<void> {
    this.#memberId = crypto.randomUUID();
    await this.#reconcile({
      memberEpoch: 0,
      rebalanceTimeoutMs: 300_000,
      subscribedTopicNames: [topic],
      topicPartitions: [],
    });
  }

  #owned: { topicId: string; partitions: number[] }[] = [];

  /** Heartbeats; where its part is another one now, says at once that it has that. */
  async #reconcile(
    said: Partial<Infer<typeof consumerGroupHeartbeat.request.fields>>,
  ): Promise<void> {
    const answer = await this.#group.ask(consumerGroupHeartbeat, 1, {
      groupId,
      memberId: this.#memberId,
      ...said,
    });
    expectNone(answer.errorCode);
    this.#epoch = answer.memberEpoch;
    if (answer.assignment) {
      this.#owned = answer.assignment.topicPartitions.map(({ topicId, partitions }) => ({
        topicId,
        partitions: [...partitions],
      }));
      await this.#reconcile({ memberEpoch: this.#epoch, topicPartitions: this.#owned });
    }
  }

  get #identity() {
    return { groupId, memberId: this.#memberId, groupInstanceId: null };
  }

  async #poll(): Promise<void> {
    const { maxWaitMs } = habits;
    while (!this.#around.isOver) {
      const request: Partial<FetchRequest> = {
        maxWaitMs,
        minBytes: 1,
        maxBytes: 50_000_000,
        topics: [{ topic: '', topicId: this.#topicId, partitions: questionsAt(this.#offsets) }],
      };
      const { responses } = await this.#reads.ask(fetch, 13, request);
      this.asked.polls++;
      for (const { partitionIndex, errorCode, highWatermark } of responses[0]?.partitions ?? []) {
        expectNone(errorCode);
        this.read += highWatermark - this.#offsets.get(partitionIndex)!;
        this.#offsets.set(partitionIndex, highWatermark);
      }
    }
  }

  async #beat(): Promise<void> {
    while (!this.#around.isOver) {
      await sleep(habits.heartbeatMs[this.#protocol]);
      this.asked.heartbeats++;
      if (this.#protocol === 'consumer') await this.#reconcile({ memberEpoch: this.#epoch });
      else {
        const generationId = this.#epoch;
        const request = { ...this.#identity, generationId };
        const { errorCode } = await this.#group.ask(heartbeat, 4, request);
        if (goesOn(errorCode)) await this.#joinClassic();
      }
    }
  }

  async #commit(): Promise<void> {
    while (!this.#around.isOver) {
      await sleep(habits.commitMs);
      this.asked.commits++;
      const partitions = [...this.#offsets].map(([partitionIndex, committedOffset]) => ({
        partitionIndex,
        committedOffset,
        committedLeaderEpoch: -1,
        committedMetadata: '',
      }));
      const { topics } = await this.#group.ask(offsetCommit, 9, {
        ...this.#identity,
        generationIdOrMemberEpoch: this.#epoch,
        retentionTimeMs: -1,
        topics: [{ name: topic, topicId: ZERO_UUID, partitions }],
      });
      goesOn(topics[0].partitions[0].errorCode);
    }
  }

  async #refresh(): Promise<void> {
    while (!this.#around.isOver) {
      const { topics } = await this.#reads.ask(metadata, 12, { topics: [named()] });
      expectNone(topics[0].errorCode);
      await sleep(habits.metadataMs);
    }
  }
}

/** What a fetch asks of partitions to go on at these offsets. */
export function questionsAt(
  offsets: ReadonlyMap<number, number>,
): FetchRequest['topics'][number]['partitions'] {
  return [...offsets].map(([partition, fetchOffset]) => ({
    partition,
    currentLeaderEpoch: 0,
    fetchOffset,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1_048_576,
    replicaDirectoryId: ZERO_UUID,
    highWatermark: -1,
  }));
}

/** Not so old that retention would take it. */
function oneRecord(): Uint8Array {
  return buildBatch([{ value: new TextEncoder().encode('value'), timestamp: Date.now() }]);
}

function named() {
  return { topicId: ZERO_UUID, name: topic };
}

/** Whether the group is rebalancing: the member is to join again. */
function goesOn(errorCode: number): boolean {
  const { REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, STALE_MEMBER_EPOCH } = ErrorCode;
  if ([REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, STALE_MEMBER_EPOCH].includes(errorCode as 27)) {
    return true;
  }
  expectNone(errorCode);
  return false;
}

function expectNone(errorCode: number): void {
  if (errorCode !== ErrorCode.NONE) throw new Error(`refused with ${errorCode}`);
}
