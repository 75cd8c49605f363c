/**
 * What every coordinator's host is given, be it a group's or a transaction's, in a Durable Object
 * or in memory.
 */
import type { BrokerConfig } from './config.ts';
import type { Rows } from './rows.ts';
import type { Objects } from './stubs.ts';

export interface CoordinatorHostOptions {
  readonly config: BrokerConfig;
  readonly rows: Rows;
  readonly objects: Objects;
  now(): number;
  setAlarm(at: number): void;
}
