/**
 * How bugs are planted. The surprise: none of them is a switch in Kedge itself; each wraps a store
 * or an object, as only tests can.
 */
import type { PartitionCalls } from '../../src/core/log/calls.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import type { AnomalyKey } from './checker/check.ts';
import type { Workload } from './workloads.ts';
import type { Sabotage } from './world/kinds.ts';

export interface PlantedBug {
  readonly name: string;
  /** Any of these gives it away. */
  readonly shows: readonly AnomalyKey[];
  /** Within how many seeds, from 1 on, it is found. */
  readonly withinSeeds: number;
  plant(): Sabotage;
  /** Found sooner where there is little else. */
  readonly workload?: Workload;
}

export type Wrapped = NonNullable<Sabotage['partition']>;

/** Does something else at every nth call of a kind. */
export function everyNth<K extends keyof PartitionCalls>(
  n: number,
  kind: K,
  instead: (
    stub: Stub<PartitionCalls>,
    command: PartitionCalls[K]['command'],
  ) => Promise<PartitionCalls[K]['reply']>,
): Wrapped {
  let calls = 0;
  return (stub) => ({
    call: ((what: string, command: never) =>
      what === kind && ++calls % n === 0
        ? instead(stub, command)
        : stub.call(what as K, command)) as Stub<PartitionCalls>['call'],
  });
}
