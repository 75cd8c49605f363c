/**
 * The share sessions of one connection: which partitions a member of a share group asks for, and
 * what it may hold. The surprises: a session lives as long as its connection, whose end gives back
 * what was acquired, as Kafka does; and it remembers what a partition last said, so that one that
 * has nothing is not asked again.
 */
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { eachBounded } from '../runtime/each-bounded.ts';
import type { Objects } from '../runtime/stubs.ts';
import type { WatchedPartition } from './context.ts';
import { failureCode } from './failures.ts';

/** What a partition said that had nothing for the member. */
export interface Quiet {
  /** The watch that will tell when it has. */
  readonly watched: WatchedPartition;
  /** Where the log ended for the group; infinite: more of it does not help. */
  readonly end: number;
  /** 0 read_uncommitted, 1 read_committed: which end that is. */
  readonly isolationLevel: number;
  /** How often the watch had told the group to ask. */
  readonly sharedTimes: number;
  /** It has something, but not for the request of this poll; undefined: it has nothing. */
  readonly but: object | undefined;
  /** When to ask all the same; null: never. Milliseconds since the epoch. */
  readonly askAt: number | null;
}

export interface SessionPartition {
  readonly topicId: string;
  readonly partition: number;
  /** The next answer names it whatever there is to say. */
  mustAnswer: boolean;
  quiet: Quiet | undefined;
  /** It was not asked yet since the client came, which holds nothing then. */
  isAnew: boolean;
  /** Its topic is unknown; ids do not come again. */
  isGone: boolean;
}

export interface PartitionName {
  readonly topicId: string;
  readonly partition: number;
}

export const keyOf = ({ topicId, partition }: PartitionName): string => `${topicId}:${partition}`;

const firstEpoch = 0;
export const finalEpoch = -1;
const largestEpoch = 0x7fff_ffff;

export class ShareSession {
  readonly groupId: string;
  readonly memberId: string;
  epoch = firstEpoch + 1;
  /** In the order in which they are asked. */
  readonly partitions = new Map<string, SessionPartition>();
  /** Of which something was acquired. */
  readonly held = new Map<string, PartitionName>();

  constructor(groupId: string, memberId: string) {
    this.groupId = groupId;
    this.memberId = memberId;
  }

  add(names: readonly PartitionName[], { mustAnswer = false, isAnew = false }): void {
    for (const { topicId, partition } of names) {
      const key = keyOf({ topicId, partition });
      if (this.partitions.has(key)) continue;
      const fresh = { quiet: undefined, isGone: false };
      this.partitions.set(key, { topicId, partition, mustAnswer, isAnew, ...fresh });
    }
  }

  forget(names: readonly PartitionName[]): void {
    for (const name of names) this.partitions.delete(keyOf(name));
  }

  /** Something of this partition was acquired: others are asked before it next time. */
  acquired({ topicId, partition }: PartitionName): void {
    const key = keyOf({ topicId, partition });
    this.held.set(key, { topicId, partition });
    const asked = this.partitions.get(key);
    if (asked === undefined) return;
    this.partitions.delete(key);
    this.partitions.set(key, asked);
  }
}

/** What the sessions of a connection may hold of its isolate's memory. */
const mostSessions = 100;
const mostPartitions = 100_000;
const releasesAtOnce = 100;

export class ShareSessions {
  /** Names the connection among those of its members. */
  readonly id = crypto.randomUUID().slice(0, 8);
  readonly #objects: Objects;
  readonly #sessions = new Map<string, ShareSession>();

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  /**
   * Opens a session in the place of any before. The first one of a client that lost its connection
   * gives back what it held, should the end of that connection not have come to it. Throws
   * SHARE_SESSION_LIMIT_REACHED.
   */
  open(groupId: string, memberId: string, names: readonly PartitionName[]): ShareSession {
    const key = sessionKey(groupId, memberId);
    const before = this.#sessions.get(key);
    this.#sessions.delete(key);
    const session = new ShareSession(groupId, memberId);
    session.add(names, { isAnew: before === undefined });
    for (const [held, name] of before?.held ?? []) session.held.set(held, name);
    if (this.#sessions.size >= mostSessions) throw limitReached();
    this.#checkRoom(session.partitions.size);
    this.#sessions.set(key, session);
    return session;
  }

  /** Throws SHARE_SESSION_NOT_FOUND. */
  get(groupId: string, memberId: string): ShareSession {
    const session = this.#sessions.get(sessionKey(groupId, memberId));
    if (session === undefined) throw new KafkaError(ErrorCode.SHARE_SESSION_NOT_FOUND);
    return session;
  }

  /**
   * The session, for a request with the epoch that comes next. Throws SHARE_SESSION_NOT_FOUND or
   * INVALID_SHARE_SESSION_EPOCH.
   */
  next(groupId: string, memberId: string, epoch: number): ShareSession {
    const session = this.get(groupId, memberId);
    if (session.epoch !== epoch) throw new KafkaError(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    session.epoch = epoch === largestEpoch ? firstEpoch + 1 : epoch + 1;
    return session;
  }

  /** Adds partitions to a session. Throws SHARE_SESSION_LIMIT_REACHED. */
  add(session: ShareSession, names: readonly PartitionName[]): void {
    this.#checkRoom(names.length);
    session.add(names, { mustAnswer: true });
  }

  /** Ends a session: what its member holds goes back to the group. */
  async close({ groupId, memberId, held }: ShareSession): Promise<void> {
    this.#sessions.delete(sessionKey(groupId, memberId));
    const release = async ({ topicId, partition }: PartitionName): Promise<void> => {
      try {
        const stub = this.#objects.partition(topicId, partition);
        await stub.call('shareRelease', { groupId, memberId, connection: this.id });
      } catch (error) {
        // Its locks end by themselves.
        failureCode(error);
      }
    };
    await eachBounded([...held.values()], release, { atOnce: releasesAtOnce });
  }

  /** The client is gone. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.close(session)));
  }

  #checkRoom(more: number): void {
    let partitions = more;
    for (const session of this.#sessions.values()) partitions += session.partitions.size;
    if (partitions > mostPartitions) throw limitReached();
  }
}

function sessionKey(groupId: string, memberId: string): string {
  return JSON.stringify([groupId, memberId]);
}

function limitReached(): KafkaError {
  return new KafkaError(ErrorCode.SHARE_SESSION_LIMIT_REACHED);
}
