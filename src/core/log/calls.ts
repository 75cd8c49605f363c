/**
 * What can be asked of a partition, as plain data: one entry a call. The same shapes cross the RPC
 * to the object and drive the pure log in tests. Refusals are codes, never exceptions: no domain
 * error crosses an RPC.
 */

/** Which partition a caller believes it talks to. A partition opens itself on its first append. */
export interface PartitionSpec {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  /** The topic's own configs (Kafka names); what is absent has its default. */
  readonly configs: Readonly<Record<string, string>>;
  /** How often the configs were changed; absent: never. The higher version is the newer one. */
  readonly configsVersion?: number | undefined;
}

export interface AppendReply {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /**
   * Offset of the first record; -1 on refusal. For a duplicate of a known batch, its first offset.
   */
  readonly baseOffset: number;
  /** Milliseconds since the epoch with LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  readonly recordErrors: readonly { batchIndex: number; batchIndexErrorMessage: string | null }[];
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
}

export interface ReadReply {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly { producerId: number; firstOffset: number }[] | null;
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

export interface PartitionCalls {
  /** One or more record batches (magic 2), as the client sent them. */
  append: {
    command: { spec: PartitionSpec; records: Uint8Array };
    reply: AppendReply;
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
  /** The controller's word on the topic and its configs. Safe to repeat. */
  configure: { command: { spec: PartitionSpec }; reply: { errorCode: number } };
  describe: { command: Record<never, never>; reply: DescribeReply };
  /** The topic is gone: drops the log and refuses everything from now on. Safe to repeat. */
  drop: { command: Record<never, never>; reply: { errorCode: number } };
}
