/** What a row of the tables of APIs says, and the rights it speaks of. */
import { CLUSTER_NAME } from '../../../src/protocol/acl.ts';
import type { Right } from './guarded-cluster.ts';

export interface World {
  readonly version: number;
  /** Of `orders`. */
  readonly topicId: string;
}

export interface Row {
  /** Of the API, and what of it this is about. */
  readonly api: string;
  readonly about?: string;
  /** From the first to the last of these versions; all by default. */
  readonly versions?: readonly [number, number];
  readonly request: (world: World) => object;
  /** What is asked for, all of it; or each of several ways to be let in. */
  readonly rights?: readonly Right[];
  readonly orRights?: readonly (readonly Right[])[];
  /** Who may not is told nothing, not even that there is something. */
  readonly hides?: string;
  /** Why nobody is asked. */
  readonly open?: string;
}

export const topic = (operation: Right[0], name = 'orders'): Right => [operation, 'TOPIC', name];
export const group = (operation: Right[0], name: string): Right => [operation, 'GROUP', name];
export const cluster = (operation: Right[0]): Right => [operation, 'CLUSTER', CLUSTER_NAME];
export const transaction = (operation: Right[0]): Right => [
  operation,
  'TRANSACTIONAL_ID',
  'payments',
];
