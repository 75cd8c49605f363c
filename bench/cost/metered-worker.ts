/**
 * The Worker that is deployed, with one path more: what the meters of all its objects say. The
 * surprise: it can tell without asking them, since here all of them live in one isolate; and it
 * remembers the meters of those that have fallen asleep since.
 */
import worker, * as kedge from '../../src/worker.ts';
import { metersPath } from './usage.ts';

interface Metered {
  readonly meter: { readonly usage: unknown };
}

const meters: { readonly kind: string; readonly of: Metered }[] = [];

type Plain = new (ctx: DurableObjectState, env: never) => Metered;

function metered<C extends Plain>(kind: string, Base: C): C {
  // A mixin: whatever the class is made with goes to what it extends.
  return class extends (Base as unknown as new (...made: unknown[]) => Metered) {
    constructor(...made: unknown[]) {
      super(...made);
      meters.push({ kind, of: this });
    }
  } as unknown as C;
}

export const Partition = metered('partition', kedge.Partition);
export const GroupCoordinator = metered('group', kedge.GroupCoordinator);
export const ClusterController = metered('controller', kedge.ClusterController);
export const TransactionCoordinator = metered('transaction', kedge.TransactionCoordinator);
export const RestConsumer = metered('REST consumer', kedge.RestConsumer);
export const Subscription = metered('subscription', kedge.Subscription);
export const StreamSubscription = metered('stream subscription', kedge.StreamSubscription);

export default {
  connect: worker.connect,
  fetch(...[request, env, ctx]: Parameters<typeof worker.fetch>): ReturnType<typeof worker.fetch> {
    if (new URL(request.url).pathname !== metersPath) return worker.fetch(request, env, ctx);
    return Response.json(meters.map(({ kind, of }) => ({ kind, ...(of.meter.usage as object) })));
  },
};
