/**
 * What Cloudflare runs: the doors wired to the broker, and the objects exported. The surprises:
 * Kafka clients come in through `connect`, so there is no proxy between them and the Worker; and
 * what serves HTTP is made by the first request, since isolates that only have objects in them
 * start in half the time without it.
 */
import type { Gateway } from './broker/gateway.ts';
import { StreamSubscriptionObject } from './objects/stream-subscription.ts';
import { SubscriptionObject } from './objects/subscription.ts';
import type { PushOutside } from './runtime/push/outside.ts';
import type { StreamSubscriptionOutside } from './runtime/stream-subscription/host.ts';
import type { Env } from './runtime/worker-objects.ts';
import { gatewayTo, type HttpApp, KedgeEntrypoint, QueueEntrypoint, Wiring } from './wiring.ts';

export { ClusterController } from './objects/cluster-controller.ts';
export { GroupCoordinator } from './objects/group-coordinator.ts';
export { Partition } from './objects/partition.ts';
export { RestConsumer } from './objects/rest-consumer.ts';
export { TransactionCoordinator } from './objects/transaction-coordinator.ts';

/** One for the isolate. */
let gateway: Gateway | undefined;

let http: HttpApp | undefined;

const app: HttpApp = {
  async fetch(...request) {
    if (http === undefined) {
      const { httpApp } = await import('./fronts/http/app.ts');
      // Another request may have come first meanwhile.
      http ??= httpApp();
    }
    return http.fetch(...request);
  },
};

const wiring = new Wiring(app, (env, access) => {
  gateway ??= gatewayTo(env, access);
  return gateway;
});

/** For other Workers, by a service binding: `entrypoint = "Kedge"`. */
export class Kedge extends KedgeEntrypoint {
  constructor(ctx: ExecutionContext, env: Env) {
    super(wiring, ctx, env);
  }
}

/** A topic as a queue, for other Workers, by a service binding: `entrypoint = "Queue"`. */
export class Queue extends QueueEntrypoint {
  constructor(ctx: ExecutionContext, env: Env) {
    super(wiring, ctx, env);
  }
}

/** A push subscription, with the way to the cluster and to its target. */
export class Subscription extends SubscriptionObject {
  protected override outside(): PushOutside {
    return wiring.pushOutside(this.env);
  }
}

/** A subscription to streams, with the way to its webhook. */
export class StreamSubscription extends StreamSubscriptionObject {
  protected override outside(): StreamSubscriptionOutside {
    return wiring.streamOutside(this.env);
  }
}

export default {
  connect: (socket: Socket, env: Env): Promise<void> => wiring.connect(socket, env),
  fetch: (request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response> =>
    wiring.fetch(request, env, ctx),
};
