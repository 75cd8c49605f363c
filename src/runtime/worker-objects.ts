/**
 * The objects as a Worker reaches them: Durable Object stubs behind the ports of `stubs.ts`. The
 * surprises: a stub that threw once is broken for ever, so it is thrown away and made anew; the new
 * one waits for what is still on its way through the old, since calls keep their order in one stub
 * alone; and a stub belongs to the request that made it, so nothing from here outlives a connection
 * but the namespaces.
 */
import type { ClusterCalls } from '../core/cluster/commands.ts';
import type { GroupCalls, VouchedMember } from '../core/group/commands.ts';
import type { PartitionCalls } from '../core/log/calls.ts';
import type { SubscriptionCalls } from '../core/push/calls.ts';
import type { RestConsumerCalls } from '../core/rest-consumer/calls.ts';
import type { TransactionCalls } from '../core/transaction/calls.ts';
import { partitionWatch, withRecords } from './partition-watch.ts';
import { streamSubscriptionPrefix } from './stream-subscription/host.ts';
import type {
  ControllerStub,
  GroupStub,
  Objects,
  PartitionStub,
  PartitionWatch,
  Stub,
  Watch,
} from './stubs.ts';
import { openWatch } from './watch.ts';
import { isUnsendable, mayRepeat, Weather } from './weather.ts';

export { Weather } from './weather.ts';

/** The bindings of the Worker, and its variables (`KAFKA_…`). */
export type Env = {
  readonly PARTITION: DurableObjectNamespace;
  readonly GROUP_COORDINATOR: DurableObjectNamespace;
  readonly TRANSACTION_COORDINATOR: DurableObjectNamespace;
  readonly CLUSTER_CONTROLLER: DurableObjectNamespace;
  readonly REST_CONSUMER: DurableObjectNamespace;
  readonly SUBSCRIPTION: DurableObjectNamespace;
  readonly STREAM_SUBSCRIPTION: DurableObjectNamespace;
  readonly [variable: `KAFKA_${string}`]: string | undefined;
};

/** Calls that do the same when they are carried out twice. */
const repeatable: ReadonlySet<string> = new Set<
  keyof ClusterCalls | keyof PartitionCalls | keyof GroupCalls | keyof TransactionCalls
>([
  'getTopics',
  'allocateProducerIds',
  'registerGroup',
  'unregisterGroup',
  'listGroups',
  'findGroups',
  'registerTransactionalId',
  'unregisterTransactionalId',
  'listTransactionalIds',
  'findTransactionalIds',
  'registerSubscription',
  'listSubscriptions',
  'describeResourceConfigs',
  'listResourceConfigs',
  'describeClientQuotas',
  'getQuotas',
  'describeScramCredentials',
  'getScramCredentials',
  'listTokens',
  'getToken',
  'getSecret',
  'read',
  'listOffset',
  'deleteRecords',
  'configure',
  'describe',
  'writeMarker',
  'describeProducers',
  'drop',
  'streamRead',
  'streamDescribe',
  'streamForks',
  'streamHide',
  'awaitGrowth',
  'heartbeat',
  'fetchOffsets',
  'deleteOffsets',
  'describeGroup',
  'describeConsumerGroup',
  'listGroup',
  'endTransaction',
  // A producer's own calls are left to it: a late one could begin or end its next transaction.
  'enlist',
  'describeTransaction',
]);

type CallTable<Calls> = { [K in keyof Calls]: { command: unknown; reply: unknown } };

/** What every object of ours answers over RPC. */
interface Callable extends Fetcher {
  call(kind: string, command: unknown): Promise<unknown>;
}

