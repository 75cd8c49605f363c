/**
 * A cluster in memory whose authorizer asks everybody but User:root, with something of every kind
 * in it, and a list of every call that reached an object.
 */
import { anonymous, type Principal } from '../../../src/broker/authorizer.ts';
import type { RequestContext } from '../../../src/broker/context.ts';
import { clientContext, createGateway } from '../../../src/broker/gateway.ts';
import type { Acl } from '../../../src/core/acl-rules.ts';
import {
  AclOperation,
  AclPattern,
  AclPermission,
  AclResourceType,
} from '../../../src/protocol/acl.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { shareGroupHeartbeat } from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../../src/runtime/config.ts';
import { MemoryObjects } from '../../../src/runtime/memory-objects.ts';
import type { Objects } from '../../../src/runtime/stubs.ts';
import { throughBytes } from '../through-bytes.ts';
import { notedObjects } from './noted-objects.ts';

/** What a client may do, to a resource by its name. */
export type Right = readonly [
  operation: keyof typeof AclOperation,
  type: keyof typeof AclResourceType,
  name: string,
];

export const root: Principal = { type: 'User', name: 'root' };
export const alice: Principal = { type: 'User', name: 'alice' };

const standardAuthorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';

export function allowing([operation, type, name]: Right, patch: Partial<Acl> = {}): Acl {
  return {
    resourceType: AclResourceType[type],
    resourceName: name,
    patternType: AclPattern.LITERAL,
    principal: 'User:alice',
    host: '*',
    operation: AclOperation[operation],
    permissionType: AclPermission.ALLOW,
    ...patch,
  };
}

export const everyAcl = {
  resourceType: AclResourceType.ANY,
  resourceName: null,
  patternType: AclPattern.ANY,
  principal: null,
  host: null,
  operation: AclOperation.ANY,
  permissionType: AclPermission.ANY,
};

export class GuardedCluster implements Disposable {
  readonly config: BrokerConfig;
  readonly memory: MemoryObjects;
  /** `partition <topicId> append {…}`, `group readers heartbeat {…}`, … as they were made. */
  readonly calls: string[] = [];
  readonly objects: Objects;

  constructor(config: Partial<BrokerConfig> = {}) {
    this.config = {
      ...defaultBrokerConfig,
      authorizerClassName: standardAuthorizer,
      superUsers: 'User:root',
      groupInitialRebalanceDelayMs: 0,
      ...config,
    };
    const memory = new MemoryObjects({ config: this.config });
    this.memory = memory;
    this.objects = notedObjects(memory, this.calls);
  }

  [Symbol.dispose](): void {
    this.memory.close();
  }

  /** A client with a gateway of its own. */
  connect(principal: Principal = anonymous) {
    return this.connectAll()(principal);
  }

  /** Clients of one gateway. */
  connectAll() {
    const gateway = createGateway(this.objects, this.config, { open: true });
    return (principal: Principal) => {
      const client = clientContext(gateway, {
        principal,
        clientHost: '/127.0.0.1',
        dialled: { host: 'localhost', port: 9092 },
        signal: new AbortController().signal,
      });
      return (apiVersion: number): RequestContext => ({ ...client, apiVersion, clientId: 'test' });
    };
  }

  /** These are the rights of alice, and nobody else has any. */
  async onlyAllow(rights: readonly Right[]): Promise<void> {
    const controller = this.memory.controller();
    await controller.call('deleteAcls', { filters: [everyAcl] });
    await controller.call('createAcls', { acls: rights.map((right) => allowing(right)) });
  }

  async topicId(name: string): Promise<string> {
    const command = { names: [name], topicIds: [] };
    const { topics } = await this.memory.controller().call('getTopics', command);
    return topics[0].topicId;
  }

  async createTopics(...names: string[]): Promise<void> {
    const topics = names.map((name) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }));
    await this.memory.controller().call('createTopics', { topics, validateOnly: false });
  }
}

/**
 * With the topic `orders`, the classic group `readers`, the consumer group `moderns` and the share
 * groups `sharers` and (without members) `former`, which all read it, and the transactional id
 * `payments`.
 */
export async function furnishedCluster(): Promise<GuardedCluster> {
  const cluster = new GuardedCluster();
  await cluster.createTopics('orders');
  const context = cluster.connect(root);
  const partition = { partitionIndex: 0, committedOffset: 0 };
  const offset = { ...partition, committedLeaderEpoch: -1, committedMetadata: '' };
  await throughBytes(
    offsetCommit,
    {
      groupId: 'readers',
      topics: [{ name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [offset] }],
    },
    context(9),
  );
  await throughBytes(
    consumerGroupHeartbeat,
    {
      groupId: 'moderns',
      memberId: 'one',
      memberEpoch: 0,
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: ['orders'],
      topicPartitions: [],
    },
    context(1),
  );
  for (const groupId of ['sharers', 'former']) {
    const joining = { memberEpoch: 0, subscribedTopicNames: ['orders'] };
    const heartbeat = { groupId, memberId: 'one', ...joining };
    await throughBytes(shareGroupHeartbeat, heartbeat, context(1));
  }
  const leaving = { groupId: 'former', memberId: 'one', memberEpoch: -1 };
  await throughBytes(shareGroupHeartbeat, { ...leaving, subscribedTopicNames: null }, context(1));
  await throughBytes(
    initProducerId,
    { transactionalId: 'payments', transactionTimeoutMs: 60_000 },
    context(4),
  );
  return cluster;
}
