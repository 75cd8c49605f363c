/**
 * The offsets a group has committed: one row a topic, changed only by replay; and those that open
 * transactions would. The surprise: a commit that repeats what stands writes nothing (idle
 * consumers commit every few seconds, for ever), until its timestamp is too old.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { CommitReply, CommittingTopic, GroupCalls } from './commands.ts';
import { type PartitionKeys, PendingOffsets } from './pending-offsets.ts';
import type {
  GroupConfig,
  GroupRow,
  OpenTransaction,
  PendingTopic,
  StoredOffset,
  TopicOffsets,
} from './rows.ts';

type Commit = GroupCalls['commitOffsets']['command'];
type TransactionalCommit = GroupCalls['commitTransactionalOffsets']['command'];
type CommittingPartition = CommittingTopic['partitions'][number];
type Fetch = GroupCalls['fetchOffsets'];
type FetchedPartition = Fetch['reply']['topics'][number]['partitions'][number];

/** From when on the retention of an offset counts; Infinity while somebody uses it. */
export type RetainedSince = (topic: string, stored: StoredOffset) => number;

/** The rows that store a commit, and its answer. */
interface Committed {
  readonly rows: readonly GroupRow[];
  readonly answer: CommitReply['topics'];
}

/** Offsets that whoever committed them last may not take for what stands any more. */
export interface Overwritten {
  /** Who changed them and has that in mind; undefined: nobody. */
  readonly by: string | undefined;
  /** `topic:partition` */
  readonly partitions: readonly string[];
}

export interface RowsThatRemove {
  readonly rows: readonly GroupRow[];
  /** Whether they leave nothing at all. */
  readonly empties: boolean;
}

/** How old the timestamp of an unchanged offset may grow: an hour, where retention is a week. */
const longestSlackMs = 3_600_000;
const slacksPerRetention = 7 * 24;

const keyPrefix = 'offsets/';

export class CommittedOffsets {
  readonly #topics = new Map<string, TopicOffsets>();
  readonly #pending = new PendingOffsets();
  readonly #config: GroupConfig;
  /** Who has in mind what stands, as far as memory goes back: `topic:partition` → member id. */
  readonly #committers = new Map<string, string>();
  /** Whose change the next rows are. */
  #committer: string | undefined;
  #overwritten: string[] = [];

  constructor(config: GroupConfig) {
    this.#config = config;
  }

  /** Neither committed nor pending offsets. */
  get isEmpty(): boolean {
    return this.#topics.size === 0 && this.#pending.size === 0;
  }

  replay({ key, value }: GroupRow): void {
    if (PendingOffsets.holds(key)) this.#pending.replay(key, value as OpenTransaction | null);
    else {
      const topic = key.slice(keyPrefix.length);
      this.#noteChange(topic, (value as TopicOffsets | null) ?? undefined);
      if (value === null) this.#topics.delete(topic);
      else this.#topics.set(topic, value as TopicOffsets);
    }
  }

