/**
 * A cluster machine with the least of a host around it: its rows in a map, and a restart that loses
 * everything but them.
 */
import { expect } from 'vitest';
import type { ClusterLimits } from '../../../src/core/cluster/cluster-limits.ts';
import type { ClusterRow, HostedClusterCalls } from '../../../src/core/cluster/cluster-machine.ts';
import { ClusterMachine } from '../../../src/core/cluster/cluster-machine.ts';
import type { NewTopic } from '../../../src/core/cluster/commands.ts';
import { isParked } from '../../../src/core/machine.ts';

/** A machine with the rows it stored, as its host would keep them. */
export class Cluster {
  readonly table = new Map<string, ClusterRow>();
  /** What the deployment sets; another one is seen after a restart. */
  fixed: ReadonlyMap<string, string> = new Map();
  /** How much there may be; another limit holds after a restart. */
  limits: ClusterLimits | undefined;
  machine = this.#create();
  written = 0;
  #ids = 0;

  #create(): ClusterMachine {
    const newUuid = () => `${String(++this.#ids).padStart(21, '0')}A`;
    const { fixed, limits } = this;
    return new ClusterMachine({
      nodeId: 1,
      numPartitions: 3,
      fixed,
      newUuid,
      ...(limits && { limits }),
    });
  }

  call<K extends keyof HostedClusterCalls>(
    kind: K,
    command: HostedClusterCalls[K]['command'],
    now = 0,
  ): HostedClusterCalls[K]['reply'] {
    const call = { kind, command } as Parameters<ClusterMachine['decide']>[0];
    const { rows, reply } = this.machine.decide(call, now);
    if (isParked(reply)) throw new Error('the controller holds nobody');
    for (const row of structuredClone(rows)) {
      this.written++;
      if (row.value === null) this.table.delete(row.key);
      else this.table.set(row.key, row);
      this.machine.replay(row);
    }
    return reply as HostedClusterCalls[K]['reply'];
  }

  create(...topics: Partial<NewTopic>[]) {
    return this.call('createTopics', { topics: topics.map(topicOf), validateOnly: false }).topics;
  }

  get(...names: string[]) {
    return this.call('getTopics', { names, topicIds: null }).topics;
  }

  /** The same cluster after its object was evicted. */
  restart(): void {
    this.machine = this.#create();
    for (const row of this.table.values()) this.machine.replay(row);
  }
}

export function topicOf(topic: Partial<NewTopic>): NewTopic {
  const defaults = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  return { name: 'orders', ...defaults, ...topic };
}

/** The one item there is. */
export function only<T>(items: readonly T[]): T {
  expect(items).toHaveLength(1);
  return items[0];
}
