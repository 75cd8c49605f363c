/**
 * AlterPartitionReassignments: moves replicas to other brokers. The surprise: there is one broker,
 * and it has every partition; to move them there is done at once, and to move them anywhere else is
 * refused, for there is nowhere else.
 *
 * Behaviour
 * - To alter the cluster is asked for.
 * - Null replicas cancel a move; none is ever under way.
 *
 * Versions
 * - 0: KIP-455 · 1: whether the number of replicas may change (KIP-860), which it cannot here
 */
import { resultOf } from '../../core/cluster/results.ts';
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../../protocol/apis/alter-partition-reassignments.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

export const handleAlterPartitionReassignments: Handler<
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse
> = async ({ topics, allowReplicationFactorChange }, context) => {
  await demandOfCluster(context, 'ALTER');
  const { metadata, config } = context;
  const found = await metadata.recent(topics.map(({ name }) => name));
  const responses = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => ({
      partitionIndex,
      ...resultOf(() => {
        checkPartition(name, partitionIndex, found.get(name)?.partitions);
        checkReplicas(replicas, config.nodeId);
      }),
    })),
  }));
  return {
    throttleTimeMs: 0,
    allowReplicationFactorChange,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    responses,
  };
};

function checkPartition(topic: string, partition: number, count: number | undefined): void {
  const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (count === undefined) throw new KafkaError(unknown, `Unable to find a topic named ${topic}.`);
  if (partition < 0 || partition >= count) {
    throw new KafkaError(unknown, `Unable to find partition ${topic}:${partition}.`);
  }
}

function checkReplicas(replicas: readonly number[] | null, nodeId: number): void {
  if (replicas === null) throw new KafkaError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
  const assignment = 'The manual partition assignment includes';
  const invalid = ErrorCode.INVALID_REPLICA_ASSIGNMENT;
  if (replicas.length === 0) throw new KafkaError(invalid, `${assignment} an empty replica list.`);
  const stranger = replicas.find((replica) => replica !== nodeId);
  if (stranger !== undefined) {
    const message = `${assignment} broker ${stranger}, but no such broker is registered.`;
    throw new KafkaError(invalid, message);
  }
  if (replicas.length > 1) {
    throw new KafkaError(invalid, `${assignment} the broker ${nodeId} more than once.`);
  }
}
