/**
 * Stores records in one partition, each once, also across runs. The surprise: a record's sequence
 * number is its place in the source, so that a batch of a run that was killed, should it arrive
 * late, is refused, or is the very batch that this run would send.
 */
import { createHash } from 'node:crypto';
import { compress } from '../../bytes/compression.ts';
import type { Link } from '../../client/link.ts';
import { persistently } from '../../client/waiting.ts';
import { produce } from '../../protocol/apis/produce.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { addToSequence, buildBatch, type NewRecord } from '../../protocol/records/index.ts';
import type { Lane, Progress } from './import-progress.ts';

/** What came late of an earlier run: what is there is to be looked at again. */
export class Displaced extends Error {}

const displaced: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
]);

const batchBytes = 900_000;
const overhead = 40;
const patienceMs = 120_000;
const timeoutMs = 30_000;

export interface Target {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

export interface LaneTerms {
  readonly link: Link;
  readonly producer: Pick<Progress, 'producerId' | 'producerEpoch'>;
  /** Something was stored. */
  stored(records: number): Promise<void>;
}

interface Waiting {
  readonly record: NewRecord;
  /** In the source. */
  readonly offset: number | undefined;
}

export class LaneWriter {
  readonly #target: Target;
  readonly #lane: Lane;
  readonly #terms: LaneTerms;
  /** What was stored since `nextOffset` was noted, oldest first: digests and offsets. */
  #found: readonly Stored[];
  /** How many of the source have passed by in this run. */
  #taken = 0;
  #codec = 0;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #sending: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(target: Target, lane: Lane, found: readonly Stored[], terms: LaneTerms) {
    this.#target = target;
    this.#lane = lane;
    this.#found = found;
    this.#terms = terms;
  }

  /** What waits to be sent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the next record of the source, if it is not there already. */
  add(record: NewRecord, offset: number | undefined, codec: number): void {
    this.#taken++;
    if (this.#taken <= this.#lane.done || this.#isFound(record, offset)) return;
    this.#codec = codec;
    this.#waiting.push({ record, offset });
    this.#bytes += overhead + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  }

  get isFull(): boolean {
    return this.#bytes >= batchBytes;
  }

  /** Sends what waits. Settles when that before it is stored. */
  async send(): Promise<void> {
    await this.#sending;
    if (this.#failure) throw this.#failure.error;
    const records = this.#waiting;
    if (records.length === 0) return;
    this.#waiting = [];
    this.#bytes = 0;
    this.#sending = this.#store(records).catch((error) => {
      this.#failure = { error };
    });
  }

  /** Everything is stored. */
  async end(): Promise<void> {
    await this.send();
    await this.#sending;
    if (this.#failure) throw this.#failure.error;
  }

  /** An earlier run has stored it, and was killed before it could note that. */
  #isFound(record: NewRecord, offset: number | undefined): boolean {
    if (this.#found.length === 0) return false;
    const digest = digestOf(record);
    const at = this.#found.findIndex((one) => one.digest === digest);
    if (at < 0) {
      this.#found = [];
      return false;
    }
    this.#note([{ record, offset }], this.#found[at].offset);
    this.#found = this.#found.slice(at + 1);
    return true;
  }

  /** These are stored, the first of them here. */
  #note(records: readonly Waiting[], baseOffset: number): void {
    const lane = this.#lane;
    for (const [index, { offset }] of records.entries()) {
      if (offset === undefined) continue;
      const shift = baseOffset + index - offset;
      if (lane.shifts.at(-1)?.[1] !== shift) lane.shifts.push([offset, shift]);
    }
    lane.done += records.length;
    lane.sequence = addToSequence(lane.sequence, records.length);
    lane.nextOffset = baseOffset + records.length;
  }

  async #store(records: readonly Waiting[]): Promise<void> {
    const { producerId, producerEpoch } = this.#terms.producer;
    const codec = this.#codec;
    const batch = buildBatch(
      records.map(({ record }) => record),
      {
        ...{ producerId, producerEpoch, baseSequence: this.#lane.sequence },
        ...(codec > 0 && { compression: { codec, compress } }),
      },
    );
    const baseOffset = await this.#produce(batch, records.length);
    if (baseOffset === undefined) {
      // One batch is too large for the topic: two may not be.
      const half = records.length >> 1;
      await this.#store(records.slice(0, half));
      await this.#store(records.slice(half));
      return;
    }
    this.#note(records, baseOffset);
    await this.#terms.stored(records.length);
  }

  /** Undefined: it is too large, and can be divided. */
  #produce(batch: Uint8Array, count: number): Promise<number | undefined> {
    const { topic: name, topicId, partition: index } = this.#target;
    const topicData = [{ name, topicId, partitionData: [{ index, records: batch }] }];
    const request = { transactionalId: null, acks: -1, timeoutMs, topicData };
    return persistently(
      async () => {
        const { responses } = await this.#terms.link.call(produce, request);
        const answer = responses[0]?.partitionResponses[0];
        const {
          errorCode = ErrorCode.UNKNOWN_SERVER_ERROR,
          errorMessage,
          baseOffset,
        } = answer ?? {};
        if (errorCode === ErrorCode.NONE) return baseOffset!;
        if (errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) throw new Displaced();
        if (displaced.has(errorCode)) throw new Displaced();
        if (errorCode === ErrorCode.MESSAGE_TOO_LARGE && count > 1) return undefined;
        const message = errorMessage ?? errorInfo(errorCode).message;
        throw new KafkaError(errorCode, `${message} (${name} [${index}])`);
      },
      { timeoutMs: patienceMs },
    );
  }
}

export interface Stored {
  readonly digest: string;
  readonly offset: number;
}

/** By what a record is known again; its time may have become that of the broker. */
export function digestOf({ key, value, headers = [] }: NewRecord): string {
  const hash = createHash('sha1');
  const fields = [key, value, ...headers.flatMap((one) => [Buffer.from(one.key), one.value])];
  for (const field of fields) {
    hash.update(`${field?.length ?? -1} `);
    if (field) hash.update(field);
  }
  return hash.digest('base64');
}
