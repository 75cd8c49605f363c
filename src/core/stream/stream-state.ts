/**
 * What a partition knows of itself as a stream, as it is kept beside the log: one row for the
 * stream and one for each of its producers. The surprise: when it was last used is mostly not
 * written down, since the log's rows say when they came.
 */
import type { Expiry, ForkPoint, NewStream, ProducerClaim, StreamView } from './calls.ts';

/** One row; without a value it goes. */
export interface StreamRow {
  readonly key: string;
  readonly value: string | undefined;
}

/** Where the rows are kept. */
export interface StreamStore {
  streamRow(key: string): string | undefined;
  keepStreamRows(rows: readonly StreamRow[]): void;
}

export interface StreamState {
  /** Somebody said that it is to be a stream, and what kind. */
  readonly declared: boolean;
  readonly contentType: string;
  readonly ttlSeconds?: number | undefined;
  readonly expiresAt?: Expiry | undefined;
  readonly closed: boolean;
  /** The request that closed it, if it said which it was. */
  readonly closedBy?: ProducerClaim | undefined;
  readonly lastSeq?: string | undefined;
  /** Milliseconds since the epoch: when it was last used, as far as it was written down. */
  readonly usedAt: number;
  readonly forkedFrom?: ForkPoint | undefined;
  /** Topic ids. */
  readonly forks: readonly string[];
  readonly hidden: boolean;
  /** Some of what it inherits is still missing. */
  readonly unfinished: boolean;
}

export interface ProducerState {
  readonly epoch: number;
  /** The highest that was written in this epoch. */
  readonly seq: number;
}

export const streamKey = 'stream';

export function producerKey(producerId: string): string {
  return `producer/${producerId}`;
}

/** What a partition is as a stream that nobody made one of: Kafka's clients did. */
export const plainContentType = 'application/octet-stream';

export function newState(stream: NewStream, unfinished: boolean, now: number): StreamState {
  const { contentType, ttlSeconds, expiresAt, closed, forkedFrom } = stream;
  return {
    declared: true,
    contentType,
    ttlSeconds,
    expiresAt,
    closed,
    usedAt: now,
    forkedFrom,
    forks: [],
    hidden: false,
    unfinished,
  };
}

/** A partition that Kafka's clients made, once there is something to know of it as a stream. */
export function plainState(now: number): StreamState {
  return {
    declared: false,
    contentType: plainContentType,
    closed: false,
    usedAt: now,
    forks: [],
    hidden: false,
    unfinished: false,
  };
}

/** When the stream ends if nobody uses it any more; undefined: never. */
export function endOf(state: StreamState, usedAt: number): number | undefined {
  const { ttlSeconds, expiresAt } = state;
  if (expiresAt !== undefined) return expiresAt.at;
  return ttlSeconds === undefined ? undefined : usedAt + ttlSeconds * 1_000;
}

export function viewOf(state: StreamState | undefined, nextOffset: number): StreamView {
  if (state === undefined) return { contentType: plainContentType, closed: false, nextOffset };
  const { contentType, ttlSeconds, expiresAt, closed } = state;
  return { contentType, ttlSeconds, expiresAt, closed, nextOffset };
}

/** The type alone, without parameters: what has to agree. */
export function mediaType(contentType: string): string {
  return contentType.split(';')[0].trim().toLowerCase();
}

/** Whether a stream that is there is what is asked for. */
export function isSame(state: StreamState, asked: NewStream): boolean {
  return (
    mediaType(state.contentType) === mediaType(asked.contentType) &&
    state.ttlSeconds === asked.ttlSeconds &&
    state.expiresAt?.text === asked.expiresAt?.text &&
    state.closed === asked.closed &&
    (state.forkedFrom === undefined) === (asked.forkedFrom === undefined)
  );
}
