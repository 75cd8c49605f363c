/**
 * What is to go wrong. The surprise: a fault is the broker's, so it strikes every client that sends
 * such a request; say which by its topic, its group or its client id.
 */
import type { ErrorName } from '../protocol/errors.ts';

export interface FaultSpec {
  /** The request by Kafka's name: `'Produce'`, `'Fetch'`, `'JoinGroup'`, `'OffsetCommit'`, … */
  readonly api: string;
  /** Only requests that name this topic. */
  readonly topic?: string;
  /** Only requests of this group. */
  readonly group?: string;
  /** Only requests of clients that call themselves so. */
  readonly clientId?: string;
  /** It is answered with this error, by Kafka's name or number: `'NOT_LEADER_OR_FOLLOWER'`. */
  readonly errorCode?: ErrorName | number;
  /** It is answered (or goes wrong) so much later. */
  readonly delayMs?: number;
  /** It is answered, and the client is told to be quiet for so long, as by a quota. */
  readonly throttleTimeMs?: number;
  /** The connection is closed in the place of an answer. */
  readonly disconnect?: boolean;
  /** The broker does what it is asked first, and then the answer goes wrong. Default false. */
  readonly after?: boolean;
  /** How many requests it strikes. Default 1; 0: all, until it is removed. */
  readonly times?: number;
}

export interface Fault extends AsyncDisposable {
  readonly id: string;
  /** How many requests it has struck; 0 once it has been removed. */
  hits(): Promise<number>;
  /** From now on it strikes no more. */
  remove(): Promise<void>;
}
