/**
 * What a Fetch answers for one partition, as the records a reader is to see. The surprise: batches
 * come as they are stored, so the first may begin before the offset asked for, and with
 * read_committed a reader leaves out by itself what the answer says was aborted.
 */
import { concat } from '../../bytes/writer.ts';
import type { FetchResponse } from '../../protocol/apis/fetch.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import {
  ControlType,
  controlType,
  type DecodedRecord,
  decodeRecords,
  type RecordBatch,
  recordBatches,
} from '../../protocol/records/index.ts';
import { openedRecords } from '../compression.ts';

type Answer = Pick<
  FetchResponse['responses'][number]['partitions'][number],
  'records' | 'abortedTransactions'
>;

export interface Fetched {
  readonly records: readonly DecodedRecord[];
  /** Where to read on: behind what was left out, too. */
  readonly nextOffset: number;
}

/** The records from `offset` on. Throws KafkaError for what cannot be read. */
export async function recordsOf(answer: Answer, offset: number): Promise<Fetched> {
  const records: DecodedRecord[] = [];
  let nextOffset = offset;
  const aborted = new AbortedProducers(answer.abortedTransactions ?? []);
  for (const batch of recordBatches(concat(answer.records ?? []))) {
    if (batch.lastOffset < offset) continue;
    if (!batch.isValid) throw new KafkaError(ErrorCode.CORRUPT_MESSAGE);
    nextOffset = batch.nextOffset;
    if (aborted.hide(batch)) continue;
    for (const record of decodeRecords(batch, await openedRecords(batch))) {
      if (record.offset >= offset) records.push(record);
    }
  }
  return { records, nextOffset };
}

/** Those whose transaction, at this place of the log, was aborted in the end. */
export class AbortedProducers {
  /** By the first offset of the transaction. */
  readonly #transactions: { readonly producerId: number; readonly firstOffset: number }[];
  readonly #producers = new Set<number>();

  constructor(transactions: readonly { producerId: number; firstOffset: number }[]) {
    this.#transactions = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether nobody is to see this batch, which follows those asked about before. */
  hide(batch: RecordBatch): boolean {
    while (this.#transactions.length > 0 && this.#transactions[0].firstOffset <= batch.lastOffset) {
      this.#producers.add(this.#transactions.shift()!.producerId);
    }
    if (batch.isControl) {
      if (isAbort(batch)) this.#producers.delete(batch.producerId);
      return true;
    }
    return batch.isTransactional && this.#producers.has(batch.producerId);
  }
}

function isAbort(batch: RecordBatch): boolean {
  const [marker] = decodeRecords(batch);
  return marker !== undefined && controlType(marker.key) === ControlType.ABORT;
}
