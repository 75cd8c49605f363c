/**
 * DeleteRecords: everything below an offset is gone for readers, at once and for good. The
 * surprise: on a topic that is only compacted nobody may delete, since a value that is missing
 * there means something.
 *
 * Behaviour
 * - To delete the topic is asked for.
 * - Offset -1 is the high watermark; one beyond it, or below -1, is OFFSET_OUT_OF_RANGE; one below
 *   the log start changes nothing and is no error.
 * - cleanup.policy compact without delete: POLICY_VIOLATION.
 * - A refused partition has the low watermark -1.
 * - Of a partition that a request names twice, the last one counts, as in Kafka.
 *
 * Versions
 * - 0: the beginning (KIP-107) · 2: flexible
 */
import { partitionSpec } from '../../core/cluster/partition-spec.ts';
import type {
  DeleteRecordsRequest,
  DeleteRecordsResponse,
} from '../../protocol/apis/delete-records.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler } from '../context.ts';
import { eachOnce } from '../each-once.ts';
import { TopicRoute } from '../routing.ts';

export const handleDeleteRecords: Handler<DeleteRecordsRequest, DeleteRecordsResponse> = async (
  request,
  context,
) => {
  const once = eachOnce(
    request.topics,
    ({ name }) => name,
    ({ partitions }) => partitions,
    ({ partitionIndex }) => partitionIndex,
  );
  const questions = once.flatMap(({ topic: { name }, partitions }) => {
    const route = new TopicRoute(context, { name }, 'DELETE');
    return partitions.map((partition) => ({ name, route, ...partition }));
  });
  const answers = await eachBounded(questions, ({ route, partitionIndex, offset }) =>
    answer(route, partitionIndex, offset),
  );
  const byTopic = Map.groupBy(answers.keys(), (at) => questions[at].name);
  const topics = Array.from(byTopic, ([name, at]) => ({
    name,
    partitions: at.map((i) => answers[i]),
  }));
  return { throttleTimeMs: 0, topics };
};

async function answer(route: TopicRoute, partitionIndex: number, offset: number) {
  const reply = await route.ask(partitionIndex, ({ partition, topic }) => {
    const spec = partitionSpec(topic, partitionIndex);
    return partition.call('deleteRecords', { spec, offset });
  });
  const { errorCode, lowWatermark } =
    typeof reply === 'number' ? { errorCode: reply, lowWatermark: -1 } : reply;
  return { partitionIndex, lowWatermark, errorCode };
}
