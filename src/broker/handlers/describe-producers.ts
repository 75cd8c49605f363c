/**
 * DescribeProducers: which producers a partition knows, and where the transaction that is open
 * begins. The surprise: it is a partition's view; the coordinator may know better.
 *
 * Behaviour
 * - Each partition answers for itself.
 *
 * Versions
 * - 0: flexible
 */
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
    const route = new TopicRoute(context, { name });
    topics.push({
      name,
      partitions: await eachBounded(partitionIndexes, (index) => describe(route, index)),
    });
  }
  return { throttleTimeMs: 0, topics };
};

async function describe(route: TopicRoute, partitionIndex: number): Promise<Partition> {
  const reply = await route.ask(partitionIndex, ({ partition }) =>
    partition.call('describeProducers', {}),
  );
  const { errorCode, producers } =
    typeof reply === 'number' ? { errorCode: reply, producers: [] } : reply;
  const errorMessage = errorCode === ErrorCode.NONE ? null : errorInfo(errorCode).message;
  return { partitionIndex, errorCode, errorMessage, activeProducers: producers };
}