export function workerObjects(env: Env): Objects {
  return {
    partition: (topicId, partition) =>
      new WorkerPartition(env.PARTITION, `${topicId}:${partition}`),
    group: (groupId) => new WorkerGroup(env.GROUP_COORDINATOR, groupId),
    transaction: (transactionalId) =>
      new WorkerObject<TransactionCalls>(env.TRANSACTION_COORDINATOR, transactionalId),
    subscription: (name) =>
      new WorkerObject<SubscriptionCalls>(
        name.startsWith(streamSubscriptionPrefix) ? env.STREAM_SUBSCRIPTION : env.SUBSCRIPTION,
        name,
      ),
    controller: () => new WorkerController(env.CLUSTER_CONTROLLER, 'cluster'),
  };
}

/** The object that keeps one consumer instance of the REST Proxy. */
export function restConsumerObject(
  env: Env,
  group: string,
  instance: string,
): Stub<RestConsumerCalls> {
  return new WorkerObject(env.REST_CONSUMER, JSON.stringify([group, instance]));
}

class WorkerObject<Calls extends CallTable<Calls>> implements Stub<Calls> {
  readonly #namespace: DurableObjectNamespace;
  readonly #name: string;
  #line: Line | undefined;

  constructor(namespace: DurableObjectNamespace, name: string) {
    this.#namespace = namespace;
    this.#name = name;
  }

  call<K extends keyof Calls & string>(
    kind: K,
    command: Calls[K]['command'],
  ): Promise<Calls[K]['reply']> {
    return this.#attempt((stub) => stub.call(kind, command), repeatable.has(kind));
  }

  protected newStub(): Callable {
    const id = this.#namespace.idFromName(this.#name);
    // The class behind the namespace is ours: it has `call`.
    return this.#namespace.get(id) as unknown as Callable;
  }

  /** Asks once, and once more if that may be done and the platform expects it to help. */
  async #attempt<T>(ask: (stub: Callable) => Promise<T>, repeat: boolean): Promise<T> {
    try {
      return await this.#once(ask);
    } catch (error) {
      if (isUnsendable(error)) throw error;
      if (!repeat || !mayRepeat(error)) throw new Weather(error);
    }
    try {
      return await this.#once(ask);
    } catch (error) {
      throw new Weather(error);
    }
  }

  async #once<T>(ask: (stub: Callable) => Promise<T>): Promise<T> {
    this.#line ??= new Line(this.newStub(), []);
    const line = this.#line;
    try {
      return await line.send(ask);
    } catch (error) {
      if (this.#line === line) this.#line = new Line(this.newStub(), line.onTheirWay);
      throw error;
    }
  }
}

/** One stub, and what is on its way through it. */
class Line {
  readonly #stub: Callable;
  /** Settles with what was on its way before; undefined once everybody who waited has gone on. */
  #free: Promise<unknown> | undefined;
  #waiting = 0;
  readonly #onTheirWay = new Set<Promise<unknown>>();

  constructor(stub: Callable, before: readonly Promise<unknown>[]) {
    this.#stub = stub;
    if (before.length > 0) this.#free = Promise.allSettled(before);
  }

  get onTheirWay(): Promise<unknown>[] {
    return [...this.#onTheirWay];
  }

  async send<T>(ask: (stub: Callable) => Promise<T>): Promise<T> {
    if (this.#free !== undefined) {
      this.#waiting++;
      await this.#free;
      if (--this.#waiting === 0) this.#free = undefined;
    }
    const answer = ask(this.#stub);
    this.#onTheirWay.add(answer);
    try {
      return await answer;
    } finally {
      this.#onTheirWay.delete(answer);
    }
  }
}

class WorkerPartition extends WorkerObject<PartitionCalls> implements PartitionStub {
  watch(hasRecords = false): Promise<PartitionWatch> {
    return openWatch(this.newStub(), hasRecords ? withRecords : '').then(partitionWatch);
  }
}

class WorkerGroup extends WorkerObject<GroupCalls> implements GroupStub {
  watch(member: VouchedMember): Promise<Watch> {
    return openWatch(this.newStub(), JSON.stringify(member));
  }
}

class WorkerController extends WorkerObject<ClusterCalls> implements ControllerStub {
  watch(): Promise<Watch> {
    return openWatch(this.newStub());
  }
}
