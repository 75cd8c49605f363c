/**
 * What share groups ask of a partition, as plain data. The surprise: what a group has read of a
 * partition is kept by the partition beside its log, and the group's configs come with each call,
 * so that no call needs another object.
 */

/** Where a group begins that the partition does not know. */
export type ShareOffsetReset =
  | { readonly from: 'earliest' }
  | { readonly from: 'latest' }
  /** So many milliseconds before now. */
  | { readonly from: 'duration'; readonly durationMs: number };

/** The configs of a share group that its partitions go by. */
export interface ShareSettings {
  readonly offsetReset: ShareOffsetReset;
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: number;
  readonly recordLockDurationMs: number;
  readonly maxRecordLocks: number;
  readonly deliveryCountLimit: number;
  readonly renewAcknowledgeEnable: boolean;
}

/** What becomes of records that a member holds. */
export interface AcknowledgementBatch {
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  /** One for all of them, or one each: 0 gap, 1 accept, 2 release, 3 reject, 4 renew. */
  readonly acknowledgeTypes: readonly number[];
}

/** Records that a member holds from now on. */
export interface AcquiredRecords {
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  readonly deliveryCount: number;
}

/** Who asks on whose behalf. */
export interface ShareMember {
  readonly groupId: string;
  readonly memberId: string;
}

/** How much a member would have. */
export interface ShareFetchRoom {
  /** Upper bound of bytes, but that with `minOneBatch` the first batch is whole. */
  readonly maxBytes: number;
  readonly minOneBatch: boolean;
  /** With less than this to be had nothing is acquired. */
  readonly minBytes: number;
  readonly maxRecords: number;
  /** What one entry of acquired records should have at most. */
  readonly batchSize: number;
  /** 0 batch_optimized: `maxRecords` may be exceeded by the last batch. 1 record_limit: never. */
  readonly acquireMode: number;
}

export interface ShareAcknowledgeReply {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface ShareFetchReply extends ShareAcknowledgeReply {
  /** What became of the acknowledgements that came along; NONE where there were none. */
  readonly acknowledgeErrorCode: number;
  readonly acknowledgeErrorMessage: string | null;
  /** Whole record batches; the member is to look at those it acquired only. */
  readonly records: readonly Uint8Array[];
  readonly acquired: readonly AcquiredRecords[];
  /**
   * Milliseconds since the epoch: the first moment at which more may be available though nothing
   * is announced; null: never.
   */
  readonly availableAt: number | null;
  /** Nothing was acquired though there are records: they did not fit, or had too few bytes. */
  readonly withheld: boolean;
  /** So many records are held that only those who let go of some help. */
  readonly full: boolean;
  /** Where the log ended for this answer; -1 beside an error. */
  readonly highWatermark: number;
  readonly lastStableOffset: number;
}

export interface ShareCalls {
  /**
   * Acknowledges first, then acquires what there is. GROUP_ID_NOT_FOUND: the partition does not
   * know the group, and it was not to begin.
   */
  shareFetch: {
    command: ShareMember & {
      readonly settings: ShareSettings;
      readonly acknowledgements: readonly AcknowledgementBatch[];
      readonly room: ShareFetchRoom;
      /** What it gets may be given back by the end of this connection. */
      readonly connection?: string;
      /** The member knows of nothing that it holds: that goes back first. */
      readonly isAnew?: boolean;
      /** The group's coordinator knows of this partition: the group begins if it is new here. */
      readonly begins?: boolean;
    };
    reply: ShareFetchReply;
  };
  shareAcknowledge: {
    command: ShareMember & {
      readonly settings: ShareSettings;
      readonly acknowledgements: readonly AcknowledgementBatch[];
    };
    reply: ShareAcknowledgeReply;
  };
  /**
   * The member is gone, or this connection of it: what it holds may be had by others. Safe to
   * repeat.
   */
  shareRelease: {
    command: ShareMember & { readonly connection?: string };
    reply: { errorCode: number };
  };
  /** What the group has read. */
  shareDescribe: {
    command: { readonly groupId: string };
    reply: {
      errorCode: number;
      /** -1: the partition does not know the group. */
      startOffset: number;
      leaderEpoch: number;
      /** How many records from the start offset on need no delivery any more. */
      deliveryCompleteCount: number;
      logStartOffset: number;
      highWatermark: number;
    };
  };
  /** The group begins anew at this offset, whatever it has read or holds. Safe to repeat. */
  shareAlter: {
    command: {
      readonly groupId: string;
      readonly startOffset: number;
      /** Leaves alone a group that the partition knows: for partitions that a topic gained. */
      readonly onlyIfNew?: boolean;
    };
    reply: { errorCode: number };
  };
  /** Forgets the group. Safe to repeat. */
  shareDelete: { command: { readonly groupId: string }; reply: { errorCode: number } };
}
