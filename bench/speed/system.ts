/**
 * What is measured beside what: Kedge, the bare pipeline that is its floor, and what others have.
 * The surprise: a system says nothing of how it is spoken to but by its dialect, so that a workload
 * that finds no dialect it knows leaves that system's column empty.
 */

import type { BareMode } from './bare/dialect.ts';
import type { Load } from './loads.ts';

/** How records are handed over: Kafka's protocol, the bare Worker's, or a peer's own. */
export type Dialect = 'kafka' | 'bare' | 'queues' | 'nats';

export interface System {
  /** A word, as in `--peer <name>` and in JSON. */
  readonly name: string;
  /** For the head of a column. */
  readonly title: string;
  /** Begins with empty data; settles when it answers. Throws when it cannot be had here. */
  start(): Promise<Running>;
  /** The same as people have it who have installed it, if that is something else. */
  startInstalled?(): Promise<Running>;
}

/** A system that answers. */
export interface Running {
  readonly dialect: Dialect;
  readonly host: string;
  /** Where it is spoken to in its dialect. */
  readonly port: number;
  /** Where it serves HTTP, without a slash at the end, if records can be sent there. */
  readonly url?: string;
  /**
   * What puts a load on it, where bench/load speaks no such dialect: a program that takes a Job and
   * answers with a Report in the same way. What it does not take is what the system does not have.
   */
  readonly generator?: { readonly program: string; takes(job: Load): boolean };
  /** What it is, as its own developers count: `kedge 0.1.0`, `Apache Kafka 4.4.0`. */
  readonly version: string;
  /** From the moment it was spawned to its first answer, if that was looked at. */
  readonly startedAfterMs?: number;
  /** Its processes at this moment, whose processor time and memory count as its own. */
  pids(): readonly number[];
  /** Makes ready for a topic what has no CreateTopics. */
  prepare?(topic: string, mode?: BareMode): Promise<void>;
  /** Removes what came for a topic, if it has no DeleteTopics. */
  discard?(topic: string): Promise<void>;
  /** Ends it, and removes all it wrote. */
  stop(): Promise<void>;
}
