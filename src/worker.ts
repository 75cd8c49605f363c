/**
 * What Cloudflare runs: the doors wired to the broker, and the objects exported. The surprise:
 * Kafka clients come in through `connect`, so there is no proxy between them and the Worker.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { type Access, accessFrom, howToOpen } from './broker/access.ts';
import { howToBind, principalOfBinding } from './broker/binding-principal.ts';
import { createGateway, type Gateway } from './broker/gateway.ts';
import { httpApp } from './fronts/http/app.ts';
import type { HttpDoor } from './fronts/http/routes.ts';
import type { ConnectionTerms } from './fronts/kafka/serve.ts';
import { serveSocket } from './fronts/kafka/socket.ts';
import { acceptWebSocket } from './fronts/kafka/websocket.ts';
import { pushOutside } from './fronts/push/outside.ts';
import {
  type QueueAnswer,
  type QueueMessage,
  type QueueMessageOptions,
  type QueueTopic,
  withQueue,
} from './fronts/push/queue.ts';
import { streamOutside } from './fronts/push/stream-outside.ts';
import { KafkaConnection } from './fronts/rpc/kafka-connection.ts';
import { StreamSubscriptionObject } from './objects/stream-subscription.ts';
import { SubscriptionObject } from './objects/subscription.ts';
import { isConfigured } from './runtime/access-config.ts';
import { brokerConfigFrom } from './runtime/config.ts';
import { connectionLimitsFrom } from './runtime/connection-limits.ts';
import { type OriginRules, originRulesFrom } from './runtime/origin-rules.ts';
import type { PushOutside } from './runtime/push/outside.ts';
import { privateHostsFrom } from './runtime/push/push-config.ts';
import { streamMaxAgeMsFrom } from './runtime/stream-config.ts';
import type { StreamSubscriptionOutside } from './runtime/stream-subscription/host.ts';
import { type Env, restConsumerObject, workerObjects } from './runtime/worker-objects.ts';

export { ClusterController } from './objects/cluster-controller.ts';
export { GroupCoordinator } from './objects/group-coordinator.ts';
export { Partition } from './objects/partition.ts';
export { RestConsumer } from './objects/rest-consumer.ts';
export { TransactionCoordinator } from './objects/transaction-coordinator.ts';

const app = httpApp();

/** One for the isolate. */
let gateway: Gateway | undefined;

function gatewayOf(env: Env, access: Access): Gateway {
  gateway ??= createGateway(workerObjects(env), brokerConfigFrom(env), access);
  return gateway;
}

interface Doors {
  readonly gateway: Gateway;
  readonly access: Access;
  readonly terms: ConnectionTerms;
  readonly origins: OriginRules;
  readonly streamMaxAgeMs: number;
}

type Shut = { readonly shut: string };

/** What the variables say is read once: an isolate is given the same ones with every request. */
const known = new WeakMap<Env, Doors | Shut>();

/** The doors, or why they stay shut: a variable says something that cannot be understood. */
function doorsOf(env: Env): Doors | Shut {
  const doors = known.get(env) ?? readDoors(env);
  known.set(env, doors);
  return doors;
}

function readDoors(env: Env): Doors | Shut {
  try {
    const access = accessFrom(env);
    return {
      access,
      terms: { access, ...connectionLimitsFrom(env) },
      gateway: gatewayOf(env, access),
      origins: originRulesFrom(env),
      streamMaxAgeMs: streamMaxAgeMsFrom(env),
    };
  } catch (error) {
    const shut = `Kedge lets nobody in: ${error instanceof Error ? error.message : error}.`;
    console.error(shut);
    return { shut };
  }
}

/** For other Workers, by a service binding: `entrypoint = "Kedge"`. */
export class Kedge extends WorkerEntrypoint<Env> {
  /** A Kafka connection of the caller's own. Rejects with how to be let in. */
  open(): KafkaConnection {
    const doors = doorsOf(this.env);
    if ('shut' in doors) throw new Error(doors.shut);
    const principal = principalOfBinding(this.ctx.props, doors.access);
    if (principal === undefined) throw new Error(howToBind);
    const limits = doors.terms;
    return new KafkaConnection({ gateway: doors.gateway, principal, limits });
  }
}

/**
 * A topic in the shape of a queue, for other Workers, by a service binding: `entrypoint = "Queue"`
 * and `props = { topic = "orders" }`, and `env.ORDERS.send(…)` is what it was.
 */
export class Queue extends WorkerEntrypoint<Env> {
  send(body: unknown, options?: QueueMessageOptions): Promise<QueueAnswer> {
    return this.sendBatch([{ ...options, body }]);
  }

  sendBatch(
    messages: Iterable<QueueMessage>,
    options?: { readonly delaySeconds?: number },
  ): Promise<QueueAnswer> {
    return this.#topic((queue) => queue.send([...messages], options?.delaySeconds));
  }

  metrics(): Promise<QueueAnswer['metadata']['metrics']> {
    return this.#topic((queue) => queue.metrics());
  }

  #topic<T>(work: (queue: QueueTopic) => Promise<T>): Promise<T> {
    const doors = doorsOf(this.env);
    if ('shut' in doors) throw new Error(doors.shut);
    const principal = principalOfBinding(this.ctx.props, doors.access);
    if (principal === undefined) throw new Error(howToBind);
    return withQueue(doors.gateway, principal, this.ctx.props, work);
  }
}

/** A push subscription, with the way to the cluster and to its target. */
export class Subscription extends SubscriptionObject {
  protected override outside(): PushOutside {
    const { env } = this;
    return pushOutside(() => gatewayOf(env, accessFrom(env)), {
      bindings: env,
      privateHosts: privateHostsFrom(env),
      fetch: (input, init) => fetch(input, init),
      now: () => Date.now(),
    });
  }
}

/** A subscription to streams, with the way to its webhook. */
export class StreamSubscription extends StreamSubscriptionObject {
  protected override outside(): StreamSubscriptionOutside {
    const { env } = this;
    return streamOutside(() => gatewayOf(env, accessFrom(env)), {
      privateHosts: privateHostsFrom(env),
      fetch: (url, init) => fetch(url, init),
    });
  }
}

export default {
  async connect(socket: Socket, env: Env): Promise<void> {
    const doors = doorsOf(env);
    if ('shut' in doors) return socket.close();
    if (!isConfigured(doors.access)) console.warn(howToOpen);
    return serveSocket(socket, doors.gateway, doors.terms);
  },

  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response> {
    const doors = doorsOf(env);
    if ('shut' in doors) {
      return Response.json({ error_code: 50302, message: doors.shut }, { status: 503 });
    }
    const { terms } = doors;
    const door: HttpDoor = {
      ...doors,
      maxCalls: terms.calls,
      maxRequests: terms.requests,
      restConsumer: (group, instance) => restConsumerObject(env, group, instance),
      kafkaStream: (origin, counted) => acceptWebSocket(origin, counted, doors.gateway, terms),
    };
    return app.fetch(request, door, ctx);
  },
};
