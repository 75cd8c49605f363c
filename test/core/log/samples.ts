/** Appends and reads for tests of a partition's log. */
import type {
  AppendReply,
  PartitionCalls,
  PartitionSpec,
  ReadCommand,
} from '../../../src/core/log/calls.ts';
import type { LogSettings } from '../../../src/core/log/partition-log.ts';
import type { BatchOptions, NewRecord } from '../../../src/protocol/records/index.ts';
import { buildBatch, decodeRecords, recordBatches } from '../../../src/protocol/records/index.ts';

export const startOfTime = 1_750_000_000_000;

export const settings: LogSettings = {
  messageMaxBytes: 1_048_588,
  producerIdExpirationMs: 86_400_000,
};

export function spec(configs: Record<string, string> = {}): PartitionSpec {
  return { topicId: 'AAAAAAAAAAAAAAAAAAAAAA', topic: 'orders', partition: 0, configs };
}

/** Records with these values, all of one time. */
export function records(values: readonly string[], timestamp = startOfTime): NewRecord[] {
  return values.map((value) => {
    return { key: utf8.encode('key'), value: utf8.encode(value), timestamp };
  });
}

export function batch(values: readonly string[], options: BatchOptions = {}): Uint8Array {
  return buildBatch(records(values), options);
}

/** One batch of an idempotent producer. */
export function sequenced(
  producerId: number,
  producerEpoch: number,
  baseSequence: number,
  values: readonly string[] = ['v'],
): Uint8Array {
  return batch(values, { producerId, producerEpoch, baseSequence });
}

/** One batch of a transaction. */
export function transactional(
  producerId: number,
  producerEpoch: number,
  baseSequence: number,
  values: readonly string[] = ['v'],
): Uint8Array {
  return batch(values, { producerId, producerEpoch, baseSequence, isTransactional: true });
}

/** The end of a transaction. */
export function marker(
  producerId: number,
  producerEpoch: number,
  transactionNumber: number | undefined,
  committed = true,
): PartitionCalls['writeMarker']['command'] {
  const producer = { producerId, producerEpoch, coordinatorEpoch: 0 };
  return { marker: { ...producer, committed, transactionNumber } };
}

export function append(
  bytes: Uint8Array,
  configs: Record<string, string> = {},
): PartitionCalls['append']['command'] {
  return { spec: spec(configs), records: bytes };
}

export function read(fetchOffset: number, options: Partial<ReadCommand> = {}): ReadCommand {
  return {
    fetchOffset,
    currentLeaderEpoch: -1,
    maxBytes: 1_048_576,
    minOneBatch: true,
    isolationLevel: 0,
    ...options,
  };
}

export function list(timestamp: number, currentLeaderEpoch = -1) {
  return { timestamp, currentLeaderEpoch, isolationLevel: 0 };
}

/** Offset and value of every record in an answer. */
export function valuesOf(pieces: readonly Uint8Array[]): [number, string][] {
  return batchesOf(pieces).flatMap((found) =>
    [...decodeRecords(found)].map(({ offset, value }): [number, string] => [
      offset,
      text.decode(value!),
    ]),
  );
}

/** The batches of an answer; its bytes must be whole batches. */
export function batchesOf(pieces: readonly Uint8Array[]) {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  const batches = [...recordBatches(bytes)];
  const size = batches.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
  if (size !== bytes.length) throw new Error(`${bytes.length - size} bytes are no whole batch`);
  if (batches.some(({ isValid }) => !isValid)) throw new Error('a batch is damaged');
  return batches;
}

/** The base offset of an append that must have gone well. */
export function offsetOf(reply: AppendReply): number {
  if (reply.errorCode !== 0) throw new Error(`refused: ${reply.errorCode} ${reply.errorMessage}`);
  return reply.baseOffset;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();
