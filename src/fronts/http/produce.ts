/**
 * Records of one HTTP request into one topic: placed as Java's producer places them, one batch a
 * partition, one Produce for all of them. The surprise: a request larger than the topic's
 * `max.message.bytes` becomes several batches, sent one after another to keep their order.
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import type { TopicView } from '../../core/cluster/commands.ts';
import { configsOf } from '../../core/cluster/partition-spec.ts';
import {
  partitionForKey,
  type StickyPartitioner,
  stickyPartitioner,
} from '../../core/partitioner.ts';
import { produce } from '../../protocol/apis/produce.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { buildBatch, type NewRecord } from '../../protocol/records/index.ts';
import type { Kafka } from './kafka.ts';

export interface RecordToProduce extends NewRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Null: by the key, or any. */
  readonly partition: number | null;
}

export type ProducedRecord =
  | { readonly partition: number; readonly offset: number; readonly timestamp: number }
  | { readonly errorCode: number; readonly message: string };

/** The newest version that knows topics by name. */
const produceByName = 12;
const largestBatch = 1_048_576;
/** What a record, a header and a batch may take besides their bytes. */
const overhead = { record: 32, header: 10, batch: 61 };

interface Placed {
  readonly index: number;
  readonly record: RecordToProduce;
}

interface Batch {
  readonly partition: number;
  readonly placed: Placed[];
  bytes: number;
}

/** Answers one result a record, in their order. Throws KafkaError when there is no such topic. */
export async function produceRecords(
  kafka: Kafka,
  topic: string,
  records: readonly RecordToProduce[],
): Promise<readonly ProducedRecord[]> {
  const known = await kafka.context.metadata.topic(topic);
  const isEnough = known && records.every(({ partition }) => (partition ?? 0) < known.partitions);
  if (isEnough) {
    const results = await produceTo(kafka, known, records);
    const gone = results.every((result) => 'errorCode' in result && isUnknown(result.errorCode));
    if (!gone) return results;
  }
  // What is remembered of the topic is too little, or of a topic that was deleted.
  await kafka.topic(topic, true);
  const current = await kafka.context.metadata.topic(topic);
  if (!current) throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  return produceTo(kafka, current, records);
}

async function produceTo(
  kafka: Kafka,
  topic: TopicView,
  records: readonly RecordToProduce[],
): Promise<readonly ProducedRecord[]> {
  const { name, partitions } = topic;
  const allowed = Number(
    configsOf(topic)['max.message.bytes'] ?? kafka.context.config.messageMaxBytes,
  );
  const maxBytes = Math.min(allowed, largestBatch);
  const results: ProducedRecord[] = [];
  const rounds: Batch[][] = [];
  const open = new Map<number, { batch: Batch; round: number }>();
  const sticky = stickyPartitioner(partitions, Math.floor(Math.random() * partitions));
  records.forEach((record, index) => {
    const partition = place(record, partitions, sticky);
    if (partition >= partitions) {
      results[index] = noSuchPartition(name, partition, partitions);
      return;
    }
    const bytes = sizeOf(record);
    const last = open.get(partition);
    if (last && last.batch.bytes + bytes <= maxBytes) {
      last.batch.placed.push({ index, record });
      last.batch.bytes += bytes;
      return;
    }
    const batch = { partition, placed: [{ index, record }], bytes: overhead.batch + bytes };
    const round = last ? last.round + 1 : 0;
    rounds[round] ??= [];
    rounds[round].push(batch);
    open.set(partition, { batch, round });
  });
  for (const batches of rounds) await send(kafka, name, batches, results);
  return results;
}

function isUnknown(errorCode: number): boolean {
  return errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

function place(record: RecordToProduce, partitions: number, sticky: StickyPartitioner): number {
  if (record.partition !== null) return record.partition;
  return record.key ? partitionForKey(record.key, partitions) : sticky(sizeOf(record));
}

function sizeOf({ key, value, headers = [] }: RecordToProduce): number {
  // A UTF-16 unit takes at most 3 bytes.
  const headerBytes = headers.reduce(
    (sum, header) => sum + overhead.header + header.key.length * 3 + (header.value?.length ?? 0),
    0,
  );
  return overhead.record + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes;
}

async function send(
  kafka: Kafka,
  topic: string,
  batches: readonly Batch[],
  results: ProducedRecord[],
): Promise<void> {
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData: [
      {
        name: topic,
        topicId: ZERO_UUID,
        partitionData: batches.map(({ partition, placed }) => ({
          index: partition,
          records: buildBatch(placed.map(({ record }) => record)),
        })),
      },
    ],
  };
  const { responses } = await kafka.call(produce, request, produceByName);
  const answers = new Map(responses[0].partitionResponses.map((one) => [one.index, one]));
  for (const { partition, placed } of batches) {
    const answer = answers.get(partition)!;
    const { errorCode, baseOffset, logAppendTimeMs } = answer;
    placed.forEach(({ index, record }, delta) => {
      if (errorCode !== ErrorCode.NONE) {
        const reason = answer.recordErrors.find(({ batchIndex }) => batchIndex === delta);
        const message = reason?.batchIndexErrorMessage ?? answer.errorMessage;
        results[index] = { errorCode, message: message ?? errorInfo(errorCode).message };
        return;
      }
      const timestamp = logAppendTimeMs >= 0 ? logAppendTimeMs : record.timestamp;
      results[index] = { partition, offset: baseOffset + delta, timestamp };
    });
  }
}

function noSuchPartition(topic: string, partition: number, count: number): ProducedRecord {
  return {
    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    message: `Partition ${partition} of topic ${topic} with partition count ${count} is not present`,
  };
}
