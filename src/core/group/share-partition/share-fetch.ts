/**
 * What a member of a share group is given of a partition. The surprise: no more of the log is read
 * than it may get, and what it may not see (aborted transactions, records that were compacted away)
 * is passed over at once, so that an answer without records means that there are none.
 */
import { concat } from '../../../bytes/writer.ts';
import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { type RecordBatch, recordBatches } from '../../../protocol/records/index.ts';
import type { AbortedInRead, PartitionCalls, ReadCommand, ReadReply } from '../../log/calls.ts';
import { same } from '../modern-group.ts';
import { acquire } from './acquire.ts';
import type { AcquiredRecords, ShareCalls, ShareFetchRoom, ShareSettings } from './calls.ts';
import { fetchOffset, inFlightCount, nextOffset, RecordState, type ShareState } from './state.ts';

/** The log the groups read. */
export interface ShareLog {
  readonly logStartOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  read(command: ReadCommand): ReadReply;
  listOffset(
    command: PartitionCalls['listOffset']['command'],
  ): PartitionCalls['listOffset']['reply'];
}

/** How often a call reads on over what nobody may see. */
const mostReads = 16;

/** A group that is new here. Throws OFFSET_NOT_AVAILABLE: it begins at a time without records. */
export function beginning(settings: ShareSettings, log: ShareLog, now: number): ShareState {
  return { startOffset: startOf(settings, log, now), settings: keptOf(settings), batches: [] };
}

function startOf({ offsetReset }: ShareSettings, log: ShareLog, now: number): number {
  if (offsetReset.from === 'earliest') return log.logStartOffset;
  if (offsetReset.from === 'latest') return log.highWatermark;
  const timestamp = now - offsetReset.durationMs;
  const { offset } = log.listOffset({ timestamp, currentLeaderEpoch: -1, isolationLevel: 0 });
  if (offset >= 0) return offset;
  const message = `Offset for timestamp ${timestamp} not found for this partition`;
  throw new KafkaError(ErrorCode.OFFSET_NOT_AVAILABLE, message);
}

/** The same state if the settings are the same. */
export function settingsKept(state: ShareState, settings: ShareSettings): ShareState {
  const kept = keptOf(settings);
  return same(state.settings, kept) ? state : { ...state, settings: kept };
}

function keptOf({ deliveryCountLimit, maxRecordLocks, isolationLevel }: ShareSettings) {
  return { deliveryCountLimit, maxRecordLocks, isolationLevel };
}

/** Where the log ends for the group. */
function endOf(state: ShareState, log: ShareLog): number {
  return state.settings.isolationLevel === 1 ? log.lastStableOffset : log.highWatermark;
}

/** Whether a member that asks now may be given records. */
export function isAcquirable(state: ShareState, log: ShareLog): boolean {
  const from = fetchOffset(state);
  return from !== undefined && from < endOf(state, log);
}

export interface Fetched {
  readonly state: ShareState;
  readonly acquired: readonly AcquiredRecords[];
  readonly records: readonly Uint8Array[];
  /** There may be more behind what was passed over. */
  readonly more: boolean;
}

/** Throws the code of a log that cannot be read. */
export function fetched(
  before: ShareState,
  command: ShareCalls['shareFetch']['command'],
  log: ShareLog,
  now: number,
): Fetched {
  const { memberId, connection = '', room, settings } = command;
  let state = before;
  for (let reads = 0; reads < mostReads; reads++) {
    const from = fetchOffset(state);
    if (room.maxRecords <= 0 || from === undefined || from >= endOf(state, log)) break;
    const { read, aborted } = readFor(state, from, room, log);
    if (read.length === 0 || isTooLittle(read, room)) break;
    const question = {
      memberId,
      connection,
      room,
      settings,
      fetchOffset: from,
      read,
      aborted,
      now,
    };
    const { acquired, ...after } = acquire(state, question);
    state = after.state;
    if (acquired.length > 0) {
      return { state, acquired, records: [recordsOf(read, acquired)], more: false };
    }
    if (fetchOffset(state) === from) break;
    if (reads === mostReads - 1) return { state, acquired, records: [], more: true };
  }
  return { state, acquired: [], records: [], more: false };
}

interface Read {
  readonly read: readonly RecordBatch[];
  readonly aborted: readonly AbortedInRead[];
}

/** No more than is wanted, which is counted from the first batch there is. */
function readFor(state: ShareState, from: number, room: ShareFetchRoom, log: ShareLog): Read {
  // Who waits for bytes wants to know how many there are.
  if (room.minBytes > 1) return readUpTo(state, from, undefined, room, log);
  const last = lastWanted(state, from, room.maxRecords);
  const found = readUpTo(state, from, last, room, log);
  const gap = (found.read.at(0)?.baseOffset ?? Number.POSITIVE_INFINITY) - from;
  if (gap <= 0) return found;
  return readUpTo(state, from, Number.isFinite(gap) ? last + gap : undefined, room, log);
}

function readUpTo(
  state: ShareState,
  from: number,
  upTo: number | undefined,
  { maxBytes, minOneBatch }: ShareFetchRoom,
  log: ShareLog,
): Read {
  const { errorCode, records, abortedTransactions } = log.read({
    fetchOffset: from,
    currentLeaderEpoch: -1,
    maxBytes,
    minOneBatch,
    isolationLevel: state.settings.isolationLevel,
    upTo,
  });
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
  const read = records.flatMap((piece) => [...recordBatches(piece)]);
  return { read, aborted: abortedTransactions ?? [] };
}

/** The last offset that so many records may reach to. */
function lastWanted(state: ShareState, from: number, maxRecords: number): number {
  let left = maxRecords;
  for (const { runs } of state.batches) {
    for (const run of runs) {
      if (run.state !== RecordState.AVAILABLE || run.lastOffset < from) continue;
      const first = Math.max(from, run.firstOffset);
      const count = run.lastOffset - first + 1;
      if (count >= left) return first + left - 1;
      left -= count;
    }
  }
  const room = Math.max(0, state.settings.maxRecordLocks - inFlightCount(state));
  return nextOffset(state) + Math.min(left, room) - 1;
}

function isTooLittle(read: readonly RecordBatch[], { minBytes, maxBytes }: ShareFetchRoom) {
  const bytes = read.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
  return bytes < Math.min(minBytes, maxBytes);
}

/** The batches that hold what was acquired, in a buffer of their own. */
function recordsOf(read: readonly RecordBatch[], acquired: readonly AcquiredRecords[]): Uint8Array {
  const { firstOffset } = acquired[0];
  const { lastOffset } = acquired.at(-1)!;
  const held = read.filter(
    (batch) => batch.lastOffset >= firstOffset && batch.baseOffset <= lastOffset,
  );
  const bytes = concat(held.map((batch) => batch.bytes));
  return held.length === 1 ? bytes.slice() : bytes;
}
