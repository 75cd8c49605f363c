/**
 * DescribeProducers: which producers a partition knows, and where the transaction that is open
 * begins. The surprise: it is a partition's view; the coordinator may know better.
 *
 * Behaviour
 * - Each partition answers for itself; to read its topic is asked for.
 *
 * Versions
 * - 0: flexible
 */
import { topicNameProblem } from '../../core/cluster/topic-names.ts';
import type {
  DescribeProducersRequest,
  DescribeProducersResponse,
} from '../../protocol/apis/describe-producers.ts';
import { ErrorCode, errorInfo } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler } from '../context.ts';
import { TopicRoute } from '../routing.ts';

type Partition = DescribeProducersResponse['topics'][number]['partitions'][number];

export const handleDescribeProducers: Handler<
  DescribeProducersRequest,
  DescribeProducersResponse
> = async (request, context) => {
  const topics: DescribeProducersResponse['topics'][number][] = [];
  for (const { name, partitionIndexes } of request.topics) {
    const problem = topicNameProblem(name);
    const route = problem === undefined && new TopicRoute(context, { name }, 'READ');
    topics.push({
      name,
      partitions: await eachBounded(partitionIndexes, (index) =>
        route ? describe(route, index) : misnamed(index, problem!),
      ),
    });
  }
  return { throttleTimeMs: 0, topics };
};

async function misnamed(partitionIndex: number, errorMessage: string): Promise<Partition> {
  const errorCode = ErrorCode.INVALID_TOPIC_EXCEPTION;
  return { partitionIndex, errorCode, errorMessage, activeProducers: [] };
}

async function describe(route: TopicRoute, partitionIndex: number): Promise<Partition> {
  const reply = await route.ask(partitionIndex, ({ partition }) =>
    partition.call('describeProducers', {}),
  );
  const { errorCode, producers } =
    typeof reply === 'number' ? { errorCode: reply, producers: [] } : reply;
  const errorMessage = errorCode === ErrorCode.NONE ? null : errorInfo(errorCode).message;
  return { partitionIndex, errorCode, errorMessage, activeProducers: producers };
}
