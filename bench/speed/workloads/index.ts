/** All workloads, in the order of the table. */
import type { Workload } from '../workload.ts';
import { one } from './one.ts';
import { produces } from './produce.ts';

export const workloads: readonly Workload[] = [...produces, one];
