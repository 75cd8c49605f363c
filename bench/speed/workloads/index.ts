/** All workloads, in the order of the table. */
import type { Workload } from '../workload.ts';
import { connections } from './connections.ts';
import { fetches } from './fetch.ts';
import { floor } from './floor.ts';
import { group } from './group.ts';
import { https } from './http.ts';
import { one } from './one.ts';
import { partitions } from './partitions.ts';
import { produces } from './produce.ts';
import { start } from './start.ts';
import { tail } from './tail.ts';
import { transactions } from './transactions.ts';

export const workloads: readonly Workload[] = [
  ...produces,
  one,
  ...fetches,
  tail,
  group,
  ...partitions,
  ...connections,
  ...https,
  transactions,
  start,
  floor,
];
