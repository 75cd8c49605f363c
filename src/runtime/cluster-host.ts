/**
 * The cluster's machine on its host, the same in a Durable Object and in memory. The surprise: its
 * alarm does work, since somebody has to tell the partitions of deleted topics that they are gone.
 * A slice is told at each alarm; only an unbroken run of answers counts, so after a crash some hear
 * it twice, which does no harm.
 */
import type { ClusterRow, HostedClusterCalls } from '../core/cluster/cluster-machine.ts';
import { ClusterMachine, refuseClusterCall } from '../core/cluster/cluster-machine.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { BrokerConfig } from './config.ts';
import { MachineHost } from './machine-host.ts';
import { randomUuid } from './random.ts';
import type { Rows } from './rows.ts';
import type { Objects } from './stubs.ts';

export type ClusterHost = MachineHost<HostedClusterCalls, ClusterRow, ClusterMachine>;

export interface ClusterHostOptions {
  readonly config: BrokerConfig;
  readonly rows: Rows;
  now(): number;
  setAlarm(at: number): void;
}

export function clusterHost({ config, rows, now, setAlarm }: ClusterHostOptions): ClusterHost {
  const { nodeId, numPartitions } = config;
  return new MachineHost({
    create: () => new ClusterMachine({ nodeId, numPartitions, newUuid: randomUuid }),
    rows,
    now,
    setAlarm,
    refuse: refuseClusterCall,
    onBug: (error) => console.error('Kedge met a bug in the cluster controller:', error),
  });
}

/** Partitions told in one alarm, all at the same time. */
export const dropsPerAlarm = 50;

/** What the alarm does. Asks for the next one until every drop is delivered. */
export async function deliverDrops(
  host: ClusterHost,
  objects: Objects,
  now: number,
): Promise<void> {
  let left = dropsPerAlarm;
  for (const { topicId, partitions, dropped } of host.machine.dueDrops(now)) {
    const count = Math.min(partitions - dropped, left);
    left -= count;
    const told = Array.from({ length: count }, (_, i) => dropOne(objects, topicId, dropped + i));
    const firstLeft = (await Promise.all(told)).indexOf(false);
    const gone = firstLeft < 0 ? count : firstLeft;
    await host.call('partitionsDropped', { topicId, dropped: dropped + gone });
    if (gone < count) await host.call('dropsDelayed', {});
    if (gone < count || left === 0) break;
  }
  host.expire();
}

async function dropOne(objects: Objects, topicId: string, partition: number): Promise<boolean> {
  try {
    const { errorCode } = await objects.partition(topicId, partition).call('drop', {});
    return errorCode === ErrorCode.NONE;
  } catch {
    return false;
  }
}
