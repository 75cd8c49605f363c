/**
 * The offsets a group has committed: one row a topic, changed only by replay. The surprise: a
 * commit that repeats what stands writes nothing (idle consumers commit every few seconds, for
 * ever), until its timestamp is an hour old.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { GroupCalls } from './commands.ts';
import type { GroupConfig, GroupRow, StoredOffset, TopicOffsets } from './rows.ts';

type Commit = GroupCalls['commitOffsets']['command'];
type CommitTopic = Commit['topics'][number];
type CommitPartition = CommitTopic['partitions'][number];
type CommitAnswer = GroupCalls['commitOffsets']['reply']['topics'];
type FetchAnswer = GroupCalls['fetchOffsets']['reply']['topics'];

/** From when on the retention of an offset counts; Infinity while somebody uses it. */
export type RetainedSince = (topic: string, stored: StoredOffset) => number;

/** How old the timestamp of an unchanged offset may grow; retention is counted in days. */
const timestampSlackMs = 3_600_000;

const keyPrefix = 'offsets/';

export class CommittedOffsets {
  readonly #topics = new Map<string, TopicOffsets>();
  readonly #config: GroupConfig;

  constructor(config: GroupConfig) {
    this.#config = config;
  }

  get isEmpty(): boolean {
    return this.#topics.size === 0;
  }

  static holds(key: string): boolean {
    return key.startsWith(keyPrefix);
  }

  replay(key: string, value: TopicOffsets | null): void {
    const topic = key.slice(keyPrefix.length);
    if (value === null) this.#topics.delete(topic);
    else this.#topics.set(topic, value);
  }

