/**
 * Answers a Fetch of one partition: whole batches from the one that contains the offset on, as many
 * as fit. The surprise: rows hold several batches, so an answer may begin and end inside a row, but
 * never inside a batch.
 */
import { concat } from '../../bytes/writer.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { recordBatches } from '../../protocol/records/index.ts';
import type { AbortedInRead, ReadCommand, ReadReply } from './calls.ts';
import { checkLeaderEpoch } from './leader-epoch.ts';
import type { LogStore, RowHead } from './store.ts';

/**
 * What one answer holds at most, unless its first batch alone is larger: many answers share an
 * isolate's memory.
 */
export const largestReadBytes = 8 * 1024 * 1024;
/** Pieces smaller than this are joined: each piece costs the RPC more than copying it does. */
const smallPieceBytes = 128 * 1024;
/** So much of a row must fit at least, but for the first. */
const leastShare = 1 / 8;
/**
 * Rows are looked up by as many as would fill the answer, if they are like the one before, and in
 * growing numbers, if they are not.
 */
const firstRows = 64;
const mostRows = 1_024;

/** Where the log begins and ends for readers. */
export interface LogBounds {
  readonly logStartOffset: number;
  readonly highWatermark: number;
  /** The end for those who read what is committed. */
  readonly lastStableOffset: number;
}

export function readLog(store: LogStore, bounds: LogBounds, command: ReadCommand): ReadReply {
  const epochError = checkLeaderEpoch(command.currentLeaderEpoch);
  if (epochError !== ErrorCode.NONE) return readRefused(epochError);
  const { fetchOffset } = command;
  if (fetchOffset > bounds.highWatermark) noticeReplacement(store);
  if (fetchOffset < bounds.logStartOffset || fetchOffset > bounds.highWatermark) {
    return readRefused(ErrorCode.OFFSET_OUT_OF_RANGE);
  }
  const committed = command.isolationLevel === 1;
  const last = committed ? bounds.lastStableOffset : bounds.highWatermark;
  const end = Math.min(last, (command.upTo ?? last) + 1);
  const mayHaveSome = fetchOffset < end && (command.minOneBatch || command.maxBytes > 0);
  const found = mayHaveSome ? collect(store, command, end) : { pieces: [], end: fetchOffset };
  return {
    errorCode: ErrorCode.NONE,
    ...bounds,
    abortedTransactions: committed ? abortedIn(store, fetchOffset, found.end) : null,
    records: joinSmall(found.pieces),
  };
}

/**
 * To be called before saying that an offset lies beyond the end: an instance that was replaced
 * knows an end of the past, and the platform throws it out when it touches storage.
 */
export function noticeReplacement(store: LogStore): void {
  store.state();
}

/**
 * The aborted transactions of which something may lie in [from, to), by their first offset: some
 * clients count on that order.
 */
function abortedIn(store: LogStore, from: number, to: number): AbortedInRead[] {
  const found: AbortedInRead[] = [];
  if (from >= to) return found;
  for (const { producerId, firstOffset, lastStableOffset } of store.abortedFrom(from)) {
    if (firstOffset < to) found.push({ producerId, firstOffset });
    if (lastStableOffset >= to) break;
  }
  return found.sort((a, b) => a.firstOffset - b.firstOffset);
}

/** Kafka's answer beside an error: it says nothing of the log. */
export function readRefused(errorCode: number): ReadReply {
  return {
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    records: [],
  };
}

interface Collected {
  /** Views of stored batches, in order. */
  readonly pieces: readonly Uint8Array[];
  /** One past the last offset they may reach to. */
  readonly end: number;
}