  /** Who committed what is changed now may have to know; who changes its own need not. */
  #noteChange(topic: string, after: TopicOffsets | undefined): void {
    const before = this.#topics.get(topic)?.partitions ?? {};
    const now = after?.partitions ?? {};
    for (const index of Object.keys({ ...before, ...now }).map(Number)) {
      if (before[index] === now[index]) continue;
      const partition = `${topic}:${index}`;
      const own = this.#committers.get(partition);
      if (own === undefined || own !== this.#committer) this.#overwritten.push(partition);
      if (this.#committer === undefined) this.#committers.delete(partition);
      else this.#committers.set(partition, this.#committer);
    }
  }

  takeOverwritten(): Overwritten {
    const overwritten = { by: this.#committer, partitions: this.#overwritten };
    this.#committer = undefined;
    this.#overwritten = [];
    return overwritten;
  }

  /** A producer's transaction whose offsets wait for its end. */
  openTransaction(producerId: number): OpenTransaction | undefined {
    return this.#pending.open(producerId);
  }

  /** Metadata that is too long refuses its partition alone. */
  commit({ memberId, isKeptInMind, topics, retentionTimeMs }: Commit, now: number): Committed {
    this.#committer = isKeptInMind ? memberId : undefined;
    const expiry = retentionTimeMs >= 0 ? { expireTimestampMs: now + retentionTimeMs } : {};
    // By topic: a request may name a topic twice.
    const changed = new Map<string, TopicOffsets>();
    for (const { name, topicId, partitions } of topics) {
      const contested = this.#pending.topic(name).length > 0;
      const position = contested ? { position: this.#nextPosition(name) } : {};
      const stored = this.#storable(partitions, { commitTimestampMs: now, ...expiry, ...position });
      const stands = changed.get(name) ?? this.#topics.get(name);
      const value = changedBy(stands, topicId, stored, this.#slackMs);
      if (value) changed.set(name, value);
    }
    const rows = [...changed].map(([name, value]) => offsetsRow(name, value));
    return { rows, answer: this.#answer(topics) };
  }

  /** Stores what is to be committed if this transaction is. */
  commitTransactional(
    { producerId, producerEpoch, topics }: TransactionalCommit,
    transactionNumber: number,
    now: number,
  ): Committed {
    const pending = topics.map(({ name, topicId, partitions }): PendingTopic => {
      const position = this.#nextPosition(name);
      const stored = this.#storable(partitions, { commitTimestampMs: now, position });
      return { name, topicId, partitions: Object.fromEntries(stored) };
    });
    const rows = this.#pending.add(producerId, {
      transactionNumber,
      producerEpoch,
      topics: pending.filter(({ partitions }) => Object.keys(partitions).length > 0),
    });
    return { rows, answer: this.#answer(topics) };
  }

  /** Rows that end a producer's open transaction: its offsets stand from now on, or never will. */
  endTransaction(producerId: number, committed: boolean): RowsThatRemove {
    const topics = (committed && this.#pending.open(producerId)?.topics) || [];
    const changed = topics.flatMap((topic) => {
      const value = this.#materialized(topic, this.#pending.topic(topic.name, producerId));
      return value ? [offsetsRow(topic.name, value)] : [];
    });
    const empties = changed.length === 0 && this.#topics.size === 0 && this.#pending.size === 1;
    return { rows: [this.#pending.forget(producerId), ...changed], empties };
  }

  /** What becomes of a topic's offsets, but where something was committed since. */
  #materialized(topic: PendingTopic, stillPending: readonly PendingTopic[]) {
    const known = this.#topics.get(topic.name);
    const sameTopic = known?.topicId === topic.topicId;
    // The topic was deleted and created again, and the new one has offsets already.
    if (known && !sameTopic && lastPosition(known) > lastPosition(topic)) return undefined;
    const stored = Object.entries(topic.partitions).flatMap(([index, { position, ...offset }]) => {
      const later = sameTopic ? (known.partitions[Number(index)]?.position ?? 0) : 0;
      if (later > (position ?? 0)) return [];
      const value = stillPending.length > 0 ? { ...offset, position } : offset;
      return [[Number(index), value] as const];
    });
    return changedBy(known, topic.topicId, stored, this.#slackMs);
  }

  get #retentionMs(): number {
    return this.#config.offsetsRetentionMinutes * 60_000;
  }

  get #slackMs(): number {
    return Math.min(longestSlackMs, this.#retentionMs / slacksPerRetention);
  }

  #nextPosition(name: string): number {
    const known = this.#topics.get(name);
    const all = [...this.#pending.topic(name), ...(known ? [known] : [])];
    return 1 + Math.max(0, ...all.map(lastPosition));
  }

  #fits({ metadata }: CommittingPartition): boolean {
    return (metadata?.length ?? 0) <= this.#config.offsetMetadataMaxBytes;
  }

  #storable(
    partitions: readonly CommittingPartition[],
    common: Omit<StoredOffset, 'offset' | 'leaderEpoch' | 'metadata'>,
  ): [number, StoredOffset][] {
    return partitions
      .filter((partition) => this.#fits(partition))
      .map(({ partitionIndex, committedOffset, committedLeaderEpoch, metadata }) => [
        partitionIndex,
        {
          offset: committedOffset,
          leaderEpoch: committedLeaderEpoch,
          metadata: metadata ?? '',
          ...common,
        },
      ]);
  }

  #answer(topics: readonly CommittingTopic[]): CommitReply['topics'] {
    return topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({
        partitionIndex: partition.partitionIndex,
        errorCode: this.#fits(partition) ? ErrorCode.NONE : ErrorCode.OFFSET_METADATA_TOO_LARGE,
      })),
    }));
  }

