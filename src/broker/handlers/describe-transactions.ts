/**
 * DescribeTransactions: what the coordinators of these transactional ids know. The surprise: Kafka
 * has no place for groups here but the partitions of `__consumer_offsets`, so a group is shown as
 * the one that would be its own.
 *
 * Behaviour
 * - To describe the transactional id is asked for; topics that the client may not describe are left
 *   out.
 * - An empty id: INVALID_REQUEST; one that nobody uses: TRANSACTIONAL_ID_NOT_FOUND.
 *
 * Versions
 * - 0: flexible
 */
import type { TransactionDescription } from '../../core/transaction/calls.ts';
import type {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/apis/describe-transactions.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler, RequestContext } from '../context.ts';
import { existingNames } from '../existing-names.ts';
import { failureCode } from '../failures.ts';
import { mayEach } from '../permissions.ts';

type State = DescribeTransactionsResponse['transactionStates'][number];

export const handleDescribeTransactions: Handler<
  DescribeTransactionsRequest,
  DescribeTransactionsResponse
> = async ({ transactionalIds }, context) => {
  const mayDescribe = await mayEach(context, 'DESCRIBE', 'TRANSACTIONAL_ID', transactionalIds);
  const exists = await existingNames(transactionalIds.filter(mayDescribe), async (names) => {
    const controller = context.objects.controller();
    const reply = await controller.call('findTransactionalIds', { transactionalIds: names });
    return reply.transactionalIds;
  });
  const transactionStates = await eachBounded(transactionalIds, async (transactionalId) => {
    const { INVALID_REQUEST, TRANSACTIONAL_ID_NOT_FOUND } = ErrorCode;
    if (!mayDescribe(transactionalId)) return unknown(transactionalId, forbidden);
    if (transactionalId === '') return unknown(transactionalId, INVALID_REQUEST);
    return exists(transactionalId)
      ? describe(transactionalId, context)
      : unknown(transactionalId, TRANSACTIONAL_ID_NOT_FOUND);
  });
  return { throttleTimeMs: 0, transactionStates };
};

const forbidden = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;

function unknown(transactionalId: string, errorCode: number): State {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}

async function describe(transactionalId: string, context: RequestContext): Promise<State> {
  try {
    const coordinator = context.objects.transaction(transactionalId);
    const { errorCode, transaction } = await coordinator.call('describeTransaction', {
      transactionalId,
    });
    if (transaction === null) return unknown(transactionalId, errorCode);
    const topics = topicsOf(transaction);
    const names = topics.map(({ topic }) => topic);
    const mayName = await mayEach(context, 'DESCRIBE', 'TOPIC', names);
    return {
      errorCode,
      transactionalId,
      transactionState: transaction.state,
      transactionTimeoutMs: transaction.timeoutMs,
      transactionStartTimeMs: transaction.startTimeMs,
      producerId: transaction.producerId,
      producerEpoch: transaction.producerEpoch,
      topics: topics.filter(({ topic }) => mayName(topic)),
    };
  } catch (error) {
    const errorCode = failureCode(error, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    return unknown(transactionalId, errorCode);
  }
}

const offsetsTopic = '__consumer_offsets';
/** Kafka's default. */
const offsetsPartitions = 50;

function topicsOf({ topics, groupIds }: TransactionDescription): State['topics'] {
  const offsets = [...new Set(groupIds.map(offsetsPartitionOf))];
  const written = topics.map(({ topic, partitions }) => ({ topic, partitions }));
  return offsets.length === 0
    ? written
    : [...written, { topic: offsetsTopic, partitions: offsets }];
}

/** By the hash of Java's strings, as Kafka takes its sign away: the least of all counts as 0. */
function offsetsPartitionOf(groupId: string): number {
  let hash = 0;
  for (let i = 0; i < groupId.length; i++) hash = (hash * 31 + groupId.charCodeAt(i)) | 0;
  return (hash === -0x8000_0000 ? 0 : Math.abs(hash)) % offsetsPartitions;
}
