/**
 * What Cloudflare runs: the doors wired to the broker, and the objects exported. The surprise: Kafka
 * clients come in through `connect`, so there is no proxy between them and the Worker.
 */
import { DurableObject } from 'cloudflare:workers';
import { createGateway, type Gateway } from './broker/gateway.ts';
import { serveSocket } from './fronts/kafka/socket.ts';
import { brokerConfigFrom } from './runtime/config.ts';
import { type Env, workerObjects } from './runtime/worker-objects.ts';

export { ClusterController } from './objects/cluster-controller.ts';
export { GroupCoordinator } from './objects/group-coordinator.ts';
export { Partition } from './objects/partition.ts';
export class RestConsumer extends DurableObject {}

type Variables = {
  /**
   * How many calls to objects a Kafka connection makes before it is closed, to be opened again by the
   * client: one invocation of a Worker may make 10,000. Default 9000; 0: no limit.
   */
  readonly KEDGE_CALLS_PER_CONNECTION?: string;
};

/** One for the isolate. */
let gateway: Gateway | undefined;

function gatewayOf(env: Env): Gateway {
  gateway ??= createGateway(workerObjects(env), brokerConfigFrom(env));
  return gateway;
}

export default {
  connect(socket: Socket, env: Env & Variables): Promise<void> {
    return serveSocket(socket, gatewayOf(env), Number(env.KEDGE_CALLS_PER_CONNECTION ?? 9_000));
  },
  fetch(): Response {
    return new Response(null, { status: 503 });
  },
};
