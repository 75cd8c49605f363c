/**
 * What can be asked of a partition as a durable stream, as plain data. The surprise: an append is
 * one call, and everything that decides whether it may be written (is the stream closed, who wrote
 * last, of which type is it) lies beside the log in the same object, so nothing can come between.
 */
import type { PartitionSpec, ReadReply } from '../log/calls.ts';

/** Says of one request of a writer which one it is, so that it is written once. */
export interface ProducerClaim {
  readonly producerId: string;
  readonly epoch: number;
  /** One for each request, from 0 on in every epoch. */
  readonly seq: number;
}

/** Where the records that a stream began with come from. */
export interface ForkPoint {
  /** The name of the source's topic. */
  readonly topic: string;
  /** The offset that was asked for, or the source's end; what was inherited lies below it. */
  readonly offset: number;
  /** How much of what follows was inherited too: messages of JSON, else bytes. */
  readonly subOffset: number;
}

/** When a stream ends, whoever uses it. */
export interface Expiry {
  /** RFC 3339, as it was given. */
  readonly text: string;
  /** The same in milliseconds since the epoch. */
  readonly at: number;
}

/** What a stream is created with. */
export interface NewStream {
  readonly contentType: string;
  /** How long it lives after it was last read or written. */
  readonly ttlSeconds?: number | undefined;
  readonly expiresAt?: Expiry | undefined;
  readonly closed: boolean;
  readonly forkedFrom?: ForkPoint | undefined;
}

/** What a stream is, as every answer tells it. */
export interface StreamView {
  readonly contentType: string;
  readonly ttlSeconds?: number | undefined;
  readonly expiresAt?: Expiry | undefined;
  readonly closed: boolean;
  /** One past the last record. */
  readonly nextOffset: number;
}

/**
 * - `unknown`: there is no such stream, or no longer
 * - `gone`: it was deleted, and its forks live
 * - `unfinished`: it is being forked
 */
export type StreamAbsence = 'unknown' | 'gone' | 'unfinished';

export type StreamCreation = 'created' | 'exists' | 'differs';

/**
 * - `duplicate`: it was written before
 * - `closed`: nothing may be written any more
 * - `otherType`: the stream has another content type
 * - `staleEpoch`, `epochBegins`, `gap`: the producer is not the newest of its id; a new epoch does
 *   not begin at 0; something before this one is missing
 * - `seqRegression`: the writer's own number does not grow
 * - `refused`: by the log, for a reason of Kafka's
 */
export type AppendVerdict =
  | 'appended'
  | 'duplicate'
  | 'closed'
  | 'otherType'
  | 'staleEpoch'
  | 'epochBegins'
  | 'gap'
  | 'seqRegression'
  | 'refused';

export interface StreamReply<Outcome> {
  /** UNKNOWN_TOPIC_OR_PARTITION beside `unknown`, so that a gateway looks again. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly outcome: Outcome | StreamAbsence;
  /** Undefined: there is none. */
  readonly stream?: StreamView | undefined;
}

export interface StreamAppendReply extends StreamReply<AppendVerdict> {
  /** What is known of the producer: its epoch, and the highest number written in it. */
  readonly producer?: { readonly epoch: number; readonly seq: number } | undefined;
}

export interface StreamReadReply extends ReadReply {
  readonly outcome: 'read' | StreamAbsence;
  readonly stream?: StreamView | undefined;
  /** Where it was read from. */
  readonly offset: number;
}

export interface StreamCalls {
  /** Makes a stream of the partition; with records that it begins with. */
  streamCreate: {
    command: {
      spec: PartitionSpec;
      stream: NewStream;
      records: Uint8Array | null;
      /** Of a fork: the offset of its first record. The records come with `streamCopy`. */
      startOffset?: number | undefined;
    };
    reply: StreamReply<StreamCreation | 'refused'>;
  };
  /** Writes the records, and closes the stream behind them. Without records it only closes. */
  streamAppend: {
    command: {
      spec: PartitionSpec;
      records: Uint8Array | null;
      /** Null: nobody says, as where nothing is written. */
      contentType: string | null;
      /** The writer's own number: it grows, as text does. */
      seq?: string | undefined;
      producer?: ProducerClaim | undefined;
      close: boolean;
    };
    reply: StreamAppendReply;
  };
  /**
   * Records that a fork inherits, as whole batches with the offsets they have, up to `nextOffset`;
   * at the last, what the fork itself begins with.
   */
  streamCopy: {
    command: {
      spec: PartitionSpec;
      batches: Uint8Array;
      nextOffset: number;
      finish?: { readonly records: Uint8Array | null } | undefined;
    };
    reply: StreamReply<'copied' | 'refused'>;
  };
  /** Committed records, and what the stream is. Reading keeps it alive. */
  streamRead: {
    command: {
      from: number | 'start' | 'now';
      /** But the first batch is whole. 0: none are wanted. */
      maxBytes: number;
    };
    reply: StreamReadReply;
  };
  /** What the stream is. Asking does not keep it alive. */
  streamDescribe: {
    command: Record<never, never>;
    reply: StreamReply<'described' | 'refused'> & {
      /** By topic id: the forks it has, or had. */
      readonly forks: readonly string[];
      readonly forkedFrom?: ForkPoint | undefined;
      /** Somebody made a stream of it; else Kafka's clients made it. */
      readonly declared: boolean;
      readonly logStartOffset: number;
    };
  };
  /** Remembers a fork, whose topic there is already, and forgets those that are no more. */
  streamForks: {
    command: { add?: string | undefined; remove: readonly string[] };
    reply: StreamReply<'noted' | 'refused'>;
  };
  /** Nobody may read or write it any more; its name stays taken while its forks live. */
  streamHide: { command: Record<never, never>; reply: StreamReply<'hidden' | 'refused'> };
}
