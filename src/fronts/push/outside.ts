/**
 * The world as subscriptions have it in a Worker: its bindings, the internet, and the cluster
 * through the same gateway as every other client.
 */
import type { Gateway } from '../../broker/gateway.ts';
import type { PushOutside } from '../../runtime/push/outside.ts';
import { KafkaPushClient } from './kafka-client.ts';
import { deliverTo, type TargetsOptions, targetProblem } from './targets.ts';

/** No timer runs for longer: while one does, an object is awake. */
const longestWaitMs = 1_000;

export function pushOutside(gateway: () => Gateway, targets: TargetsOptions): PushOutside {
  return {
    client: ({ principal }) => new KafkaPushClient(gateway(), principal),
    problemOf: ({ target }) => targetProblem(targets, target),
    deliver: (subscription, batch) => deliverTo(targets, subscription, batch),
    until: (at) => {
      const wait = Math.min(Math.max(at - targets.now(), 1), longestWaitMs);
      return new Promise((resolve) => setTimeout(resolve, wait));
    },
  };
}
