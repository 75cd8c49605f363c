/**
 * REST v3: how far behind a consumer group is. The surprise: a partition counts once the group has
 * committed an offset of it, whether anybody reads it or not; and what a transaction has not
 * committed yet is nothing anybody is behind of.
 */
import { listOffsets } from '../../../protocol/apis/list-offsets.ts';
import { offsetFetch } from '../../../protocol/apis/offset-fetch.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { HttpError, plainHttpError } from '../errors.ts';
import { type Kafka, Timestamp } from '../kafka.ts';
import type { HttpContext, Route } from '../routes.ts';
import { orNull, text, whole } from '../schemas.ts';
import { type Group, groupNamed, type Member } from './group-descriptions.ts';
import { consumerUrl, groupPath, groupUrl } from './groups.ts';
import { answers, link, resourceOf, resourcesOf, route } from './route.ts';
import {
  type Cluster,
  checkCode,
  clusterAt,
  compare,
  json,
  listOf,
  pathNumber,
  related,
  resource,
  topicUrl,
} from './shapes.ts';

interface Lag {
  readonly topic: string;
  readonly partition: number;
  readonly currentOffset: number;
  readonly endOffset: number;
  /** Never negative. */
  readonly lag: number;
  /** Who reads the partition; undefined: nobody. */
  readonly member: Member | undefined;
}

const readCommitted = 1;
/** The newest version that knows topics by name. */
const offsetFetchByName = 9;

async function listLags(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const { group, lags } = await lagsAt(c);
  const self = `${groupUrl(cluster, group.groupId)}/lags`;
  const data = lags.map((lag) => lagToJson(group, lag, cluster));
  return listOf('KafkaConsumerLagList', self, data);
}

async function getLag(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const index = pathNumber(c, 'partition');
  const { group, lags } = await lagsAt(c);
  const topic = c.req.param('topic');
  const found = lags.find((one) => one.topic === topic && one.partition === index);
  if (found === undefined) throw plainHttpError(404);
  return json(lagToJson(group, found, cluster));
}

async function getLagSummary(c: HttpContext): Promise<Response> {
  const cluster = await clusterAt(c);
  const { group, lags } = await lagsAt(c);
  const { groupId } = group;
  const [most] = lags;
  const self = `${groupUrl(cluster, groupId)}/lag-summary`;
  const consumer = most.member?.memberId ?? '';
  return json({
    ...resource(
      'KafkaConsumerGroupLagSummary',
      self,
      cluster,
      `consumer-group=${groupId}/lag-summary`,
    ),
    consumer_group_id: groupId,
    max_lag_consumer_id: consumer,
    max_lag_instance_id: most.member?.instanceId ?? null,
    max_lag_client_id: most.member?.clientId ?? '',
    max_lag_topic_name: most.topic,
    max_lag_partition_id: most.partition,
    max_lag: most.lag,
    total_lag: lags.reduce((sum, { lag }) => sum + lag, 0),
    max_lag_consumer: related(consumerUrl(cluster, groupId, consumer)),
    max_lag_partition: related(`${topicUrl(cluster, most.topic)}/partitions/${most.partition}`),
  });
}

/** The largest first. Throws 404 where the group has committed nothing. */
async function lagsAt(c: HttpContext): Promise<{ group: Group; lags: readonly Lag[] }> {
  const kafka = c.get('kafka');
  const group = await groupNamed(kafka, c.req.param('group')!);
  const committed = await committedOffsets(kafka, group.groupId);
  const ends = await endOffsets(kafka, committed);
  const readers = new Map(
    group.members.flatMap((member) => member.partitions.map((one) => [nameOf(one), member])),
  );
  const lags = committed.flatMap((one) => {
    const endOffset = ends.get(nameOf(one));
    if (endOffset === undefined) return [];
    const lag = Math.max(0, endOffset - one.currentOffset);
    return { ...one, endOffset, lag, member: readers.get(nameOf(one)) };
  });
  if (lags.length === 0)
    throw new HttpError(404, 404, 'Consumer group offsets could not be found.');
  lags.sort((a, b) => b.lag - a.lag || compare(a.topic, b.topic) || a.partition - b.partition);
  return { group, lags };
}

