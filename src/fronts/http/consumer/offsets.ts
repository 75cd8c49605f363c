/**
 * How far a consumer instance has read: committing it, looking it up, and deciding where to start
 * when nothing is known. The surprise: to this dialect a committed offset is that of the last
 * record read, so Kafka is told the next one.
 */
import { ZERO_UUID } from '../../../bytes/uuid.ts';
import type { ConsumedPartition } from '../../../core/rest-consumer/calls.ts';
import {
  consumedOffsets,
  markCommitted,
  moveTo,
  type PartitionOffset,
  type TopicPartition,
  uncommittedOffsets,
} from '../../../core/rest-consumer/state.ts';
import { offsetCommit } from '../../../protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../../protocol/apis/offset-fetch.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../../protocol/errors.ts';
import { fromKafka, HttpError } from '../errors.ts';
import { Timestamp } from '../kafka.ts';
import type { Consumer } from './consumer.ts';

export interface CommittedOffset extends PartitionOffset {
  /** Kafka's: of the next record to read. */
  readonly offset: number;
  readonly metadata: string;
}

/** Java's `auto.commit.interval.ms`. */
const autoCommitMs = 5_000;

/** Commits everything that was read. Answers what is committed now. */
export async function commitConsumed(consumer: Consumer): Promise<readonly PartitionOffset[]> {
  const offsets = consumedOffsets(consumer.state);
  await commit(consumer, offsets);
  return offsets;
}

/** Commits these offsets: each the next to read. */
export async function commit(
  consumer: Consumer,
  offsets: readonly (PartitionOffset & { readonly metadata?: string })[],
): Promise<void> {
  if (offsets.length === 0) return;
  const { member } = consumer.state;
  if (member && member.generationId < 0) {
    const why =
      'Offset commit cannot be completed since the consumer is not part of an active group';
    throw new HttpError(500, 50002, `Kafka error: ${why}: poll first.`);
  }
  const { topics } = await consumer.kafka.call(offsetCommit, {
    groupId: consumer.group,
    generationIdOrMemberEpoch: member?.generationId ?? -1,
    memberId: member?.memberId ?? '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: byTopic(offsets, ({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: metadata ?? null,
    })),
  });
  for (const { errorCode } of topics.flatMap(({ partitions }) => partitions)) {
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
  }
  consumer.state = markCommitted(consumer.state, offsets);
}

/** Commits by itself what earlier polls have read, when it is time to. */
export async function autoCommit(consumer: Consumer): Promise<void> {
  const { config, autoCommittedAtMs } = consumer.state;
  const intervalMs = config.autoCommitIntervalMs ?? autoCommitMs;
  if (!config.autoCommit || consumer.now - autoCommittedAtMs < intervalMs) return;
  await commitQuietly(consumer);
}

/** Before partitions go to somebody else: what was read of them is theirs to know. */
export async function commitBeforeRebalance(consumer: Consumer): Promise<void> {
  if (consumer.state.config.autoCommit) await commitQuietly(consumer);
}

/** As in Kafka's consumers, an automatic commit that fails is tried again by the next one. */
async function commitQuietly(consumer: Consumer): Promise<void> {
  const offsets = uncommittedOffsets(consumer.state);
  if (offsets.length === 0) return;
  try {
    await commit(consumer, offsets);
    consumer.state = { ...consumer.state, autoCommittedAtMs: consumer.now };
  } catch (error) {
    if (!(error instanceof KafkaError || error instanceof HttpError)) throw error;
  }
}