/** As many batches below the end as fit. */
function collect(store: LogStore, command: ReadCommand, end: number): Collected {
  const limit = Math.min(command.maxBytes, largestReadBytes);
  const pieces: Uint8Array[] = [];
  let size = 0;
  let rows = firstRows;
  let heads: readonly RowHead[] = firstHeads(store, command.fetchOffset, end, limit);
  let reached = command.fetchOffset;
  for (;;) {
    const chosen = choose(heads, pieces.length === 0, limit - size, end);
    if (chosen.length === 0) break;
    const last = chosen.at(-1)!;
    for (const [i, row] of store.data(chosen[0].baseOffset, last.baseOffset).entries()) {
      const mayExceed = pieces.length === 0 && command.minOneBatch;
      const head = chosen[i];
      const inside = head.baseOffset >= command.fetchOffset && head.nextOffset <= end;
      const whole = inside && size + row.length <= limit;
      const room = { bytes: limit - size, end, mayExceed };
      const { piece, complete } = whole
        ? { piece: row, complete: true }
        : take(row, command.fetchOffset, room);
      if (piece.length > 0) {
        pieces.push(piece);
        reached = Math.min(head.nextOffset, end);
      }
      size += piece.length;
      if (!complete) return { pieces, end: reached };
    }
    if (size >= limit || last.nextOffset >= end) break;
    heads = heads.slice(chosen.length);
    if (heads.length > 0) continue;
    rows = Math.min(4 * rows, mostRows);
    heads = store.from(last.baseOffset + 1, Math.min(rows, rowsLike(last, limit - size)));
  }
  return { pieces, end: reached };
}

function firstHeads(store: LogStore, fetchOffset: number, end: number, room: number): RowHead[] {
  const first = store.floor(fetchOffset) ?? store.from(fetchOffset, 1).at(0);
  if (first === undefined) return [];
  const left = room - first.byteCount;
  if (first.nextOffset >= end || left <= 0) return [first];
  return [first, ...store.from(first.baseOffset + 1, Math.min(firstRows, rowsLike(first, left)))];
}

/** How many rows there is room for. */
function rowsLike({ byteCount }: RowHead, room: number): number {
  return Math.ceil(room / byteCount);
}

interface Room {
  readonly bytes: number;
  /** Batches from here on stay out. */
  readonly end: number;
  /** The first batch is taken whatever its size. */
  readonly mayExceed: boolean;
}

/**
 * The rows worth reading. A row can only be read whole, so one of which hardly anything would fit
 * is left for the next answer, but for the first of all.
 */
function choose(heads: readonly RowHead[], isFirst: boolean, room: number, end: number) {
  let count = 0;
  let left = room;
  const isWorth = ({ baseOffset, byteCount }: RowHead) =>
    baseOffset < end && ((isFirst && count === 0) || left >= byteCount * leastShare);
  while (count < heads.length && isWorth(heads[count])) left -= heads[count++].byteCount;
  return heads.slice(0, count);
}

/**
 * The batches of a row that end after the offset and fit; complete when none was left out at the
 * end.
 */
function take(row: Uint8Array, fetchOffset: number, room: Room) {
  let at = 0;
  let start = -1;
  let end = 0;
  for (const batch of recordBatches(row)) {
    const next = at + batch.sizeInBytes;
    if (batch.nextOffset > fetchOffset) {
      if (start < 0) start = at;
      const fits = next - start <= room.bytes || (start === at && room.mayExceed);
      if (!fits || batch.baseOffset >= room.end) {
        return { piece: row.subarray(start, at), complete: false };
      }
      end = next;
    }
    at = next;
  }
  return { piece: start < 0 ? row.subarray(0, 0) : row.subarray(start, end), complete: true };
}

/**
 * The same bytes in fewer pieces, each with a buffer of its own size, for an RPC sends whole
 * buffers.
 */
function joinSmall(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const flush = () => {
    if (small.length > 0) joined.push(withOwnBuffer(concat(small)));
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length < smallPieceBytes || piece.length < piece.buffer.byteLength) small.push(piece);
    else {
      flush();
      joined.push(piece);
    }
  }
  flush();
  return joined;
}

function withOwnBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
}
