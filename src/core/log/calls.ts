/**
 * What can be asked of a partition, as plain data: one entry a call. The same shapes cross the RPC
 * to the object and drive the pure log in tests. Refusals are codes, never exceptions: no domain
 * error crosses an RPC.
 */
import type { ShareCalls } from '../group/share-partition/calls.ts';
import type { StreamCalls } from '../stream/calls.ts';
import type { TransactionMarker } from '../transaction-marker.ts';
import type { WaitingReader } from './store.ts';

/** Which partition a caller believes it talks to. A partition opens itself on its first append. */
export interface PartitionSpec {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  /** The configs that hold for the topic (Kafka names); what is absent has its default. */
  readonly configs: Readonly<Record<string, string>>;
  /** How often the configs were changed; absent: never. The higher version is the newer one. */
  readonly configsVersion?: number | undefined;
}

/** One or more record batches (magic 2), as the client sent them. */
export interface Append {
  readonly records: Uint8Array;
  /** Whose transaction the batches belong to, if they are transactional. */
  readonly transactionalId?: string | undefined;
  /** The producer takes it that writing makes the partition a part of its transaction. */
  readonly addsPartition?: boolean | undefined;
}

/** One of several that are handed over together. */
export interface AppendPart extends Omit<Append, 'records'> {
  readonly byteCount: number;
}

/** Most say as little as can be: every field takes its time on the way. */
export interface AppendReply {
  readonly errorCode: number;
  /** Absent: there is nothing to say. */
  readonly errorMessage?: string | null;
  /**
   * Offset of the first record; -1 on refusal. For a duplicate of a known batch, its first offset.
   */
  readonly baseOffset: number;
  /** Milliseconds since the epoch with LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** Absent: none. */
  readonly recordErrors?: readonly { batchIndex: number; batchIndexErrorMessage: string | null }[];
}

export interface ReadCommand {
  readonly fetchOffset: number;
  /** -1: no check. */
  readonly currentLeaderEpoch: number;
  /**
   * Upper bound of bytes returned, except that with `minOneBatch` the first batch is whole whatever
   * its size.
   */
  readonly maxBytes: number;
  readonly minOneBatch: boolean;
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: number;
  /** Batches that begin beyond this offset are not wanted. */
  readonly upTo?: number | undefined;
}

/** Records of this producer from this offset on to its next marker are not to be seen. */
export interface AbortedInRead {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface ReadReply {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** By first offset; null: everything is to be seen. */
  readonly abortedTransactions: readonly AbortedInRead[] | null;
  /**
   * Whole record batches, first one containing fetchOffset or the next after it; pieces in order,
   * to be joined.
   */
  readonly records: readonly Uint8Array[];
}

export interface DescribeReply {
  readonly errorCode: number;
  /** Bytes of all stored record batches; -1 beside an error, like the offsets. */
  readonly sizeInBytes: number;
  readonly logStartOffset: number;
  readonly highWatermark: number;
}

/** A producer the log knows, as DescribeProducers gives it. */
export interface ProducerDescription {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1: none since its last transaction ended, or ever. */
  readonly lastSequence: number;
  /** Milliseconds since the epoch. */
  readonly lastTimestamp: number;
  /** -1: no transaction of it ever ended here. */
  readonly coordinatorEpoch: number;
  /** -1: no transaction of it is open here. */
  readonly currentTxnStartOffset: number;
}

export interface PartitionCalls extends ShareCalls, StreamCalls {
  /** As `Append` says. */
  append: { command: Append & { readonly spec: PartitionSpec }; reply: AppendReply };
  /**
   * Several appends, in order, whose records lie one after the other. Each is taken or refused by
   * itself. Their bytes are handed over: they may be written into.
   */
  appendAll: {
    command: {
      readonly spec: PartitionSpec;
      readonly records: Uint8Array;
      readonly appends: readonly AppendPart[];
    };
    /** One for each. */
    reply: { readonly replies: readonly AppendReply[] };
  };
  /**
   * How a transaction ended: from now on readers see its records, or never. Safe to repeat. A
   * partition nobody wrote to yet takes it as well.
   */
  writeMarker: {
    command: { marker: TransactionMarker };
    reply: { errorCode: number };
  };
  describeProducers: {
    command: Record<never, never>;
    reply: { errorCode: number; producers: readonly ProducerDescription[] };
  };
  read: { command: ReadCommand; reply: ReadReply };
  /**
   * `timestamp` is milliseconds or one of Kafka's special values (-1 latest, -2 earliest, -3 max
   * timestamp …).
   */
  listOffset: {
    command: { timestamp: number; currentLeaderEpoch: number; isolationLevel: number };
    reply: { errorCode: number; timestamp: number; offset: number; leaderEpoch: number };
  };
  /**
   * Moves the log start to `offset` (-1: the high watermark), never back; what lies below it is
   * gone for readers.
   */
  deleteRecords: {
    command: { spec: PartitionSpec; offset: number };
    /** `lowWatermark` is the log start offset; -1 on refusal. */
    reply: { errorCode: number; lowWatermark: number };
  };
  /**
   * Has a reader woken once what is committed reaches beyond an offset. Where it already does,
   * the reader is told so and does not wait. Safe to repeat.
   */
  awaitGrowth: {
    command: WaitingReader;
    reply: { errorCode: number; isWaiting: boolean; lastStableOffset: number };
  };
  /** The controller's word on the topic and its configs. Safe to repeat. */
  configure: { command: { spec: PartitionSpec }; reply: { errorCode: number } };
  describe: { command: Record<never, never>; reply: DescribeReply };
  /** The topic is gone: drops the log and refuses everything from now on. Safe to repeat. */
  drop: { command: Record<never, never>; reply: { errorCode: number } };
}
