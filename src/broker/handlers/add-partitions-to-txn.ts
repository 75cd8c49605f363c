/**
 * AddPartitionsToTxn: makes partitions part of a transaction. The surprise: one partition that does
 * not exist keeps all the others out, which are then OPERATION_NOT_ATTEMPTED.
 *
 * Behaviour
 * - A topic is looked for as the controller had it a second ago at most: what is added is this
 *   incarnation of it.
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
import { fencedCode } from '../producer-fenced.ts';

export const handleAddPartitionsToTxn: Handler<
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse
> = async (request, { objects, metadata, apiVersion }) => {
  const { v3AndBelowTransactionalId: transactionalId, v3AndBelowTopics: topics } = request;
  const known = await metadata.recent(topics.map(({ name }) => name));
  const isThere = (name: string, partition: number): boolean =>
    partition >= 0 && partition < (known.get(name)?.partitions ?? 0);
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
  if (!topics.every(({ name, partitions }) => partitions.every((each) => isThere(name, each)))) {
    const { OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    return answer((name, partition) =>
      isThere(name, partition) ? OPERATION_NOT_ATTEMPTED : UNKNOWN_TOPIC_OR_PARTITION,
    );
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
