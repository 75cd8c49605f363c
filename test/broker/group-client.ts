/**
 * A client of the group APIs over a cluster in memory. Every request and every answer goes through
 * the bytes of its version, so that what a version cannot carry shows.
 */

import { dispatch } from '../../src/broker/broker.ts';
import type { RequestContext } from '../../src/broker/context.ts';
import { handleCreateTopics } from '../../src/broker/handlers/create-topics.ts';
import { handleDeleteTopics } from '../../src/broker/handlers/delete-topics.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { endTxn } from '../../src/protocol/apis/end-txn.ts';
import { findCoordinator } from '../../src/protocol/apis/find-coordinator.ts';
import { heartbeat } from '../../src/protocol/apis/heartbeat.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { joinGroup } from '../../src/protocol/apis/join-group.ts';
import { offsetCommit } from '../../src/protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../src/protocol/apis/offset-fetch.ts';
import { syncGroup } from '../../src/protocol/apis/sync-group.ts';
import { txnOffsetCommit } from '../../src/protocol/apis/txn-offset-commit.ts';
import type { Api, Fields, Infer } from '../../src/protocol/schema.ts';
import {
  decodeRequest,
  decodeResponse,
  defaultsOf,
  encodeRequest,
  encodeResponse,
} from '../../src/protocol/schema.ts';
import type { BrokerConfig } from '../../src/runtime/config.ts';
import type { Objects } from '../../src/runtime/stubs.ts';
import { closedWatch } from '../../src/runtime/watch.ts';
import { Weather } from '../../src/runtime/weather.ts';
import { MemoryCluster } from './memory-cluster.ts';

export const protocols = [{ name: 'range', metadata: Uint8Array.of(0, 1, 2) }];

/** These offsets, as they are committed. */
export function topicOf(offsets: Record<number, number>, name = 't') {
  const partitions = Object.entries(offsets).map(([partition, committedOffset]) => ({
    partitionIndex: Number(partition),
    committedOffset,
    committedLeaderEpoch: -1,
    committedMetadata: null,
  }));
  return [{ name, topicId: ZERO_UUID, partitions }];
}

export class GroupClient {
  readonly cluster: MemoryCluster;
  readonly #connect: (apiVersion: number) => RequestContext;
  /** Every coordinator's object is out of reach. */
  storm = false;

  constructor(config: Partial<BrokerConfig> = {}) {
    this.cluster = new MemoryCluster({ groupInitialRebalanceDelayMs: 0, ...config });
    this.#connect = this.cluster.connect();
  }

  close(): void {
    this.cluster.memory.close();
  }

  context(apiVersion: number): RequestContext {
    const context = this.#connect(apiVersion);
    const unreachable = {
      call: async () => Promise.reject(new Weather(new Error('moved'))),
      watch: async () => closedWatch(),
    };
    const objects: Objects = {
      partition: (topicId, partition) => context.objects.partition(topicId, partition),
      group: (groupId) => (this.storm ? unreachable : context.objects.group(groupId)),
      transaction: (id) => (this.storm ? unreachable : context.objects.transaction(id)),
      subscription: (name) => context.objects.subscription(name),
      controller: () => context.objects.controller(),
    };
    return { ...context, objects };
  }

  /** Asks in this version; what is left out has its default. */
  async ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Partial<Infer<Q>>,
  ): Promise<Infer<R>> {
    const whole = { ...defaultsOf(api.request.fields), ...request };
    const sent = concat(encodeRequest(api, version, whole));
    const answer = await dispatch(api, decodeRequest(api, version, sent), this.context(version));
    return decodeResponse(api, version, concat(encodeResponse(api, version, answer)));
  }

  async createTopic(name: string, numPartitions = 1, context = this.context(7)): Promise<void> {
    const topic = { name, numPartitions, replicationFactor: -1, assignments: [], configs: [] };
    const request = { topics: [topic], timeoutMs: 1_000, validateOnly: false };
    await handleCreateTopics(request, context);
  }

  async deleteTopic(name: string, context = this.context(5)): Promise<void> {
    const request = { topics: [], topicNames: [name], timeoutMs: 1_000 };
    await handleDeleteTopics(request, context);
  }

  /** The topic is deleted and made again through another gateway, a second ago. */
  async renewElsewhere(name: string): Promise<void> {
    const elsewhere = this.cluster.connect();
    await this.deleteTopic(name, elsewhere(5));
    await this.createTopic(name, 3, elsewhere(7));
    this.cluster.passTime(1_000);
  }

  join(version: number, request: Partial<Infer<typeof joinGroup.request.fields>> = {}) {
    return this.ask(joinGroup, version, {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: version === 0 ? -1 : 60_000,
      protocolType: 'consumer',
      protocols,
      ...request,
    });
  }

  /** A member of its own in a Stable group, assigned these bytes. */
  async member(groupId = 'g', assignment = Uint8Array.of(7)) {
    const { memberId, generationId } = await this.join(3, { groupId });
    await this.ask(syncGroup, 3, {
      groupId,
      generationId,
      memberId,
      assignments: [{ memberId, assignment }],
    });
    return { groupId, memberId, generationId };
  }

  heartbeat(version: number, request: Partial<Infer<typeof heartbeat.request.fields>>) {
    return this.ask(heartbeat, version, { groupId: 'g', ...request });
  }

  /** Commits for topic `t`; the codes by partition. */
  async commit(
    version: number,
    offsets: Record<number, number>,
    request: Partial<Infer<typeof offsetCommit.request.fields>> = {},
    name = 't',
  ): Promise<number[]> {
    const topics = topicOf(offsets, name);
    const answer = await this.ask(offsetCommit, version, { groupId: 'g', topics, ...request });
    return answer.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode));
  }

  /** Offsets of topic `t` in an open transaction, which `end` ends. */
  async pending(offsets: Record<number, number>) {
    const transactionalId = 'x';
    const start = { transactionalId, transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await this.ask(initProducerId, 4, start);
    const producer = { transactionalId, producerId, producerEpoch };
    const request = { ...producer, groupId: 'g', topics: topicOf(offsets) };
    const answer = await this.ask(txnOffsetCommit, 5, request);
    if (answer.topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode))) {
      throw new Error(`offsets were refused: ${JSON.stringify(answer)}`);
    }
    return { end: (committed: boolean) => this.ask(endTxn, 5, { ...producer, committed }) };
  }

  /** What was committed in one group: all of it, or these partitions of topic `t`. */
  async committed(partitionIndexes: number[] | null = null, groupId = 'g') {
    const topics = partitionIndexes && [{ name: 't', topicId: ZERO_UUID, partitionIndexes }];
    const group = { groupId, memberId: null, memberEpoch: -1, topics };
    const answer = await this.ask(offsetFetch, 8, { groups: [group] });
    return answer.groups[0];
  }

  find(version: number, request: Partial<Infer<typeof findCoordinator.request.fields>>) {
    return this.ask(findCoordinator, version, request);
  }
}
