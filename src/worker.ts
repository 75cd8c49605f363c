/**
 * What Cloudflare runs: the doors wired to the broker, and the objects exported. The surprise:
 * Kafka clients come in through `connect`, so there is no proxy between them and the Worker.
 */
import { accessFrom } from './broker/access.ts';
import { createGateway, type Gateway } from './broker/gateway.ts';
import { httpApp } from './fronts/http/app.ts';
import type { HttpDoor } from './fronts/http/routes.ts';
import { serveSocket } from './fronts/kafka/socket.ts';
import { brokerConfigFrom } from './runtime/config.ts';
import { type Env, restConsumerObject, workerObjects } from './runtime/worker-objects.ts';

export { ClusterController } from './objects/cluster-controller.ts';
export { GroupCoordinator } from './objects/group-coordinator.ts';
export { Partition } from './objects/partition.ts';
export { RestConsumer } from './objects/rest-consumer.ts';

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

function gatewayOf(env: Env): Gateway {
  gateway ??= createGateway(workerObjects(env), brokerConfigFrom(env));
  return gateway;
}

export default {
  connect(socket: Socket, env: Env & Variables): Promise<void> {
    if (!accessFrom(env).open) {
      console.warn('Kafka clients cannot show a token yet: KEDGE_OPEN=true lets everybody in.');
      return socket.close();
    }
    return serveSocket(socket, gatewayOf(env), Number(env.KEDGE_CALLS_PER_CONNECTION ?? 9_000));
  },

  fetch(
    request: Request,
    env: Env & Variables,
    ctx: ExecutionContext,
  ): Response | Promise<Response> {
    const door: HttpDoor = {
      gateway: gatewayOf(env),
      access: accessFrom(env),
      restConsumer: (group, instance) => restConsumerObject(env, group, instance),
    };
    return app.fetch(request, door, ctx);
  },
};