  /** Stable: what an open transaction may change is an error instead. */
  read({ topics, requireStable }: Fetch['command']): Fetch['reply']['topics'] {
    const all = [...this.#topics].map(([name, { partitions }]) => ({
      name,
      partitionIndexes: Object.keys(partitions).map(Number),
    }));
    return (topics ?? all).flatMap(({ name, partitionIndexes }) => {
      const known = this.#topics.get(name);
      const pending = requireStable ? this.#pending.topic(name) : [];
      // By incarnation: what is pending may be of another one than what stands.
      const found = new Map<string, FetchedPartition[]>();
      const put = (topicId: string, partition: FetchedPartition): void => {
        const partitions = found.get(topicId) ?? [];
        found.set(topicId, partitions);
        partitions.push(partition);
      };
      for (const index of partitionIndexes) {
        const unstable = new Set(pendingOf(index, pending).map(({ topicId }) => topicId));
        for (const topicId of unstable) put(topicId, unstablePartition(index));
        const stored = known?.partitions[index];
        if (stored && !unstable.has(known.topicId))
          put(known.topicId, storedPartition(index, stored));
      }
      return [...found].map(([topicId, partitions]) => ({ name, topicId, partitions }));
    });
  }

  /** Rows that remove the offsets of these partitions. */
  remove(unwanted: GroupCalls['deleteOffsets']['command']['topics']): RowsThatRemove {
    // By topic: a request may name a topic twice.
    const keys = new Map<string, Set<string>>();
    for (const { name, partitionIndexes } of unwanted) {
      const gone = keys.get(name) ?? new Set();
      keys.set(name, gone);
      for (const index of partitionIndexes) gone.add(String(index));
    }
    const committed = this.#removeCommitted(keys);
    const rows = [...committed, ...this.#pending.remove(keys)];
    const gone = rows.filter(({ value }) => value === null).length;
    return { rows, empties: gone > 0 && gone === this.#topics.size + this.#pending.size };
  }

  #removeCommitted(unwanted: PartitionKeys): GroupRow[] {
    return [...unwanted].flatMap(([name, gone]): GroupRow[] => {
      const { topicId = '', partitions = {} } = this.#topics.get(name) ?? {};
      const all = Object.entries(partitions);
      const kept = all.filter(([index]) => !gone.has(index));
      if (kept.length === all.length) return [];
      const value = kept.length > 0 ? { topicId, partitions: Object.fromEntries(kept) } : null;
      return [offsetsRow(name, value)];
    });
  }

  /** Rows that remove everything. */
  removeAll(): GroupRow[] {
    const committed = [...this.#topics.keys()].map((topic) => offsetsRow(topic, null));
    return [...committed, ...this.#pending.forgetAll()];
  }

  /**
   * When the first of these offsets expires; `since` says from when on an offset's retention
   * counts.
   */
  nextExpiry(since: RetainedSince): number | undefined {
    let next = Infinity;
    for (const [topic, { partitions }] of this.#topics) {
      const expiryOf = this.#expiries(topic, since);
      for (const entry of Object.entries(partitions)) next = Math.min(next, expiryOf(entry));
    }
    return next === Infinity ? undefined : next;
  }

  /** Rows that remove what has expired, and whether anything remains. */
  expire(since: RetainedSince, now: number): { rows: GroupRow[]; remains: boolean } {
    const rows: GroupRow[] = [];
    let remains = this.#pending.size > 0;
    for (const [topic, { topicId, partitions }] of this.#topics) {
      const all = Object.entries(partitions);
      const expiryOf = this.#expiries(topic, since);
      const kept = all.filter((entry) => expiryOf(entry) > now);
      remains ||= kept.length > 0;
      if (kept.length === all.length) continue;
      const value = kept.length > 0 ? { topicId, partitions: Object.fromEntries(kept) } : null;
      rows.push(offsetsRow(topic, value));
    }
    return { rows, remains };
  }

  /** When each partition of a topic expires; while an open transaction may change it, never. */
  #expiries(topic: string, since: RetainedSince): (entry: [string, StoredOffset]) => number {
    const pending = this.#pending.topic(topic);
    const retentionMs = this.#retentionMs;
    return ([index, stored]) => {
      const start = since(topic, stored);
      if (start === Infinity || pendingOf(Number(index), pending).length > 0) return Infinity;
      return stored.expireTimestampMs ?? start + retentionMs;
    };
  }
}

function pendingOf(index: number, pending: readonly PendingTopic[]): PendingTopic[] {
  return pending.filter(({ partitions }) => partitions[index] !== undefined);
}

function offsetsRow(topic: string, value: TopicOffsets | null): GroupRow {
  return { key: `${keyPrefix}${topic}`, value };
}

function lastPosition({ partitions }: TopicOffsets): number {
  let last = 0;
  for (const { position } of Object.values(partitions)) last = Math.max(last, position ?? 0);
  return last;
}

function storedPartition(partitionIndex: number, stored: StoredOffset): FetchedPartition {
  const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = stored;
  const errorCode = ErrorCode.NONE;
  return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode };
}

function unstablePartition(partitionIndex: number): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT,
  };
}

/** What a topic's offsets become, or undefined when they stay as they are. */
function changedBy(
  known: TopicOffsets | undefined,
  topicId: string,
  stored: Iterable<readonly [number, StoredOffset]>,
  slackMs: number,
): TopicOffsets | undefined {
  const stands = known?.topicId === topicId ? known.partitions : {};
  const partitions: Record<number, StoredOffset> = { ...stands };
  let changed = false;
  for (const [index, offset] of stored) {
    if (repeats(partitions[index], offset, slackMs)) continue;
    partitions[index] = offset;
    changed = true;
  }
  return changed ? { topicId, partitions } : undefined;
}

/** Whether what stands says the same, and is not yet old. */
function repeats(stands: StoredOffset | undefined, stored: StoredOffset, slackMs: number): boolean {
  return (
    stands !== undefined &&
    stands.offset === stored.offset &&
    stands.leaderEpoch === stored.leaderEpoch &&
    stands.metadata === stored.metadata &&
    stands.expireTimestampMs === undefined &&
    stored.expireTimestampMs === undefined &&
    stored.position === undefined &&
    stored.commitTimestampMs - stands.commitTimestampMs < slackMs
  );
}
