/**
 * ListPartitionReassignments: which partitions are being moved to other brokers. The surprise: the
 * answer is always the same, since there is one broker and nothing can move.
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

export const handleListPartitionReassignments: Handler<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse
> = async () => ({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics: [] });
