/**
 * The cluster's machine on its host, the same in a Durable Object and in memory. The surprise: its
 * alarm does work, since somebody has to tell partitions that their topic is gone, or how it is
 * configured now. A slice is told at each alarm; only an unbroken run of answers counts, so after a
 * crash some hear it twice, which does no harm.
 */
import type { ClusterRow, HostedClusterCalls } from '../core/cluster/cluster-machine.ts';
import { ClusterMachine } from '../core/cluster/cluster-machine.ts';
import type { Errand } from '../core/cluster/errands.ts';
import { partitionSpec } from '../core/cluster/partition-spec.ts';
import { refuseClusterCall } from '../core/cluster/refused-calls.ts';
import { ErrorCode } from '../protocol/errors.ts';
import { type BrokerConfig, brokerSettings } from './config.ts';
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
  /** Tells the watchers that a topic, or configs, are others than they were. */
  announce?(): void;
}

/** Nobody remembers these but the controller itself. */
const ownTables =
  /^(cluster|producerIds|secret|group|transactionalId|drop|configure|subscription|notice)(:|$)/;

export function clusterHost(options: ClusterHostOptions): ClusterHost {
  const { config, rows, now, setAlarm, announce } = options;
  const { nodeId, clusterId, numPartitions, maxTopics, maxPartitions, maxGroups } = config;
  const limits = { maxTopics, maxPartitions, maxGroups };
  const fixed = brokerSettings(config);
  return new MachineHost({
    create: () => {
      const said = { nodeId, clusterId, numPartitions, fixed, limits };
      return new ClusterMachine({ ...said, newUuid: randomUuid });
    },
    rows,
    now,
    setAlarm,
    refuse: refuseClusterCall,
    onStored: (stored) => {
      if (stored.some(({ key }) => !ownTables.test(key))) announce?.();
    },
    onBug: (error) => console.error('Kedge met a bug in the cluster controller:', error),
  });
}

/** Partitions told in one alarm, all at the same time. */
export const toldPerAlarm = 50;

/** What the alarm does. Asks for the next one until every partition has heard what it must. */
export async function runErrands(host: ClusterHost, objects: Objects, now: number): Promise<void> {
  let left = toldPerAlarm;
  for (const errand of host.machine.dueErrands(now)) {
    const { kind, topicId, partitions, told, version } = errand;
    const tell = news(host, objects, errand);
    const count = Math.min(partitions - told, left);
    left -= count;
    const answers = await Promise.all(Array.from({ length: count }, (_, i) => tell(told + i)));
    const firstLeft = answers.indexOf(false);
    const heard = firstLeft < 0 ? count : firstLeft;
    await host.call('partitionsTold', { kind, topicId, version, told: told + heard });
    if (heard < count) await host.call('errandsDelayed', {});
    if (heard < count || left === 0) break;
  }
  await tellSubscriptions(host, objects, now);
  host.expire();
}

/** Tells subscriptions that their topics are others now. */
async function tellSubscriptions(host: ClusterHost, objects: Objects, now: number): Promise<void> {
  const due = host.machine.dueNotices(now);
  if (due.length === 0) return;
  const first = due.slice(0, toldPerAlarm);
  const tell = (name: string) => heard(objects.subscription(name).call('topicsChanged', {}));
  const answers = await Promise.all(first.map(({ name }) => tell(name)));
  const told = first.filter((_, index) => answers[index]);
  await host.call('subscriptionsTold', { heard: told, isAll: told.length === first.length });
}

/** Tells one partition, and answers whether it heard. */
function news(
  host: ClusterHost,
  objects: Objects,
  { kind, topicId }: Errand,
): (partition: number) => Promise<boolean> {
  if (kind === 'drop') {
    return (partition) => heard(objects.partition(topicId, partition).call('drop', {}));
  }
  const topic = host.machine.topicById(topicId);
  // It was deleted since: its partitions will hear of that instead.
  if (topic === undefined) return async () => true;
  return (partition) => {
    const spec = partitionSpec(topic, partition);
    return heard(objects.partition(topicId, partition).call('configure', { spec }));
  };
}

/** A partition that is gone has heard all it ever will. */
async function heard(answer: Promise<{ readonly errorCode: number }>): Promise<boolean> {
  try {
    const { errorCode } = await answer;
    return errorCode === ErrorCode.NONE || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  } catch {
    return false;
  }
}