/** What the group has committed; null: of every partition there is. */
export async function committedOffsets(
  { kafka, group }: Pick<Consumer, 'kafka' | 'group'>,
  wanted: readonly TopicPartition[] | null,
): Promise<readonly CommittedOffset[]> {
  const { groups } = await kafka.call(offsetFetch, {
    groupId: '',
    topics: null,
    groups: [
      {
        groupId: group,
        memberId: null,
        memberEpoch: -1,
        topics:
          wanted &&
          byTopic(wanted, ({ partition }) => partition).map(({ name, partitions }) => ({
            name,
            topicId: ZERO_UUID,
            partitionIndexes: partitions,
          })),
      },
    ],
    requireStable: true,
  });
  const [{ errorCode, topics }] = groups;
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
  return topics.flatMap(({ name, partitions }) =>
    partitions.flatMap((one) => {
      if (one.errorCode !== ErrorCode.NONE) throw new KafkaError(one.errorCode);
      if (one.committedOffset < 0) return [];
      const { partitionIndex: partition, committedOffset: offset, metadata } = one;
      return [{ topic: name, partition, offset, metadata: metadata ?? '' }];
    }),
  );
}

/**
 * Decides every position that is not an offset yet: by what is committed, else by the reset
 * policy. What cannot be decided now stays as it is for the next poll. Throws when there is no
 * policy.
 */
export async function resolvePositions(consumer: Consumer): Promise<void> {
  const open = consumer.state.partitions.filter(({ position }) => position === 'committed');
  if (open.length > 0) {
    const committed = await stableOffsets(consumer, open);
    if (committed === undefined) return;
    consumer.state = markCommitted(moveTo(consumer.state, committed), committed);
  }
  const resets = consumer.state.partitions.filter(({ position }) => typeof position === 'string');
  await resetPositions(consumer, resets);
}

/** Undefined while an open transaction may change them: then nothing can be decided. */
async function stableOffsets(
  consumer: Consumer,
  wanted: readonly TopicPartition[],
): Promise<readonly CommittedOffset[] | undefined> {
  try {
    return await committedOffsets(consumer, wanted);
  } catch (error) {
    const unstable = ErrorCode.UNSTABLE_OFFSET_COMMIT;
    if (error instanceof KafkaError && error.code === unstable) return undefined;
    throw error;
  }
}

/** Partitions whose position is of no use: to where the policy says. */
export async function resetPositions(
  consumer: Consumer,
  partitions: readonly ConsumedPartition[],
): Promise<void> {
  const { offsetReset, isolationLevel } = consumer.state.config;
  const found = await Promise.all(
    partitions.map(async ({ topic, partition, position }) => {
      const to = position === 'earliest' || position === 'latest' ? position : offsetReset;
      if (to === 'none') {
        const place = `${topic}-${partition}`;
        throw fromKafka(
          ErrorCode.OFFSET_OUT_OF_RANGE,
          `no valid offset for partition ${place}, and auto.offset.reset is none`,
        );
      }
      const timestamp = to === 'earliest' ? Timestamp.EARLIEST : Timestamp.LATEST;
      const { kafka } = consumer;
      return {
        topic,
        partition,
        offset: await offsetOrNone(kafka, topic, partition, timestamp, isolationLevel),
      };
    }),
  );
  consumer.state = moveTo(
    consumer.state,
    found.filter(({ offset }) => offset >= 0),
  );
}

/** -1 when the partition cannot say now, or is gone. */
async function offsetOrNone(
  kafka: Consumer['kafka'],
  ...args: Parameters<Consumer['kafka']['offsetAt']>
): Promise<number> {
  try {
    return await kafka.offsetAt(...args);
  } catch (error) {
    if (error instanceof KafkaError && errorInfo(error.code).retriable) return -1;
    throw error;
  }
}

function byTopic<P extends TopicPartition, T>(
  partitions: readonly P[],
  convert: (one: P) => T,
): { name: string; topicId: string; partitions: T[] }[] {
  const topics = new Map<string, T[]>();
  for (const one of partitions) {
    const known = topics.get(one.topic);
    if (known) known.push(convert(one));
    else topics.set(one.topic, [convert(one)]);
  }
  return [...topics].map(([name, list]) => ({ name, topicId: ZERO_UUID, partitions: list }));
}
