/**
 * Answers ListOffsets for one partition: the ends of the log, or the first record at or after a
 * moment. The surprise: time is searched over the log's own rows, since each knows the latest
 * timestamp up to it; no time index is written.
 *
 * Behaviour:
 * - -1 latest: the high watermark; -2 earliest and -4 earliest local: the log start offset; their
 *   timestamp is -1
 * - -3 (KIP-734): the first record with the latest timestamp; -1/-1 in a log without any
 * - -5 latest tiered (KIP-1005), -6 earliest pending upload (KIP-1023): -1/-1, there is no remote
 *   storage of segments
 * - a time after every record: -1/-1, no error
 * - for those who read what is committed, the log ends at the last stable offset: latest is there,
 *   and a record at or after it is not found
 */
import { decompress } from '../../bytes/compression.ts';
import { CompressionError } from '../../bytes/compression-error.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { decodeRecords, type RecordBatch, recordBatches } from '../../protocol/records/index.ts';
import type { PartitionCalls } from './calls.ts';
import { checkLeaderEpoch, leaderEpoch } from './leader-epoch.ts';
import { largestInflatedBytes } from './log-config.ts';
import type { LogBounds } from './read.ts';
import type { LogStore, RowHead } from './store.ts';

type Command = PartitionCalls['listOffset']['command'];
export type ListOffsetReply = PartitionCalls['listOffset']['reply'];

/** Kafka's special timestamps. */
const latest = -1;
const earliest = -2;
const maxTimestamp = -3;
const earliestLocal = -4;
const latestTiered = -5;
const earliestPendingUpload = -6;

const headsAtOnce = 256;

export function listOffset(store: LogStore, bounds: LogBounds, command: Command): ListOffsetReply {
  const epochError = checkLeaderEpoch(command.currentLeaderEpoch);
  if (epochError !== ErrorCode.NONE) return listOffsetRefused(epochError);
  const { highWatermark, lastStableOffset, logStartOffset } = bounds;
  const end = command.isolationLevel === 1 ? lastStableOffset : highWatermark;
  switch (command.timestamp) {
    case latest:
      return found(end, -1);
    case earliest:
    case earliestLocal:
      return found(logStartOffset, -1);
    case latestTiered:
    case earliestPendingUpload:
      return listOffsetRefused(ErrorCode.NONE);
    case maxTimestamp:
      return below(end, latestRecord(store, bounds));
    default:
      return below(end, firstRecordFrom(store, bounds, command.timestamp));
  }
}

/** What was found, unless it lies where this reader may not read yet. */
function below(end: number, reply: ListOffsetReply): ListOffsetReply {
  return reply.offset < end ? reply : listOffsetRefused(ErrorCode.NONE);
}

/** No offset: with an error, or because there is none to tell. */
export function listOffsetRefused(errorCode: number): ListOffsetReply {
  return { errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 };
}

function found(offset: number, timestamp: number): ListOffsetReply {
  return { errorCode: ErrorCode.NONE, timestamp, offset, leaderEpoch };
}

/**
 * Of the latest timestamp so far it is usually known where it is; when it is gone, rows say what
 * the latest is of those that are left. The records of every row are asked only where a row's
 * latest is below the log start, or of a batch that was emptied.
 */
function latestRecord(store: LogStore, bounds: LogBounds): ListOffsetReply {
  const last = store.floor(Number.MAX_SAFE_INTEGER);
  if (last === undefined || last.maxTimestampSoFar < 0) return listOffsetRefused(ErrorCode.NONE);
  const expected = firstRecordFrom(store, bounds, last.maxTimestampSoFar);
  if (expected.offset >= 0) return expected;
  let highest = -1;
  for (const head of headsFrom(store, 0)) highest = Math.max(highest, head.maxTimestamp);
  const left = firstRecordFrom(store, bounds, highest);
  if (left.offset >= 0) return left;
  let latest = listOffsetRefused(ErrorCode.NONE);
  for (const head of headsFrom(store, 0)) {
    if (head.maxTimestamp <= latest.timestamp) continue;
    for (const record of recordsFrom(store, head, bounds, latest.timestamp + 1)) {
      if (record.timestamp > latest.timestamp) latest = found(record.offset, record.timestamp);
    }
  }
  return latest;
}