  /**
   * The rows that store a commit, and its answer. Metadata that is too long refuses its partition
   * alone.
   */
  commit(command: Commit, now: number): { rows: GroupRow[]; answer: CommitAnswer } {
    // By topic: a request may name a topic twice.
    const changed = new Map<string, TopicOffsets>();
    const answer = command.topics.map((topic) => {
      const fits = ({ metadata }: CommitPartition): boolean =>
        (metadata?.length ?? 0) <= this.#config.offsetMetadataMaxBytes;
      const value = commitTopic(
        changed.get(topic.name) ?? this.#topics.get(topic.name),
        { ...topic, partitions: topic.partitions.filter(fits) },
        command.retentionTimeMs,
        now,
      );
      if (value) changed.set(topic.name, value);
      const partitions = topic.partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: fits(partition) ? ErrorCode.NONE : ErrorCode.OFFSET_METADATA_TOO_LARGE,
      }));
      return { name: topic.name, partitions };
    });
    const rows = [...changed].map(
      ([topic, value]): GroupRow => ({ key: `${keyPrefix}${topic}`, value }),
    );
    return { rows, answer };
  }

  read(wanted: GroupCalls['fetchOffsets']['command']['topics']): FetchAnswer {
    const names = wanted?.map(({ name, partitionIndexes }) => ({ name, partitionIndexes }));
    const all = [...this.#topics].map(([name, { partitions }]) => ({
      name,
      partitionIndexes: Object.keys(partitions).map(Number),
    }));
    return (names ?? all).flatMap(({ name, partitionIndexes }) => {
      const topic = this.#topics.get(name);
      if (!topic) return [];
      const partitions = partitionIndexes.flatMap((partitionIndex) => {
        const stored = topic.partitions[partitionIndex];
        if (!stored) return [];
        const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = stored;
        const errorCode = ErrorCode.NONE;
        return [{ partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode }];
      });
      return [{ name, topicId: topic.topicId, partitions }];
    });
  }

  /** Rows that remove the offsets of these partitions, and whether that leaves none at all. */
  remove(unwanted: GroupCalls['deleteOffsets']['command']['topics']): {
    rows: GroupRow[];
    empties: boolean;
  } {
    // By topic: a request may name a topic twice.
    const indexes = new Map<string, Set<string>>();
    for (const { name, partitionIndexes } of unwanted) {
      const gone = indexes.get(name) ?? new Set();
      indexes.set(name, gone);
      for (const index of partitionIndexes) gone.add(String(index));
    }
    const rows = [...indexes].flatMap(([name, gone]): GroupRow[] => {
      const { topicId = '', partitions = {} } = this.#topics.get(name) ?? {};
      const all = Object.entries(partitions);
      const kept = all.filter(([index]) => !gone.has(index));
      if (kept.length === all.length) return [];
      const value = kept.length > 0 ? { topicId, partitions: Object.fromEntries(kept) } : null;
      return [{ key: `${keyPrefix}${name}`, value }];
    });
    const topicsGone = rows.filter(({ value }) => value === null).length;
    return { rows, empties: rows.length > 0 && topicsGone === this.#topics.size };
  }

  /** Rows that remove everything. */
  removeAll(): GroupRow[] {
    return [...this.#topics.keys()].map((topic) => ({ key: `${keyPrefix}${topic}`, value: null }));
  }

  /**
   * When the first of these offsets expires; `since` says from when on an offset's retention
   * counts.
   */
  nextExpiry(since: RetainedSince): number | undefined {
    let next = Infinity;
    for (const [topic, { partitions }] of this.#topics) {
      for (const stored of Object.values(partitions)) {
        next = Math.min(next, this.#expiryOf(topic, stored, since));
      }
    }
    return next === Infinity ? undefined : next;
  }

  /** Rows that remove what has expired, and whether anything remains. */
  expire(since: RetainedSince, now: number): { rows: GroupRow[]; remains: boolean } {
    const rows: GroupRow[] = [];
    let remains = false;
    for (const [topic, { topicId, partitions }] of this.#topics) {
      const all = Object.entries(partitions);
      const kept = all.filter(([, stored]) => this.#expiryOf(topic, stored, since) > now);
      remains ||= kept.length > 0;
      if (kept.length === all.length) continue;
      const value = kept.length > 0 ? { topicId, partitions: Object.fromEntries(kept) } : null;
      rows.push({ key: `${keyPrefix}${topic}`, value });
    }
    return { rows, remains };
  }

  #expiryOf(topic: string, stored: StoredOffset, since: RetainedSince): number {
    const start = since(topic, stored);
    if (start === Infinity) return Infinity;
    return stored.expireTimestampMs ?? start + this.#config.offsetsRetentionMinutes * 60_000;
  }
}

/** What a topic's offsets become, or undefined when they stay as they are. */
function commitTopic(
  known: TopicOffsets | undefined,
  topic: CommitTopic,
  retentionTimeMs: number,
  now: number,
): TopicOffsets | undefined {
  const stands = known?.topicId === topic.topicId ? known.partitions : {};
  const partitions: Record<number, StoredOffset> = { ...stands };
  let changed = false;
  for (const partition of topic.partitions) {
    const stored: StoredOffset = {
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.metadata ?? '',
      commitTimestampMs: now,
      ...(retentionTimeMs >= 0 ? { expireTimestampMs: now + retentionTimeMs } : {}),
    };
    if (repeats(partitions[partition.partitionIndex], stored)) continue;
    partitions[partition.partitionIndex] = stored;
    changed = true;
  }
  return changed ? { topicId: topic.topicId, partitions } : undefined;
}

/** Whether what stands says the same, and is not yet old. */
function repeats(stands: StoredOffset | undefined, stored: StoredOffset): boolean {
  return (
    stands !== undefined &&
    stands.offset === stored.offset &&
    stands.leaderEpoch === stored.leaderEpoch &&
    stands.metadata === stored.metadata &&
    stands.expireTimestampMs === undefined &&
    stored.expireTimestampMs === undefined &&
    stored.commitTimestampMs - stands.commitTimestampMs < timestampSlackMs
  );
}
