/**
 * Fetching for a reader over HTTP: from partitions and positions to records in a dialect's form.
 * The surprise: an answer is cut at the reader's `max_bytes` or before a record that cannot be
 * read, but its first record always comes, or its error: who cannot get past a record must learn
 * which one it is.
 */

import { ZERO_UUID } from '../../bytes/uuid.ts';
import { concat } from '../../bytes/writer.ts';
import { fetchedRecords } from '../../core/rest-consumer/fetched-records.ts';
import type { PartitionOffset } from '../../core/rest-consumer/state.ts';
import { type FetchResponse, fetch } from '../../protocol/apis/fetch.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import type { DecodedRecord } from '../../protocol/records/index.ts';
import { fromKafka, HttpError } from './errors.ts';
import type { Kafka } from './kafka.ts';

/** What one answer holds at most, as keys and values. It is all in memory, several times over. */
export const maxAnswerBytes = 8 * 1024 * 1024;

/** How a dialect writes a record down. Throws for one that it has no way to write. */
export type Form<T> = (topic: string, partition: number, record: DecodedRecord) => T;

export interface FetchFailure extends PartitionOffset {
  readonly errorCode: number;
}

export interface Consumed<T> {
  readonly records: readonly T[];
  /** Keys and values, before they were written down. */
  readonly bytes: number;
  /** Where to read on in every partition that moved. */
  readonly positions: readonly PartitionOffset[];
  /** With the offset that was asked for. */
  readonly errors: readonly FetchFailure[];
}

export interface FetchOptions<T> {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Default: as many as there is room for. */
  readonly maxRecords?: number;
  readonly isolationLevel: number;
  readonly form: Form<T>;
}

/** The newest version that knows topics by name. */
const fetchByName = 12;
/** Java's `max.partition.fetch.bytes`. */
const maxPartitionBytes = 1_048_576;

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

export async function fetchRecords<T>(
  kafka: Kafka,
  wanted: readonly PartitionOffset[],
  options: FetchOptions<T>,
): Promise<Consumed<T>> {
  const maxBytes = Math.min(options.maxBytes, maxAnswerBytes);
  const response = await kafka.call(
    fetch,
    {
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs: options.maxWaitMs,
      minBytes: options.minBytes,
      maxBytes,
      isolationLevel: options.isolationLevel,
      sessionId: 0,
      sessionEpoch: -1,
      topics: wanted.map(({ topic, partition, offset }) => ({
        topic,
        topicId: ZERO_UUID,
        partitions: [
          {
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: offset,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: Math.min(maxBytes, maxPartitionBytes),
            replicaDirectoryId: ZERO_UUID,
          },
        ],
      })),
      forgottenTopicsData: [],
      rackId: '',
    },
    fetchByName,
  );
  if (response.errorCode !== ErrorCode.NONE) throw new KafkaError(response.errorCode);
  const answers = new Map(
    response.responses.flatMap(({ topic, partitions }) =>
      partitions.map((one) => [`${topic}/${one.partitionIndex}`, one]),
    ),
  );
  const reading = new Reading({ ...options, maxBytes });
  // In our order: what does not exist is answered after everything else.
  for (const one of wanted) {
    // There is none of any partition where a quota is used up.
    const answer = answers.get(`${one.topic}/${one.partition}`);
    if (answer !== undefined) reading.read(one, answer);
  }
  return reading;
}

/** Where no partition may fail: throws what the first one answered in the place of records. */
export function checkFetched([failure]: readonly FetchFailure[]): void {
  if (failure === undefined) return;
  const { topic, partition, offset, errorCode } = failure;
  if (errorCode !== ErrorCode.OFFSET_OUT_OF_RANGE) throw fromKafka(errorCode);
  const { httpStatus, message } = errorInfo(errorCode);
  const which = `There is no offset ${offset} in ${topic}-${partition}.`;
  throw new HttpError(httpStatus, httpStatus, `${message} ${which}`);
}

/** Reads what was asked for in its order, until the answer is full. */
class Reading<T> implements Consumed<T> {
  readonly records: T[] = [];
  readonly positions: PartitionOffset[] = [];
  readonly errors: FetchFailure[] = [];
  bytes = 0;
  #full = false;
  readonly #options: FetchOptions<T>;

  constructor(options: FetchOptions<T>) {
    this.#options = options;
  }

  read({ topic, partition, offset }: PartitionOffset, answer: PartitionAnswer): void {
    const { errorCode, abortedTransactions } = answer;
    if (errorCode !== ErrorCode.NONE) {
      this.errors.push({ topic, partition, offset, errorCode });
      return;
    }
    const records = concat([...(answer.records ?? [])]);
    let position = offset;
    try {
      for (const step of fetchedRecords({ records, fetchOffset: offset, abortedTransactions })) {
        if (step.record && !this.#add(topic, partition, step.record)) break;
        position = step.nextOffset;
      }
    } catch (error) {
      if (this.records.length === 0) throw error;
      this.#full = true;
    }
    if (position !== offset) this.positions.push({ topic, partition, offset: position });
  }

  /** False: there is no room for it. */
  #add(topic: string, partition: number, record: DecodedRecord): boolean {
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    const { form, maxBytes, maxRecords = Number.POSITIVE_INFINITY } = this.#options;
    const count = this.records.length;
    if (count >= maxRecords || (count > 0 && this.bytes + size > maxBytes)) this.#full = true;
    if (this.#full) return false;
    this.records.push(form(topic, partition, record));
    this.bytes += size;
    return true;
  }
}
