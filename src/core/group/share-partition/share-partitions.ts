/**
 * The share groups of one partition: what they ask, decided over the partition's log and kept
 * beside it. The surprises: a group's whole state is one row, written anew by a call that changed
 * it; and locks end by themselves, for every call looks first which have ended by then.
 */
import { ErrorCode, errorInfo, KafkaError } from '../../../protocol/errors.ts';
import { leaderEpoch } from '../../log/leader-epoch.ts';
import { acknowledge } from './acknowledge.ts';
import type { ShareAcknowledgeReply, ShareCalls } from './calls.ts';
import { decodeShareState, encodeShareState } from './codec.ts';
import { shareDescribeRefused, shareFetchRefused } from './replies.ts';
import { beginning, fetched, isAcquirable, type ShareLog, settingsKept } from './share-fetch.ts';
import {
  deliveryCompleteCount,
  firstLockEnd,
  isFull,
  type ShareState,
  startingAt,
  withoutEndedLocks,
  withoutLocksOf,
} from './state.ts';

/** Where the states are kept. */
export interface ShareStore {
  /** The topic is gone, and everything with it. */
  readonly dropped: boolean;
  shareState(groupId: string): Uint8Array | undefined;
  /** Undefined: the group is forgotten. */
  keepShareState(groupId: string, state: Uint8Array | undefined): void;
}

/** The states of so many groups are held in memory. */
const mostHeld = 100;

const good: ShareAcknowledgeReply = { errorCode: ErrorCode.NONE, errorMessage: null };

export class SharePartitions {
  readonly #store: ShareStore;
  readonly #log: ShareLog;
  readonly #announce: (groupId: string) => void;
  readonly #held = new Map<string, ShareState>();

  /** @param announce tells those who wait that there may be records for this group */
  constructor(store: ShareStore, log: ShareLog, announce: (groupId: string) => void) {
    this.#store = store;
    this.#log = log;
    this.#announce = announce;
  }

