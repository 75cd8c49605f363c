/** What is known of topics: their partitions, where these begin and end, and what they weigh. */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { describeLogDirs } from '../../protocol/apis/describe-log-dirs.ts';
import { type MetadataResponse, metadata } from '../../protocol/apis/metadata.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Cluster } from '../connection/cluster.ts';
import { Refused, suggestion } from '../usage.ts';

export interface PartitionView {
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  /** The first offset there is, and one past the last; null: its leader does not say. */
  readonly earliest: number | null;
  readonly latest: number | null;
  /** On the disk of its leader; null: nobody says. */
  readonly bytes: number | null;
}

export interface TopicView {
  readonly name: string;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly replicationFactor: number;
  /** What somebody has set. */
  readonly configs: Readonly<Record<string, string | null>>;
  readonly partitions: readonly PartitionView[];
}

type Described = MetadataResponse['topics'][number];

/** These topics, or all. Throws Refused for one that is not there. */
export async function topicsOf({ link }: Cluster, names: readonly string[]): Promise<Described[]> {
  const request = {
    topics: names.length > 0 ? names.map((name) => ({ name, topicId: ZERO_UUID })) : null,
    allowAutoTopicCreation: false,
  };
  const { topics } = await link.call(metadata, request);
  for (const { name, errorCode } of topics) {
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      const all = await link.call(metadata, { topics: null });
      const known = all.topics.map((topic) => topic.name!);
      throw new Refused(`there is no topic '${name}'${suggestion(name!, known) || '.'}`);
    }
    if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.LEADER_NOT_AVAILABLE) {
      const { message } = new KafkaError(errorCode);
      throw new KafkaError(errorCode, `${message} (${name})`);
    }
  }
  return topics.toSorted((a, b) => (a.name! < b.name! ? -1 : 1));
}

/** How many partitions each of these topics has. Throws Refused for one that is not there. */
export async function placesOf(cluster: Cluster, names: readonly string[]) {
  const topics = names.length > 0 ? await topicsOf(cluster, names) : [];
  return topics.flatMap(({ name, partitions }) =>
    partitions
      .map(({ partitionIndex }) => ({ topic: name!, partition: partitionIndex }))
      .sort((a, b) => a.partition - b.partition),
  );
}

export async function describeTopics(
  cluster: Cluster,
  names: readonly string[],
): Promise<TopicView[]> {
  const topics = await topicsOf(cluster, names);
  const all = topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ leaderId }) => leaderId >= 0)
      .map(({ partitionIndex: partition }) => ({ topic: name!, partition })),
  );
  const { admin } = cluster;
  const ends = async (at: 'earliest' | 'latest') => {
    const found = await admin.listOffsets(all.map((place) => ({ ...place, at })));
    return new Map(found.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
  };
  const [earliest, latest, sizes, configs] = await Promise.all([
    ends('earliest'),
    ends('latest'),
    sizesOf(cluster, topics),
    Promise.all(topics.map(({ name }) => setConfigs(cluster, name!))),
  ]);
  return topics.map(({ name, topicId, isInternal, partitions }, index) => ({
    name: name!,
    topicId,
    isInternal,
    replicationFactor: partitions[0]?.replicaNodes.length ?? 0,
    configs: configs[index],
    partitions: partitions
      .map(({ partitionIndex: partition, leaderId, replicaNodes, isrNodes }) => ({
        partition,
        leader: leaderId,
        replicas: replicaNodes,
        isr: isrNodes,
        earliest: earliest.get(`${name}-${partition}`) ?? null,
        latest: latest.get(`${name}-${partition}`) ?? null,
        bytes: sizes.get(`${name}-${partition}`) ?? null,
      }))
      .sort((a, b) => a.partition - b.partition),
  }));
}

/** Those of each partition's largest replica. Who may not ask, or whom nobody answers, has none. */
async function sizesOf(
  { link }: Cluster,
  topics: readonly Described[],
): Promise<Map<string, number>> {
  const asked = topics.map(({ name, partitions }) => ({
    topic: name!,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
  }));
  const sizes = new Map<string, number>();
  try {
    const { results } = await link.call(describeLogDirs, { topics: asked });
    for (const { name, partitions } of results.flatMap((result) => result.topics)) {
      for (const { partitionIndex, partitionSize } of partitions) {
        const place = `${name}-${partitionIndex}`;
        sizes.set(place, Math.max(sizes.get(place) ?? 0, partitionSize));
      }
    }
  } catch (error) {
    if (!(error instanceof KafkaError) || error.retriable) throw error;
  }
  return sizes;
}

async function setConfigs(
  { admin }: Cluster,
  topic: string,
): Promise<Record<string, string | null>> {
  const isRefused = (error: unknown) =>
    error instanceof KafkaError && error.code === ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  const entries = await admin.describeConfigs({ topic }).catch((error) => {
    if (isRefused(error)) return [];
    throw error;
  });
  const own = entries.filter(({ source }) => source === topicSource);
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}

/** Of a config: somebody set it for this topic. */
const topicSource = 1;
