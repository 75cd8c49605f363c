/**
 * A whole Kedge in one process: gateways that serve connections, objects on a simulated platform,
 * and the trouble that befalls them. The surprise: all of it is the real code up to the sockets;
 * the stubs are those of a Worker, over namespaces that are not.
 */
import { createGateway, type Gateway } from '../../../src/broker/gateway.ts';
import { openAndUnlimited } from '../../../src/fronts/kafka/serve.ts';
import { serveSocket } from '../../../src/fronts/kafka/socket.ts';
import { type BrokerConfig, defaultBrokerConfig } from '../../../src/runtime/config.ts';
import type { PushOutside } from '../../../src/runtime/push/outside.ts';
import type { Objects } from '../../../src/runtime/stubs.ts';
import { type Env, workerObjects } from '../../../src/runtime/worker-objects.ts';
import { DurableObjectSim, type Instance, type Kind } from './durable-object.ts';
import {
  controllerKind,
  groupKind,
  partitionKind,
  type Sabotage,
  subscriptionKind,
  transactionKind,
} from './kinds.ts';
import { namespaceOf } from './lines.ts';
import { TcpConnection } from './tcp.ts';
import type { World } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of all kinds of storage
type AnyObject = DurableObjectSim<any>;
// biome-ignore lint/suspicious/noExplicitAny: of all kinds
type AnyKind = Kind<any>;

const gatewayCount = 2;

export class SimulatedCluster {
  readonly #world: World;
  readonly #config: BrokerConfig;
  readonly #kinds: Readonly<Record<string, AnyKind>>;
  readonly #objects = new Map<string, AnyObject>();
  readonly #sabotage: Sabotage;
  #gateways: Gateway[];
  readonly #connections = new Set<TcpConnection>();

  constructor(
    world: World,
    sabotage: Sabotage = {},
    config: Partial<BrokerConfig> = {},
    deliver: PushOutside['deliver'] = async () => ({ misconfigured: 'there is no target' }),
  ) {
    this.#world = world;
    this.#sabotage = sabotage;
    this.#config = { ...defaultBrokerConfig, groupInitialRebalanceDelayMs: 200, ...config };
    const context = {
      config: this.#config,
      sabotage,
      deliver,
      objectsOf: (instance: Instance<unknown>) => workerObjects(this.#env(instance)),
    };
    this.#kinds = {
      partition: partitionKind(context),
      group: groupKind(context),
      transaction: transactionKind(context),
      controller: controllerKind(context),
      subscription: subscriptionKind(context),
    };
    this.#gateways = this.#newGateways();
  }

  /** The objects, as somebody reaches them whose invocation has just begun. */
  objects(): Objects {
    return workerObjects(this.#env());
  }

  /** A client's connection to some gateway. */
  connect(): TcpConnection {
    const connection = new TcpConnection(this.#world);
    this.#connections.add(connection);
    const gateway = this.#world.random.pick(this.#gateways);
    const { cutConnection } = this.#world.trouble;
    const calls = cutConnection > 0 ? this.#world.random.pick([Infinity, 50, 1_000]) : Infinity;
    const socket = connection.socket as unknown as Socket;
    void serveSocket(socket, gateway, { ...openAndUnlimited, calls }).then(() =>
      this.#connections.delete(connection),
    );
    return connection;
  }

  /** Lets trouble befall the cluster until it heals. */
  unleash(): void {
    const { evictEveryMs, deployEveryMs, clockJumpEveryMs } = this.#world.trouble;
    this.#every(evictEveryMs, () => this.#anyObject()?.evict());
    this.#every(deployEveryMs, () => this.#deploy());
    this.#every(clockJumpEveryMs, () => {
      const object = this.#anyObject();
      if (object) object.clockSkew = this.#world.random.between(-2_000, 2_000);
      this.#world.count('clockJump');
    });
  }

  #every(mean: number, happen: () => void): void {
    if (!Number.isFinite(mean)) return;
    const { time, random } = this.#world;
    time.after(random.delay(mean), () => {
      if (this.#world.isHealed) return;
      happen();
      this.#every(mean, happen);
    });
  }

  /** New code everywhere: memory is gone, connections are cut. */
  #deploy(): void {
    this.#world.count('deploy');
    for (const object of this.#objects.values()) object.crash();
    for (const connection of [...this.#connections]) connection.cut();
    this.#gateways = this.#newGateways();
  }

  #newGateways(): Gateway[] {
    return Array.from({ length: gatewayCount }, () =>
      createGateway(workerObjects(this.#env()), this.#config, { open: true }),
    );
  }

  #anyObject(): AnyObject | undefined {
    return this.#world.random.pick([...this.#objects.values()]);
  }

  #env(caller?: Instance<unknown>): Env {
    const space = (kind: string) =>
      namespaceOf(
        this.#world,
        (name) => this.#object(kind, name),
        caller,
        kind === 'partition' && this.#sabotage.overtaking,
      );
    return {
      PARTITION: space('partition'),
      GROUP_COORDINATOR: space('group'),
      TRANSACTION_COORDINATOR: space('transaction'),
      CLUSTER_CONTROLLER: space('controller'),
      REST_CONSUMER: space('rest'),
      SUBSCRIPTION: space('subscription'),
    } as unknown as Env;
  }

  #object(kind: string, name: string): AnyObject {
    const key = `${kind}/${this.#sabotage.objectName?.(name) ?? name}`;
    const known = this.#objects.get(key);
    if (known) return known;
    const { openGate = false, forgets } = this.#sabotage;
    const object: AnyObject = new DurableObjectSim(this.#world, this.#kinds[kind], name, {
      openGate,
      forgets: forgets === kind,
    });
    this.#objects.set(key, object);
    return object;
  }
}