  acquire(command: ShareCalls['shareFetch']['command'], now: number) {
    if (this.#store.dropped) return shareFetchRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const { groupId, memberId, settings, isAnew = false, begins = false } = command;
    const before = this.#load(groupId);
    const held = isAnew ? before && withoutLocksOf(this.#asOf(before, now), memberId) : before;
    const acknowledged = this.#acknowledged(held, command, now);
    if (before === undefined && !begins) {
      return { ...shareFetchRefused(ErrorCode.GROUP_ID_NOT_FOUND), ...acknowledged.reply };
    }
    try {
      const state = acknowledged.state ?? beginning(settings, this.#log, now);
      const found = fetched(settingsKept(state, settings), command, this.#log, now);
      this.#keep(groupId, before, found.state);
      const lockEnd = found.more ? now : (firstLockEnd(found.state) ?? null);
      return {
        ...good,
        ...acknowledged.reply,
        records: found.records,
        acquired: found.acquired,
        availableAt: found.acquired.length > 0 ? null : lockEnd,
        withheld: found.acquired.length === 0 && isAcquirable(found.state, this.#log),
        full: isFull(found.state),
        highWatermark: this.#log.highWatermark,
        lastStableOffset: this.#log.lastStableOffset,
      };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.#keep(groupId, before, acknowledged.state);
      return { ...shareFetchRefused(error.code, error.message), ...acknowledged.reply };
    }
  }

  /** The state after what came along with a fetch, and what is said to it. */
  #acknowledged(
    before: ShareState | undefined,
    command: ShareCalls['shareFetch']['command'],
    now: number,
  ) {
    const { errorCode, errorMessage, state } = this.#acknowledge(before, command, now);
    const reply = { acknowledgeErrorCode: errorCode, acknowledgeErrorMessage: errorMessage };
    return { state, reply };
  }

  #acknowledge(
    before: ShareState | undefined,
    command: ShareCalls['shareAcknowledge']['command'],
    now: number,
  ): ShareAcknowledgeReply & { readonly state: ShareState | undefined } {
    const state = before && this.#asOf(before, now);
    if (command.acknowledgements.length === 0) return { ...good, state };
    if (state === undefined) return { ...unknownPartition(), state };
    try {
      return { ...good, state: acknowledge(state, { ...command, now }) };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { errorCode: error.code, errorMessage: error.message, state };
    }
  }

  acknowledge(
    command: ShareCalls['shareAcknowledge']['command'],
    now: number,
  ): ShareAcknowledgeReply {
    if (this.#store.dropped) return unknownPartition();
    const before = this.#load(command.groupId);
    const { state, ...reply } = this.#acknowledge(before, command, now);
    this.#keep(command.groupId, before, state);
    return reply;
  }

  release(command: ShareCalls['shareRelease']['command'], now: number) {
    const { groupId, memberId, connection } = command;
    const before = this.#store.dropped ? undefined : this.#load(groupId);
    if (before !== undefined) {
      const state = withoutLocksOf(this.#asOf(before, now), memberId, connection);
      this.#keep(groupId, before, state);
    }
    return { errorCode: ErrorCode.NONE };
  }

  describe({ groupId }: ShareCalls['shareDescribe']['command'], now: number) {
    if (this.#store.dropped) return shareDescribeRefused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const { logStartOffset, highWatermark } = this.#log;
    const before = this.#load(groupId);
    const state = before && this.#asOf(before, now);
    return {
      errorCode: ErrorCode.NONE,
      startOffset: state?.startOffset ?? -1,
      leaderEpoch,
      deliveryCompleteCount: state === undefined ? -1 : deliveryCompleteCount(state),
      logStartOffset,
      highWatermark,
    };
  }

  alter({ groupId, startOffset, onlyIfNew }: ShareCalls['shareAlter']['command']) {
    if (this.#store.dropped) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    const before = this.#load(groupId);
    if (before !== undefined && onlyIfNew) return { errorCode: ErrorCode.NONE };
    const settings = before?.settings ?? unknownSettings;
    const start = Math.min(Math.max(startOffset, 0), largestOffset);
    this.#keep(groupId, before, { startOffset: start, settings, batches: [] });
    return { errorCode: ErrorCode.NONE };
  }

  delete({ groupId }: ShareCalls['shareDelete']['command']) {
    if (!this.#store.dropped && this.#load(groupId) !== undefined) {
      this.#store.keepShareState(groupId, undefined);
      this.#held.delete(groupId);
    }
    return { errorCode: ErrorCode.NONE };
  }

  /** As time and the log have changed it. */
  #asOf(state: ShareState, now: number): ShareState {
    return startingAt(withoutEndedLocks(state, now), this.#log.logStartOffset);
  }

  #load(groupId: string): ShareState | undefined {
    const held = this.#held.get(groupId);
    if (held !== undefined) return held;
    const bytes = this.#store.shareState(groupId);
    if (bytes === undefined) return undefined;
    const state = decodeShareState(bytes);
    this.#hold(groupId, state);
    return state;
  }

  #hold(groupId: string, state: ShareState): void {
    this.#held.delete(groupId);
    this.#held.set(groupId, state);
    if (this.#held.size > mostHeld) this.#held.delete(this.#held.keys().next().value!);
  }

  #keep(groupId: string, before: ShareState | undefined, state: ShareState | undefined): void {
    if (state === undefined || state === before) return;
    this.#store.keepShareState(groupId, encodeShareState(state));
    this.#hold(groupId, state);
    if (this.#isNews(before, state)) this.#announce(groupId);
  }

  /** Whether there are records that there were not, or room for those that will come. */
  #isNews(before: ShareState | undefined, state: ShareState): boolean {
    const wasAcquirable = before !== undefined && isAcquirable(before, this.#log);
    if (!wasAcquirable && isAcquirable(state, this.#log)) return true;
    return before !== undefined && isFull(before) && !isFull(state);
  }
}

/** No log reaches it; requests may name others. */
const largestOffset = Number.MAX_SAFE_INTEGER;

/** Of a group that never asked: it says what holds when it asks. */
const unknownSettings = { deliveryCountLimit: 5, maxRecordLocks: 2_000, isolationLevel: 0 };

/** The group has nothing to acknowledge here, or the topic is gone. */
function unknownPartition(): ShareAcknowledgeReply {
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { errorCode, errorMessage: errorInfo(errorCode).message };
}
