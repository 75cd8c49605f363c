/**
 * A cluster in plain memory and clients of it: the real machines, logs and metadata caches, no
 * network. Each gateway has its own memory, as each isolate of a Worker has.
 */
import { anonymous } from '../../src/broker/authorizer.ts';
import type { RequestContext } from '../../src/broker/context.ts';
import { clientContext, createGateway } from '../../src/broker/gateway.ts';
import { ClusterMemory, metadataCache } from '../../src/broker/metadata-cache.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../src/runtime/config.ts';
import { MemoryObjects } from '../../src/runtime/memory-objects.ts';
import type { ControllerStub, Objects } from '../../src/runtime/stubs.ts';

export class MemoryCluster {
  readonly config: BrokerConfig;
  readonly memory: MemoryObjects;
  /** What the controller was asked, in the order of the calls. */
  readonly asked: string[] = [];
  readonly #objects: Objects;
  #passed = 0;

  constructor(config: Partial<BrokerConfig> = {}) {
    this.config = { ...defaultBrokerConfig, ...config };
    this.memory = new MemoryObjects({ config: this.config });
    const controller: ControllerStub = {
      call: (kind, command) => {
        this.asked.push(kind);
        return this.memory.controller().call(kind, command);
      },
      watch: () => this.memory.controller().watch(),
    };
    this.#objects = {
      partition: (topicId, partition) => this.memory.partition(topicId, partition),
      group: (groupId) => this.memory.group(groupId),
      transaction: (transactionalId) => this.memory.transaction(transactionalId),
      subscription: (name) => this.memory.subscription(name),
      controller: () => controller,
    };
  }

  /** Lets this much time pass for the gateways' caches. */
  passTime(ms: number): void {
    this.#passed += ms;
  }

  /** A connection to a gateway of its own: contexts of any version. */
  connect(): (apiVersion: number) => RequestContext {
    const client = clientContext(createGateway(this.#objects, this.config, { open: true }), {
      principal: anonymous,
      clientHost: '/127.0.0.1',
      dialled: { host: 'localhost', port: 9092 },
      signal: new AbortController().signal,
    });
    const now = () => Date.now() + this.#passed;
    const metadata = metadataCache(new ClusterMemory(), client.objects, now);
    return (apiVersion) => ({ ...client, metadata, now, apiVersion, clientId: 'test' });
  }

  /** What the controller was asked so far, and forgets it. */
  takeAsked(): string[] {
    return this.asked.splice(0);
  }
}
