/**
 * AddPartitionsToTxn: makes partitions part of a transaction. The surprise: one partition that does
 * not exist keeps all the others out, which are then OPERATION_NOT_ATTEMPTED.
 *
 * Behaviour
 * - A topic is looked for as the controller had it a second ago at most: what is added is this
 *   incarnation of it.
 * - To write with the transactional id is asked for, and to write to each topic. Kafka's own topics
 *   are refused as there, with TOPIC_AUTHORIZATION_FAILED.
 * - Otherwise the coordinator of the transactional id decides, for all of them together.
 *
 * Versions
 * - 2: PRODUCER_FENCED, before it INVALID_PRODUCER_EPOCH (KIP-588) · 3: flexible
 */
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '../../protocol/apis/add-partitions-to-txn.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demand, mayEach } from '../permissions.ts';
import { fencedCode } from '../transaction-codes.ts';

const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__share_group_state',
  '__transaction_state',
]);

export const handleAddPartitionsToTxn: Handler<
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse
> = async (request, context) => {
  const { objects, metadata, apiVersion } = context;
  const { v3AndBelowTransactionalId: transactionalId, v3AndBelowTopics: topics } = request;
  await demand(context, 'WRITE', 'TRANSACTIONAL_ID', transactionalId);
  const names = topics.map(({ name }) => name).filter((name) => !internalTopics.has(name));
  const mayWrite = await mayEach(context, 'WRITE', 'TOPIC', names);
  const known = await metadata.recent(names.filter(mayWrite));
  const refusal = (name: string, partition: number): number | undefined => {
    if (internalTopics.has(name) || !mayWrite(name)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    const isThere = partition >= 0 && partition < (known.get(name)?.partitions ?? 0);
    return isThere ? undefined : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  };
  const answer = (codeOf: (name: string, partition: number) => number) => ({
    throttleTimeMs: 0,
    resultsByTopicV3AndBelow: topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: codeOf(name, partitionIndex),
      })),
    })),
  });
  const isRefused = topics.some(({ name, partitions }) =>
    partitions.some((partition) => refusal(name, partition) !== undefined),
  );
  if (isRefused) {
    return answer((...place) => refusal(...place) ?? ErrorCode.OPERATION_NOT_ATTEMPTED);
  }
  const { errorCode } = await objects.transaction(transactionalId).call('addPartitions', {
    transactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    topics: topics.flatMap(({ name, partitions }) => {
      const topic = known.get(name);
      return topic === undefined ? [] : [{ topicId: topic.topicId, topic: name, partitions }];
    }),
  });
  return answer(() => fencedCode(errorCode, apiVersion, 2));
};
