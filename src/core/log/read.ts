/**
 * Answers a Fetch of one partition: whole batches from the one that contains the offset on, as many
 * as fit. The surprise: rows hold several batches, so an answer may begin and end inside a row, but
 * never inside a batch.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { recordBatches } from '../../protocol/records/index.ts';
import type { ReadCommand, ReadReply } from './calls.ts';
import { checkLeaderEpoch } from './leader-epoch.ts';
import type { LogStore, RowHead } from './store.ts';

/**
 * What one answer holds at most, unless its first batch alone is larger: many answers share an
 * isolate's memory.
 */
export const largestReadBytes = 8 * 1024 * 1024;
/** Pieces smaller than this are joined: each piece costs the RPC more than copying it does. */
const smallPieceBytes = 128 * 1024;
/** Rows are looked up in growing numbers: few are needed where they are large. */
const firstRows = 8;
const mostRows = 1_024;

/** Where the log begins and ends for readers. */
export interface LogBounds {
  readonly logStartOffset: number;
  readonly highWatermark: number;
}

export function readLog(store: LogStore, bounds: LogBounds, command: ReadCommand): ReadReply {
  const epochError = checkLeaderEpoch(command.currentLeaderEpoch);
  if (epochError !== ErrorCode.NONE) return readRefused(epochError);
  const { fetchOffset } = command;
  if (fetchOffset < bounds.logStartOffset || fetchOffset > bounds.highWatermark) {
    return readRefused(ErrorCode.OFFSET_OUT_OF_RANGE);
  }
  const atEnd = fetchOffset === bounds.highWatermark;
  return {
    errorCode: ErrorCode.NONE,
    highWatermark: bounds.highWatermark,
    lastStableOffset: bounds.highWatermark,
    logStartOffset: bounds.logStartOffset,
    abortedTransactions: command.isolationLevel === 1 ? [] : null,
    records: atEnd ? [] : joinSmall(collect(store, command, bounds.highWatermark)),
  };
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

/** Views of stored batches, in order. */
function collect(store: LogStore, command: ReadCommand, highWatermark: number): Uint8Array[] {
  const limit = Math.min(command.maxBytes, largestReadBytes);
  const pieces: Uint8Array[] = [];
  let size = 0;
  let rows = firstRows;
  let heads: readonly RowHead[] = firstHeads(store, command.fetchOffset, highWatermark);
  while (heads.length > 0) {
    const chosen = choose(heads, limit - size);
    const last = chosen.at(-1)!;
    for (const [i, row] of store.data(chosen[0].baseOffset, last.baseOffset).entries()) {
      const mayExceed = pieces.length === 0 && command.minOneBatch;
      const whole = chosen[i].baseOffset >= command.fetchOffset && size + row.length <= limit;
      const { piece, complete } = whole
        ? { piece: row, complete: true }
        : take(row, command.fetchOffset, limit - size, mayExceed);
      if (piece.length > 0) pieces.push(piece);
      size += piece.length;
      if (!complete) return pieces;
    }
    if (size >= limit || last.nextOffset >= highWatermark) break;
    rows = Math.min(4 * rows, mostRows);
    heads = store.from(last.baseOffset + 1, rows);
  }
  return pieces;
}

function firstHeads(store: LogStore, fetchOffset: number, highWatermark: number): RowHead[] {
  const first = store.floor(fetchOffset);
  if (first === undefined) return [...store.from(fetchOffset, firstRows)];
  if (first.nextOffset >= highWatermark) return [first];
  return [first, ...store.from(first.baseOffset + 1, firstRows - 1)];
}

/**
 * As many rows as may be needed: those that begin before the room is used up, the first one in any
 * case.
 */
function choose(heads: readonly RowHead[], room: number): readonly RowHead[] {
  let count = 1;
  let size = heads[0].byteCount;
  while (count < heads.length && size < room) size += heads[count++].byteCount;
  return heads.slice(0, count);
}

/**
 * The batches of a row that end after the offset and fit; complete when none was left out at the
 * end.
 */
function take(
  row: Uint8Array,
  fetchOffset: number,
  room: number,
  mayExceed: boolean,
): { piece: Uint8Array; complete: boolean } {
  let at = 0;
  let start = -1;
  let end = 0;
  for (const batch of recordBatches(row)) {
    const next = at + batch.sizeInBytes;
    if (batch.nextOffset > fetchOffset) {
      if (start < 0) start = at;
      const first = start === at;
      if (next - start > room && !(first && mayExceed)) {
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
    if (small.length > 0) joined.push(concat(small));
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

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first.length === first.buffer.byteLength) return first;
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
