/**
 * DescribeLogDirs: how many bytes each partition holds. The surprise: there is one log directory,
 * whose size nobody knows, and a partition that nobody wrote to answers zero without coming into
 * being.
 *
 * Behaviour
 * - To describe the cluster is asked for; before version 3 nobody can be told, and hears nothing.
 * - Null topics are all topics; partitions that do not exist are left out, and so are topics of
 *   which none is left. A partition that is named twice is answered once.
 * - Copies are the platform's business: there is no lag and no future log.
 * - A partition that cannot be reached refuses the whole answer, KAFKA_STORAGE_ERROR: a sum without
 *   it would be wrong.
 *
 * Versions
 * - 2: flexible (KIP-482) · 3: an error for the whole answer · 4: size of the volume (KIP-827),
 *   always -1 here · 5: whether the directory takes no new partitions (KIP-1066): it does
 */
import type {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from '../../protocol/apis/describe-log-dirs.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Handler, RequestContext } from '../context.ts';
import { logDir } from '../log-dir.ts';
import { mayWithCluster } from '../permissions.ts';
import { TopicRoute } from '../routing.ts';

type Partition = DescribeLogDirsResponse['results'][number]['topics'][number]['partitions'][number];

export const handleDescribeLogDirs: Handler<
  DescribeLogDirsRequest,
  DescribeLogDirsResponse
> = async (request, context) => {
  if (!(await mayWithCluster(context, 'DESCRIBE'))) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, results: [] };
  }
  const wanted = await partitionsOf(request, context);
  const routes = new Map(
    wanted.map(({ name }) => [name, new TopicRoute(context, { name }, null)] as const),
  );
  const asked = wanted.flatMap(({ name, partitions }) =>
    [...partitions].map((index) => ({ name, index })),
  );
  const sizes = await eachBounded(asked, ({ name, index }) => sizeOf(routes.get(name)!, index));
  const found = new Map<string, Partition[]>();
  for (const [i, { name, index: partitionIndex }] of asked.entries()) {
    const partitionSize = sizes[i];
    if (partitionSize === undefined) continue;
    const partitions = found.get(name) ?? [];
    found.set(name, partitions);
    partitions.push({ partitionIndex, partitionSize, offsetLag: 0, isFutureKey: false });
  }
  const errorCode = ErrorCode.NONE;
  const topics = [...found].map(([name, partitions]) => ({ name, partitions }));
  const volume = { totalBytes: -1, usableBytes: -1, isCordoned: false };
  const results = [{ errorCode, logDir, topics, ...volume }];
  return { throttleTimeMs: 0, errorCode, results };
};

/** Each topic once, with each of its partitions once. */
async function partitionsOf(
  { topics }: DescribeLogDirsRequest,
  { metadata }: RequestContext,
): Promise<{ name: string; partitions: Iterable<number> }[]> {
  if (topics === null) {
    const all = await metadata.topics();
    return all.map(({ name, partitions }) => ({
      name,
      partitions: Array.from({ length: partitions }, (_, index) => index),
    }));
  }
  const byName = new Map<string, Set<number>>();
  for (const { topic, partitions } of topics) {
    const known = byName.get(topic) ?? new Set();
    byName.set(topic, known);
    for (const index of partitions) known.add(index);
  }
  return [...byName].map(([name, partitions]) => ({ name, partitions }));
}

/** Undefined when there is no such partition. */
async function sizeOf(route: TopicRoute, index: number): Promise<number | undefined> {
  const reply = await route.ask(index, ({ partition }) => partition.call('describe', {}));
  const errorCode = typeof reply === 'number' ? reply : reply.errorCode;
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return undefined;
  if (typeof reply === 'number' || errorCode !== ErrorCode.NONE) {
    throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR);
  }
  return reply.sizeInBytes;
}
