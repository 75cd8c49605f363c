/** What `--peer` brings into a run: systems, and workloads that say something beside them alone. */
import type { System } from '../system.ts';
import { kafka, kafkaFlush } from '../systems/kafka.ts';
import { nats, natsFlush } from '../systems/nats.ts';
import { queues } from '../systems/queues.ts';
import type { Workload } from '../workload.ts';
import { javaTools } from '../workloads/java-tools.ts';
import { pushes } from '../workloads/push.ts';

export interface Peer {
  readonly systems: readonly System[];
  readonly workloads?: readonly Workload[];
}

export const peers: Readonly<Record<string, Peer>> = {
  kafka: { systems: [kafka, kafkaFlush], workloads: javaTools },
  nats: { systems: [nats, natsFlush] },
  queues: { systems: [queues], workloads: pushes },
};
