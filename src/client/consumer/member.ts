/**
 * A member of a group, by the protocol of KIP-848: it says in heartbeats what it reads and has, and
 * hears what it may have. The surprise: what it hears is only noted here. The consumer gives up and
 * takes partitions between two records, so that nothing is taken from it in the middle of one; and
 * a consumer that asks for no record for too long leaves its group, by itself.
 */
import { uuidFromRandom } from '../../bytes/uuid.ts';
import {
  type ConsumerGroupHeartbeatRequest,
  consumerGroupHeartbeat,
} from '../../protocol/apis/consumer-group-heartbeat.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Link } from '../link.ts';
import { backoffMs, isRetriable } from '../waiting.ts';

/** Partitions by the id of their topic. */
export type Assignment = NonNullable<ConsumerGroupHeartbeatRequest['topicPartitions']>;

export interface MemberTerms {
  readonly groupId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly topics: readonly string[];
  /** A pattern of topic names, in the broker's syntax (RE2); null: none. */
  readonly pattern: string | null;
  readonly assignor: string | null;
  /** How long the consumer may take between two records, and to give up partitions. */
  readonly maxPollIntervalMs: number;
  /** Something was heard: an assignment, or an error. */
  changed(): void;
}

const joining = 0;
const leaving = -1;
/** The place is kept for who comes with the same instance id. */
const leavingForNow = -2;

export class Member {
  readonly memberId: string;
  readonly #link: Link;
  readonly #terms: MemberTerms;
  #epoch = joining;
  #intervalMs = 3_000;
  /** What was heard and is not carried out yet. */
  #target: Assignment | undefined;
  /** What it has, and whether that was said. */
  #owned: Assignment = [];
  #saysOwned = false;
  /** Everything is to be said again: nobody knows what was heard. */
  #saysAll = true;
  #wasFenced = false;
  #error: unknown;
  #polledAt = Date.now();
  #isPolling = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beating: Promise<void> | undefined;
  #failures = 0;
  #state: 'in' | 'out' | 'gone' = 'out';

  constructor(link: Link, terms: MemberTerms) {
    this.#link = link;
    this.#terms = terms;
    this.memberId = uuidFromRandom(crypto.getRandomValues(new Uint8Array(16)));
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The consumer asks for records: it is alive, and in the group. Throws what cannot be mended. */
  poll(isPolling: boolean): void {
    this.#polledAt = Date.now();
    this.#isPolling = isPolling;
    if (this.#error !== undefined) throw this.#error;
    if (this.#state !== 'out') return;
    this.#state = 'in';
    this.#say(0);
  }

  /** The assignment that was heard and is to be carried out; then `has` is to be told. */
  get target(): Assignment | undefined {
    return this.#target;
  }

  /** Whether there is something for the consumer to do. */
  get hasNews(): boolean {
    return this.#target !== undefined || this.#wasFenced || this.#error !== undefined;
  }

  /** Once after the group has given away what this member had: nothing may be committed for it. */
  takeFenced(): boolean {
    const was = this.#wasFenced;
    this.#wasFenced = false;
    return was;
  }

  /** This target was carried out: the consumer reads these now. */
  has(owned: Assignment, target: Assignment): void {
    if (this.#target === target) this.#target = undefined;
    this.#owned = owned;
    this.#saysOwned = true;
    this.#say(0);
  }

  /** A commit was refused since the epoch is not the one the group has: hear about it. */
  async refresh(): Promise<void> {
    await this.#beating;
    clearTimeout(this.#timer);
    await this.#beatOnce();
  }

  /** Leaves the group: others may have at once what it had. */
  async leave(): Promise<void> {
    const wasIn = this.#state === 'in';
    this.#state = 'gone';
    clearTimeout(this.#timer);
    await this.#beating;
    clearTimeout(this.#timer);
    if (wasIn && this.#epoch > joining) await this.#sayGoodbye();
  }

  #say(inMs: number): void {
    clearTimeout(this.#timer);
    if (this.#state !== 'in') return;
    this.#timer = setTimeout(() => void this.#beatOnce(), inMs);
  }

  #beatOnce(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async #beat(): Promise<void> {
    const isLate = Date.now() - this.#polledAt > this.#terms.maxPollIntervalMs;
    if (isLate && !this.#isPolling) return this.#dropOut();
    const saidAll = this.#saysAll;
    const saidOwned = this.#saysOwned;
    this.#saysAll = this.#saysOwned = false;
    try {
      const answer = await this.#link.call(
        consumerGroupHeartbeat,
        this.#heartbeat(saidAll, saidOwned),
      );
      this.#intervalMs = answer.heartbeatIntervalMs || this.#intervalMs;
      if (answer.errorCode !== ErrorCode.NONE) {
        throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined);
      }
      this.#failures = 0;
      this.#epoch = answer.memberEpoch;
      if (answer.assignment) {
        this.#target = answer.assignment.topicPartitions;
        this.#terms.changed();
      }
      this.#say(this.#saysOwned ? 0 : this.#intervalMs);
    } catch (error) {
      this.#saysAll = true;
      this.#heed(error);
    }
  }

  #heed(error: unknown): void {
    const code = error instanceof KafkaError ? error.code : undefined;
    if (code === ErrorCode.FENCED_MEMBER_EPOCH || code === ErrorCode.UNKNOWN_MEMBER_ID) {
      this.#lose();
      this.#say(0);
    } else if (isRetriable(error)) {
      this.#say(backoffMs(this.#failures++));
    } else if (this.#state === 'in') {
      this.#error = error;
      this.#terms.changed();
    }
  }

  /** The group has gone on without it. */
  #lose(): void {
    this.#epoch = joining;
    this.#target = undefined;
    this.#owned = [];
    this.#saysAll = true;
    this.#wasFenced = true;
    this.#terms.changed();
  }

  /** The consumer seems to be stuck: others shall read on. It is in again with its next poll. */
  async #dropOut(): Promise<void> {
    this.#state = 'out';
    await this.#sayGoodbye();
    this.#lose();
  }

  async #sayGoodbye(): Promise<void> {
    const { groupId, instanceId } = this.#terms;
    const memberEpoch = instanceId === null ? leaving : leavingForNow;
    const request = { groupId, memberId: this.memberId, instanceId, memberEpoch };
    // Who is not heard is forgotten when its session ends.
    await this.#link.call(consumerGroupHeartbeat, request).catch(() => {});
  }

  #heartbeat(saysAll: boolean, saysOwned: boolean): Partial<ConsumerGroupHeartbeatRequest> {
    const { groupId, instanceId, rackId, topics, pattern, assignor } = this.#terms;
    const who = { groupId, memberId: this.memberId, memberEpoch: this.#epoch, instanceId };
    const owned = saysAll || saysOwned ? { topicPartitions: this.#owned } : {};
    if (!saysAll) return { ...who, ...owned };
    return {
      ...who,
      ...owned,
      rackId,
      rebalanceTimeoutMs: this.#terms.maxPollIntervalMs,
      subscribedTopicNames: topics,
      subscribedTopicRegex: pattern,
      serverAssignor: assignor,
    };
  }
}
