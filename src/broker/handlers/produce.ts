/**
 * Produce: appends one record batch to each of many partitions, all at the same time. The surprise:
 * acks changes nothing here, since a partition answers when its batch is durable; whether the
 * client hears of it (acks=0: not a word, and a closed connection for an error) is the door's
 * business.
 *
 * Behaviour
 * - Checks as Kafka does, in its order: the transactional id, whether the topic may be written to,
 *   topic and partition, the shape of the batch, acks.
 * - Of a partition that is named twice, only the last batch counts.
 * - Exactly one record batch of magic 2 a partition: else INVALID_RECORD.
 * - Topics are not created by producing to them: Metadata does that.
 * - A topic that was deleted and made anew while the gateway remembered the old one: over a
 *   connection NOT_LEADER_OR_FOLLOWER, which clients repeat in their order; else the new one takes
 *   it.
 * - A batch that no object could take in one call is MESSAGE_TOO_LARGE, whatever the topic allows.
 * - Transactional batches without a transactional id refuse the whole request with
 *   TRANSACTIONAL_ID_AUTHORIZATION_FAILED, those of several producers with
 *   INVALID_PRODUCER_ID_MAPPING.
 * - Who has a quota is served all the same, and told for how long to wait (KIP-219).
 * - Whether a partition is part of the transaction, the partition itself finds out.
 *
 * Versions
 * - 3: record batches (KIP-98) · 5: log start offset · 7: zstd (KIP-110)
 * - 8: record errors and messages (KIP-467) · 9: flexible · 10: leader hints (KIP-951), never given
 * - 11: TRANSACTION_ABORTABLE, before it INVALID_TXN_STATE · 12: writing to a partition makes it a
 *   part of the transaction (KIP-890) · 13: topic ids (KIP-516)
 */
import { partitionSpec } from '../../core/cluster/partition-spec.ts';
import type { AppendReply } from '../../core/log/calls.ts';
import type { ProduceRequest, ProduceResponse } from '../../protocol/apis/produce.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler, RequestContext } from '../context.ts';
import { eachOnce } from '../each-once.ts';
import type { PartitionRoute } from '../routing.ts';
import { TopicRoute } from '../routing.ts';
import { abortableCode } from '../transaction-codes.ts';
import { checkTransaction } from '../transactional-batches.ts';

type Topic = ProduceRequest['topicData'][number];
type Partition = Topic['partitionData'][number];
type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number];

/** An object takes 32 MiB in one call; the rest of the call needs a little of it. */
const largestAppend = 32 * 1024 * 1024 - 65_536;

export const handleProduce: Handler<ProduceRequest, ProduceResponse> = async (request, context) => {
  const check = checkTransaction(request, context);
  if (check !== undefined) await check;
  const byId = context.apiVersion >= 13;
  const once = eachOnce(
    request.topicData,
    ({ name, topicId }) => (byId ? topicId : name),
    ({ partitionData }) => partitionData,
    ({ index }) => index,
  );
  const topics = once.map(({ topic: { name, topicId }, partitions }) => ({
    name,
    topicId,
    partitionData: partitions,
    route: new TopicRoute(context, byId ? { topicId } : { name }, 'WRITE'),
  }));
  // Nothing is waited for that need not be: requests that came together are to leave together.
  const unknown = topics.filter(({ route }) => route.topic === undefined);
  if (unknown.length > 0) await Promise.all(unknown.map(({ route }) => route.found()));
  const responses = topics.map(async ({ name, topicId, partitionData, route }) => {
    const answers = partitionData.map((each) => answerPartition(each, route, request, context));
    return { name, topicId, partitionResponses: await Promise.all(answers) };
  });
  // Each append is on its way to its partition, where it keeps its place before later ones.
  if (topics.every(areUnderWay)) context.nextMayStart?.();
  return { responses: await Promise.all(responses), throttleTimeMs: 0, nodeEndpoints: [] };
};

interface RoutedTopic extends Topic {
  readonly route: TopicRoute;
}

function areUnderWay({ partitionData, route }: RoutedTopic): boolean {
  return partitionData.every(({ index }) => route.has(index));
}

async function answerPartition(
  { index, records }: Partition,
  route: TopicRoute,
  { acks, transactionalId }: ProduceRequest,
  context: RequestContext,
): Promise<PartitionAnswer> {
  const append = async ({ partition, topic }: PartitionRoute): Promise<AppendReply> => {
    try {
      const batch = onlyBatch(records, context.apiVersion);
      if (acks < -1 || acks > 1) throw new KafkaError(ErrorCode.INVALID_REQUIRED_ACKS);
      return await partition.call('append', {
        spec: partitionSpec(topic, index),
        records: batch,
        // Nobody else's batches are transactional.
        ...(transactionalId !== null && {
          transactionalId,
          addsPartition: context.apiVersion >= 12,
        }),
      });
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return refusal(error.code, error.message);
    }
  };
  // Where appends overlap, one that was sent a second time would come after those behind it.
  const reply = await route.ask(index, append, context.nextMayStart === undefined);
  const { errorCode, errorMessage, baseOffset, logAppendTimeMs, logStartOffset, recordErrors } =
    typeof reply === 'number' ? refusal(reply, null) : reply;
  return {
    index,
    errorCode: abortableCode(errorCode, context.apiVersion, 11),
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
    recordErrors: [...(recordErrors ?? [])],
    errorMessage: errorMessage ?? null,
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
  };
}

function refusal(errorCode: number, errorMessage: string | null): AppendReply {
  const nowhere = { baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 };
  return { errorCode, errorMessage, ...nowhere };
}

const offsetAndLength = 12;
const lengthField = 8;
const magicField = 16;
const attributesField = 21;
/** The smallest length field Kafka takes for a batch of any magic. */
const smallestLength = 14;
const zstd = 4;

/**
 * The one batch of these records, without what trails it. Its inside is the partition's to check.
 */
function onlyBatch(records: Uint8Array | null, version: number): Uint8Array {
  const size = records === null ? undefined : batchSize(records);
  if (records === null || size === undefined) {
    throw invalidRecord(version, 'must have at least one record batch per partition');
  }
  if (records[magicField] !== 2) {
    throw invalidRecord(version, 'may only have record batches of magic 2');
  }
  const codec = records[attributesField + 1] & 0b111;
  if (version < 7 && codec === zstd) {
    const message = `Produce requests of version ${version} may not use zstd compression`;
    throw new KafkaError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, message);
  }
  if (version < 7 && codec > zstd) {
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, `compression codec ${codec}`);
  }
  if (batchSize(records.subarray(size)) !== undefined) {
    throw invalidRecord(version, 'must have exactly one record batch per partition');
  }
  if (size > largestAppend) throw new KafkaError(ErrorCode.MESSAGE_TOO_LARGE);
  return records.subarray(0, size);
}

/** How long the batch that starts here is; undefined when there is no whole one. */
function batchSize(bytes: Uint8Array): number | undefined {
  if (bytes.byteLength <= magicField) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getInt32(lengthField);
  const magic = view.getInt8(magicField);
  if (length < smallestLength || magic < 0 || magic > 2) {
    throw new KafkaError(ErrorCode.CORRUPT_MESSAGE);
  }
  return length + offsetAndLength <= bytes.byteLength ? length + offsetAndLength : undefined;
}

function invalidRecord(version: number, rule: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_RECORD, `Produce requests of version ${version} ${rule}`);
}
