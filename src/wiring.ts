/**
 * The doors wired to the broker: what a Worker of Kedge does with whatever comes in. The surprise:
 * it is no Worker itself. `worker.ts` is the one that is deployed; another may have more.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { type Access, accessFrom, howToOpen } from './broker/access.ts';
import { howToBind, principalOfBinding } from './broker/binding-principal.ts';
import { createGateway, type Gateway } from './broker/gateway.ts';
import type { httpApp } from './fronts/http/app.ts';
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
import { isConfigured } from './runtime/access-config.ts';
import { timeNow } from './runtime/clock.ts';
import { brokerConfigOf } from './runtime/config.ts';
import { connectionLimitsFrom } from './runtime/connection-limits.ts';
import { type OriginRules, originRulesFrom } from './runtime/origin-rules.ts';
import type { PushOutside } from './runtime/push/outside.ts';
import { privateHostsFrom } from './runtime/push/push-config.ts';
import { streamMaxAgeMsFrom } from './runtime/stream-config.ts';
import type { StreamSubscriptionOutside } from './runtime/stream-subscription/host.ts';
import { type Env, restConsumerObject, workerObjects } from './runtime/worker-objects.ts';

export type HttpApp = Pick<ReturnType<typeof httpApp>, 'fetch'>;

interface Doors {
  readonly gateway: Gateway;
  readonly access: Access;
  readonly terms: ConnectionTerms;
  readonly origins: OriginRules;
  readonly streamMaxAgeMs: number;
}

type Shut = { readonly shut: string };

/** The gateway to the objects that these bindings lead to. */
export function gatewayTo(env: Env, access: Access): Gateway {
  return createGateway(workerObjects(env), brokerConfigOf(env), access);
}

export class Wiring {
  readonly #app: HttpApp;
  readonly #gatewayOf: (env: Env, access: Access) => Gateway;
  /** What the variables say is read once: an isolate is given the same ones with every request. */
  readonly #known = new WeakMap<Env, Doors | Shut>();

  constructor(app: HttpApp, gatewayOf: (env: Env, access: Access) => Gateway) {
    this.#app = app;
    this.#gatewayOf = gatewayOf;
  }

  /** A Kafka client over TCP. */
  async connect(socket: Socket, env: Env): Promise<void> {
    const doors = this.#doorsOf(env);
    if ('shut' in doors) return socket.close();
    if (!isConfigured(doors.access)) console.warn(howToOpen);
    return serveSocket(socket, doors.gateway, doors.terms);
  }

  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response> {
    const doors = this.#doorsOf(env);
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
    return this.#app.fetch(request, door, ctx);
  }

  /** A Kafka connection of another Worker. Throws with how to be let in. */
  open(env: Env, props: unknown): KafkaConnection {
    const { gateway, access, terms: limits } = this.#openDoors(env);
    return new KafkaConnection({ gateway, principal: boundTo(props, access), limits });
  }

  /** A topic of another Worker's, for the length of one call. Throws with how to be let in. */
  queue<T>(env: Env, props: unknown, work: (queue: QueueTopic) => Promise<T>): Promise<T> {
    const { gateway, access } = this.#openDoors(env);
    return withQueue(gateway, boundTo(props, access), props, work);
  }

  /** The way of a push subscription to the cluster and to its target. */
  pushOutside(env: Env): PushOutside {
    return pushOutside(() => this.#gatewayOf(env, accessFrom(env)), {
      bindings: env,
      privateHosts: privateHostsFrom(env),
      fetch: (input, init) => fetch(input, init),
      now: timeNow,
    });
  }

  /** The way of a subscription to streams to its webhook. */
  streamOutside(env: Env): StreamSubscriptionOutside {
    return streamOutside(() => this.#gatewayOf(env, accessFrom(env)), {
      privateHosts: privateHostsFrom(env),
      fetch: (url, init) => fetch(url, init),
    });
  }

  /** The doors, or why they stay shut: a variable says something that cannot be understood. */
  #doorsOf(env: Env): Doors | Shut {
    const doors = this.#known.get(env) ?? this.#readDoors(env);
    this.#known.set(env, doors);
    return doors;
  }

  #openDoors(env: Env): Doors {
    const doors = this.#doorsOf(env);
    if ('shut' in doors) throw new Error(doors.shut);
    return doors;
  }

  #readDoors(env: Env): Doors | Shut {
    try {
      const access = accessFrom(env);
      return {
        access,
        terms: { access, ...connectionLimitsFrom(env) },
        gateway: this.#gatewayOf(env, access),
        origins: originRulesFrom(env),
        streamMaxAgeMs: streamMaxAgeMsFrom(env),
      };
    } catch (error) {
      const shut = `Kedge lets nobody in: ${error instanceof Error ? error.message : error}.`;
      console.error(shut);
      return { shut };
    }
  }
}

function boundTo(props: unknown, access: Access) {
  const principal = principalOfBinding(props, access);
  if (principal === undefined) throw new Error(howToBind);
  return principal;
}

/** For other Workers, by a service binding: `entrypoint = "Kedge"`. */
export class KedgeEntrypoint extends WorkerEntrypoint<Env> {
  readonly #wiring: Wiring;

  constructor(wiring: Wiring, ctx: ExecutionContext, env: Env) {
    super(ctx, env);
    this.#wiring = wiring;
  }

  /** A Kafka connection of the caller's own. Rejects with how to be let in. */
  open(): KafkaConnection {
    return this.#wiring.open(this.env, this.ctx.props);
  }
}

/**
 * A topic in the shape of a queue, for other Workers, by a service binding: `entrypoint = "Queue"`
 * and `props = { topic = "orders" }`, and `env.ORDERS.send(…)` is what it was.
 */
export class QueueEntrypoint extends WorkerEntrypoint<Env> {
  readonly #wiring: Wiring;

  constructor(wiring: Wiring, ctx: ExecutionContext, env: Env) {
    super(ctx, env);
    this.#wiring = wiring;
  }

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
    return this.#wiring.queue(this.env, this.ctx.props, work);
  }
}
