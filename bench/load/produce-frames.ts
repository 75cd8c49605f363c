/**
 * Produce requests made beforehand: a ring of them, each with one batch for each of a few
 * partitions. The surprise: before a frame is sent again, its correlation id and its sequences are
 * all that is changed, and it is not sent again before it was answered.
 */
import { Codec, compress } from '../../src/bytes/compression.ts';
import type { Reader } from '../../src/bytes/reader.ts';
import { concat } from '../../src/bytes/writer.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { errorInfo } from '../../src/protocol/errors.ts';
import { encodeRequestFrame, openRequest } from '../../src/protocol/header.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { decodeRequest } from '../../src/protocol/schema.ts';
import type { CodecName } from './job.ts';
import { SequencedBatch } from './sequence.ts';
import type { Producer } from './setup.ts';
import type { Values } from './values.ts';

/** What Java's producer of 4.x speaks: topics by id. */
const version = 13;
/** Java's max.request.size. */
const requestBytes = 1 << 20;
/** A ring has at least so many different frames, and all rings so many bytes if these are small. */
const fewestFrames = 8;
const ringBytes = 2 << 20;

export interface ProduceFrame {
  /** With its length in front. */
  readonly bytes: Uint8Array;
  readonly batches: readonly SequencedBatch[];
  readonly records: number;
  /** Of record batches. */
  readonly batchBytes: number;
}

export interface RingOptions {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly partitionsPerRequest?: number;
  readonly recordBytes: number;
  readonly batchBytes: number;
  readonly codec: CodecName;
  readonly inFlight: number;
  /** How many have a ring like this. Default 1. */
  readonly connections?: number;
  /** None: batches are not an idempotent producer's. */
  readonly producer?: Producer;
}

/** Frames that write to all partitions in turn; more of them than are under way at a time. */
export function produceRing(options: RingOptions, values: Values): ProduceFrame[] {
  const { partitions, batchBytes, recordBytes, inFlight, connections = 1 } = options;
  const fitting = Math.max(1, Math.floor(requestBytes / Math.max(batchBytes, recordBytes)));
  const perRequest = Math.min(partitions, options.partitionsPerRequest ?? fitting);
  const groups = Math.ceil(partitions / perRequest);
  const records = recordsPerBatch(options, values);
  const frames: ProduceFrame[] = [];
  const isEnough = (): boolean =>
    frames.length >= Math.max(fewestFrames, inFlight + 1) &&
    frames.length * frames[0].bytes.length >= ringBytes / connections;
  while (!isEnough()) {
    for (let group = 0; group < groups; group++) {
      const first = group * perRequest;
      const count = Math.min(perRequest, partitions - first);
      const indexes = Array.from({ length: count }, (_, i) => first + i);
      frames.push(frameFor(indexes, records, options, values));
    }
  }
  return frames;
}

function frameFor(
  indexes: number[],
  records: number,
  options: RingOptions,
  values: Values,
): ProduceFrame {
  const { topic: name, topicId } = options;
  const partitionData = indexes.map((index) => ({
    index,
    records: batchOfRecords(records, values, options),
  }));
  const topicData = [{ name, topicId, partitionData }];
  const request = { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData };
  const header = { correlationId: 0, clientId: 'load' };
  const bytes = concat(encodeRequestFrame(produce, version, header, request));
  const [{ partitionData: laid }] = decodeRequest(
    produce,
    version,
    openRequest(bytes.subarray(4)).body,
  ).topicData;
  const batches = laid.map(({ index, records }) => new SequencedBatch(index, records!));
  return {
    bytes,
    batches,
    records: batches.reduce((sum, { records }) => sum + records, 0),
    batchBytes: batches.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0),
  };
}

/**
 * As many records as fit, at least one. A compressed batch holds more of them: producers go by what
 * they expect of the codec, with 5 % to spare.
 */
function recordsPerBatch({ recordBytes, batchBytes, codec }: RingOptions, values: Values): number {
  const spare = codec === 'none' ? 1 : 1.05;
  const sizeOf = (records: number): number => batchOfRecords(records, values, { codec }).length;
  let count = Math.max(1, Math.floor(batchBytes / recordBytes));
  for (let i = 0; i < 4; i++) {
    count = Math.max(1, Math.floor((count * batchBytes) / (spare * sizeOf(count))));
  }
  while (count > 1 && sizeOf(count) > batchBytes) count--;
  return count;
}

export interface BatchOptions {
  readonly codec?: CodecName;
  /** Its base sequence is 0. */
  readonly producer?: Producer;
  readonly isTransactional?: boolean;
}

export function batchOfRecords(
  count: number,
  values: Values,
  { codec: name = 'none', producer, isTransactional }: BatchOptions,
): Uint8Array {
  const timestamp = Date.now();
  const records = Array.from({ length: count }, () => ({ value: values.next(), timestamp }));
  const codec = Codec[name.toUpperCase() as keyof typeof Codec];
  const compression = codec === Codec.NONE ? undefined : { codec, compress };
  const identity = producer === undefined ? {} : { ...producer, baseSequence: 0 };
  return buildBatch(records, { ...identity, isTransactional, compression });
}

/** What is to be known of each partition when Produce was answered. */
export type TakeAppended = (partition: number, baseOffset: number) => void;

/** Reads the answer to a frame behind its correlation id. Throws when anything was refused. */
export function readProduceAnswer(answer: Reader, taken: TakeAppended): number {
  skipTagged(answer);
  let partitions = 0;
  for (let topics = answer.unsignedVarint() - 1; topics > 0; topics--) {
    answer.take(16);
    for (let left = answer.unsignedVarint() - 1; left > 0; left--) {
      const index = answer.int32();
      const errorCode = answer.int16();
      if (errorCode !== 0) throw new Error(`Produce answered ${errorInfo(errorCode).name}`);
      taken(index, answer.int64());
      answer.take(16);
      if (answer.unsignedVarint() > 1) throw new Error('Produce refused records and no batch');
      const message = answer.unsignedVarint();
      if (message > 0) answer.take(message - 1);
      skipTagged(answer);
      partitions++;
    }
    skipTagged(answer);
  }
  return partitions;
}

export function skipTagged(answer: Reader): void {
  for (let count = answer.unsignedVarint(); count > 0; count--) {
    answer.unsignedVarint();
    answer.take(answer.unsignedVarint());
  }
}
