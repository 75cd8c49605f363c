/**
 * What Cloudflare runs: the doors wired to the broker, and the objects exported. The surprise:
 * Kafka clients come in through `connect`, so there is no proxy between them and the Worker.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { type Access, accessFrom, howToOpen } from './broker/access.ts';
import { anonymous } from './broker/authorizer.ts';
import { createGateway, type Gateway } from './broker/gateway.ts';
import { httpApp } from './fronts/http/app.ts';
import type { HttpDoor } from './fronts/http/routes.ts';
import { serveSocket } from './fronts/kafka/socket.ts';
import { KafkaConnection } from './fronts/rpc/kafka-connection.ts';
import { brokerConfigFrom } from './runtime/config.ts';
import { type OriginRules, originRulesFrom } from './runtime/origin-rules.ts';
import { type Env, restConsumerObject, workerObjects } from './runtime/worker-objects.ts';

export { ClusterController } from './objects/cluster-controller.ts';
export { GroupCoordinator } from './objects/group-coordinator.ts';
export { Partition } from './objects/partition.ts';
export { RestConsumer } from './objects/rest-consumer.ts';
export { TransactionCoordinator } from './objects/transaction-coordinator.ts';

type Variables = {
  readonly KEDGE_OPEN?: string;
  readonly KEDGE_TOKEN?: string;
  /**
   * How many calls to objects a Kafka connection makes before it is closed, to be opened again by
   * the client: one invocation of a Worker may make 10,000. Default 9000; 0: no limit.
   */
  readonly KEDGE_CALLS_PER_CONNECTION?: string;
};

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
  readonly origins: OriginRules;
}

/** The doors, or why they stay shut: a variable says something that cannot be understood. */
function doorsOf(env: Env & Variables): Doors | { readonly shut: string } {
  try {
    const access = accessFrom(env);
    return { access, gateway: gatewayOf(env, access), origins: originRulesFrom(env) };
  } catch (error) {
    const shut = `Kedge lets nobody in: ${error instanceof Error ? error.message : error}.`;
    console.error(shut);
    return { shut };
  }
}

function callsPerConnection({ KEDGE_CALLS_PER_CONNECTION: calls }: Variables): number {
  return Number(calls ?? 9_000);
}

/** For other Workers, by a service binding: `entrypoint = "Kedge"`. */
export class Kedge extends WorkerEntrypoint<Env & Variables> {
  /** A Kafka connection of the caller's own. Rejects with how to be let in. */
  open(): KafkaConnection {
    const doors = doorsOf(this.env);
    if ('shut' in doors) throw new Error(doors.shut);
    if (!doors.access.open) throw new Error(howToOpen);
    const maxCalls = callsPerConnection(this.env);
    return new KafkaConnection({ gateway: doors.gateway, principal: anonymous, maxCalls });
  }
}

export default {
  async connect(socket: Socket, env: Env & Variables): Promise<void> {
    const doors = doorsOf(env);
    if ('shut' in doors) return socket.close();
    if (!doors.access.open) {
      console.warn('Kafka clients cannot show a token yet: KEDGE_OPEN=true lets everybody in.');
      return socket.close();
    }
    return serveSocket(socket, doors.gateway, callsPerConnection(env));
  },

  fetch(
    request: Request,
    env: Env & Variables,
    ctx: ExecutionContext,
  ): Response | Promise<Response> {
    const doors = doorsOf(env);
    if ('shut' in doors) {
      return Response.json({ error_code: 50302, message: doors.shut }, { status: 503 });
    }
    const door: HttpDoor = {
      ...doors,
      maxCalls: callsPerConnection(env) || Number.POSITIVE_INFINITY,
      restConsumer: (group, instance) => restConsumerObject(env, group, instance),
    };
    return app.fetch(request, door, ctx);
  },
};