function firstRecordFrom(store: LogStore, bounds: LogBounds, timestamp: number): ListOffsetReply {
  const row = firstRowFrom(store, timestamp);
  if (row === undefined) return listOffsetRefused(ErrorCode.NONE);
  // Usually this row; further on when it inherits its timestamp from rows that are gone, or the
  // record lies below the log start.
  for (const head of headsFrom(store, row.baseOffset)) {
    if (head.maxTimestamp < timestamp) continue;
    for (const { offset, timestamp: at } of recordsFrom(store, head, bounds, timestamp)) {
      return found(offset, at);
    }
  }
  return listOffsetRefused(ErrorCode.NONE);
}

/**
 * The first row with a record at or after the timestamp. Every other step looks where it would be
 * if records came evenly, which needs a few steps however long the log is; the steps between halve
 * what is left, so that no log needs many.
 */
function firstRowFrom(store: LogStore, timestamp: number): RowHead | undefined {
  let [before] = store.from(0, 1);
  let high = store.floor(Number.MAX_SAFE_INTEGER);
  if (before === undefined || high === undefined || high.maxTimestampSoFar < timestamp) {
    return undefined;
  }
  if (before.maxTimestampSoFar >= timestamp) return before;
  // The row begins at or after `low`, and no later than `high` does.
  let low = before.nextOffset;
  for (let even = true; low < high.baseOffset; even = !even) {
    const guess = even ? evenly(timestamp, before, high) : Math.floor((low + high.baseOffset) / 2);
    const at = Math.min(Math.max(guess, low), high.baseOffset - 1);
    const row = store.floor(at)!;
    if (row.maxTimestampSoFar >= timestamp) high = row;
    else {
      before = row;
      low = Math.max(row.nextOffset, at + 1);
    }
  }
  return high;
}

/** Where a moment would lie between a row that is before it and one that is not. */
function evenly(timestamp: number, before: RowHead, after: RowHead): number {
  const from = before.maxTimestampSoFar;
  const share = (timestamp - from) / (after.maxTimestampSoFar - from);
  return before.baseOffset + Math.floor(share * (after.baseOffset - before.baseOffset));
}

/** The rows from this offset on. */
function* headsFrom(store: LogStore, offset: number): Generator<RowHead> {
  let heads = store.from(offset, 1);
  while (heads.length > 0) {
    yield* heads;
    heads = store.from(heads.at(-1)!.baseOffset + 1, headsAtOnce);
  }
}

interface FoundRecord {
  readonly offset: number;
  readonly timestamp: number;
}

/** The records of a row at or after the log start and the timestamp. */
function* recordsFrom(
  store: LogStore,
  { baseOffset }: RowHead,
  { logStartOffset }: LogBounds,
  timestamp: number,
): Generator<FoundRecord> {
  for (const bytes of store.data(baseOffset, baseOffset)) {
    for (const batch of recordBatches(bytes)) {
      if (batch.maxTimestamp < timestamp || batch.lastOffset < logStartOffset) continue;
      if (batch.recordCount === 0) continue;
      for (const record of recordsIn(batch, logStartOffset)) {
        if (record.timestamp >= timestamp && record.offset >= logStartOffset) yield record;
      }
    }
  }
}

/** A batch that cannot be opened counts as one record. */
function recordsIn(batch: RecordBatch, logStartOffset: number): Iterable<FoundRecord> {
  const closed = {
    offset: Math.max(batch.baseOffset, logStartOffset),
    timestamp: batch.maxTimestamp,
  };
  try {
    const bytes = decompress(batch.codec, batch.recordBytes, largestInflatedBytes);
    return [...decodeRecords(batch, bytes)];
  } catch (error) {
    if (error instanceof CompressionError || error instanceof KafkaError) return [closed];
    throw error;
  }
}