type Committed = Pick<Lag, 'topic' | 'partition' | 'currentOffset'>;

async function committedOffsets(kafka: Kafka, groupId: string): Promise<Committed[]> {
  const asked = { groupId, memberId: null, memberEpoch: -1, topics: null };
  const request = { groupId: '', topics: null, groups: [asked], requireStable: false };
  const [{ errorCode, topics }] = (await kafka.call(offsetFetch, request, offsetFetchByName))
    .groups;
  checkCode(errorCode);
  return topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partitionIndex, committedOffset }) =>
      committedOffset < 0
        ? []
        : { topic: name, partition: partitionIndex, currentOffset: committedOffset },
    ),
  );
}

/** Without partitions that are gone, or that the client may not see. */
async function endOffsets(
  kafka: Kafka,
  committed: readonly Committed[],
): Promise<ReadonlyMap<string, number>> {
  const byTopic = Map.groupBy(committed, ({ topic }) => topic);
  const { topics } = await kafka.call(listOffsets, {
    replicaId: -1,
    isolationLevel: readCommitted,
    topics: [...byTopic].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: Timestamp.LATEST,
      })),
    })),
    timeoutMs: 30_000,
  });
  const hidden: readonly number[] = [
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ];
  return new Map(
    topics.flatMap(({ name, partitions }) =>
      partitions.flatMap(({ partitionIndex, errorCode, offset }) => {
        if (hidden.includes(errorCode)) return [];
        checkCode(errorCode);
        return [[nameOf({ topic: name, partition: partitionIndex }), offset] as const];
      }),
    ),
  );
}

/** Topic names have no slash. */
const nameOf = ({ topic, partition }: Pick<Lag, 'topic' | 'partition'>) => `${topic}/${partition}`;

function lagToJson({ groupId }: Group, lag: Lag, cluster: Cluster) {
  const { topic, partition, member } = lag;
  const place = `${encodeURIComponent(topic)}/partitions/${partition}`;
  const self = `${groupUrl(cluster, groupId)}/lags/${place}`;
  const crn = `consumer-group=${groupId}/lag=${topic}/partition=${partition}`;
  return {
    ...resource('KafkaConsumerLag', self, cluster, crn),
    consumer_group_id: groupId,
    topic_name: topic,
    partition_id: partition,
    consumer_id: member?.memberId ?? '',
    instance_id: member?.instanceId ?? null,
    client_id: member?.clientId ?? '',
    current_offset: lag.currentOffset,
    log_end_offset: lag.endOffset,
    lag: lag.lag,
  };
}

const lagSchema = resourceOf('KafkaConsumerLag', {
  consumer_group_id: text,
  topic_name: text,
  partition_id: whole,
  consumer_id: text,
  instance_id: orNull(text),
  client_id: text,
  current_offset: whole,
  log_end_offset: whole,
  lag: whole,
});
const summarySchema = resourceOf('KafkaConsumerGroupLagSummary', {
  consumer_group_id: text,
  max_lag_consumer_id: text,
  max_lag_instance_id: orNull(text),
  max_lag_client_id: text,
  max_lag_topic_name: text,
  max_lag_partition_id: whole,
  max_lag: whole,
  total_lag: whole,
  max_lag_consumer: link,
  max_lag_partition: link,
});

export const lagRoutes: readonly Route[] = [
  route('GET', `${groupPath}/lag-summary`, getLagSummary, {
    summary: 'Get how far behind a consumer group is, and where most',
    answers: answers(summarySchema, 'The lag of the group.'),
  }),
  route('GET', `${groupPath}/lags`, listLags, {
    summary: 'List how far behind a consumer group is, partition by partition',
    answers: answers(resourcesOf('KafkaConsumerLagList', lagSchema), 'The largest lag first.'),
  }),
  route('GET', `${groupPath}/lags/:topic/partitions/:partition`, getLag, {
    summary: 'Get how far behind a consumer group is in a partition',
    answers: answers(lagSchema, 'The lag.'),
  }),
];
