/**
 * ListPartitionReassignments: which partitions are being moved to other brokers. The surprise: the
 * answer is always the same, since there is one broker and nothing can move. To describe the
 * cluster is asked for.
 *
 * Versions
 * - 0: KIP-455
 */
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../protocol/apis/list-partition-reassignments.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Handler } from '../context.ts';
import { demandOfCluster } from '../permissions.ts';

export const handleListPartitionReassignments: Handler<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse
> = async (_request, context) => {
  await demandOfCluster(context, 'DESCRIBE');
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics: [] };
};
