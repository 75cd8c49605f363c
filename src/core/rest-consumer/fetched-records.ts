/**
 * The records inside what a partition answered to Fetch, as a consumer sees them. The surprise:
 * what comes back may begin before the offset asked for, holds markers that are nobody's records
 * and, when only committed records are wanted, those of aborted transactions, which the reader
 * must pass over.
 */
import { CompressionError, decompress } from '../../bytes/compression.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import {
  ControlType,
  controlType,
  type DecodedRecord,
  decodeRecords,
  type RecordBatch,
  recordBatches,
} from '../../protocol/records/index.ts';

export interface Fetched {
  /** Whole batches. */
  readonly records: Uint8Array;
  readonly fetchOffset: number;
  /** Null: every record counts (read_uncommitted). */
  readonly abortedTransactions:
    | readonly { readonly producerId: number; readonly firstOffset: number }[]
    | null;
}

/** One step through what was fetched: perhaps a record, and where to read on after it. */
export interface Step {
  readonly record: DecodedRecord | null;
  readonly nextOffset: number;
}

/** What one batch may hold once decompressed: an isolate has 128 MB for everything. */
const maxBatchBytes = 32 * 1024 * 1024;

/** Throws KafkaError for a batch that cannot be read. */
export function* fetchedRecords(fetched: Fetched): Generator<Step> {
  const aborted = [...(fetched.abortedTransactions ?? [])].sort(
    (a, b) => a.firstOffset - b.firstOffset,
  );
  const abortedProducers = new Set<number>();
  for (const batch of recordBatches(fetched.records)) {
    if (batch.lastOffset < fetched.fetchOffset) continue;
    while (aborted.length > 0 && aborted[0].firstOffset <= batch.lastOffset) {
      abortedProducers.add(aborted.shift()!.producerId);
    }
    if (batch.isControl) {
      if (endsAbort(batch)) abortedProducers.delete(batch.producerId);
    } else if (!(batch.isTransactional && abortedProducers.has(batch.producerId))) {
      for (const record of decodeRecords(batch, plainRecords(batch))) {
        if (record.offset < fetched.fetchOffset) continue;
        yield { record, nextOffset: record.offset + 1 };
      }
    }
    // Offsets that compaction left empty, or that a marker takes, are behind us too.
    yield { record: null, nextOffset: batch.nextOffset };
  }
}

function plainRecords(batch: RecordBatch): Uint8Array {
  try {
    return decompress(batch.codec, batch.recordBytes, maxBatchBytes);
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    const code =
      error.reason === 'too large' ? ErrorCode.MESSAGE_TOO_LARGE : ErrorCode.CORRUPT_MESSAGE;
    throw new KafkaError(code, `the batch at offset ${batch.baseOffset}: ${error.message}`);
  }
}

function endsAbort(batch: RecordBatch): boolean {
  for (const { key } of decodeRecords(batch)) return controlType(key) === ControlType.ABORT;
  return false;
}
