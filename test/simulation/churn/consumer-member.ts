/**
 * A member of the consumer protocol (KIP-848): it heartbeats, gives up what its group wants back,
 * says so, and takes what it is given. The surprise: it owns what it has not given up yet, whatever
 * its group's plan is; only when it is fenced does it lose everything at once.
 */
import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  consumerGroupHeartbeat,
} from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import type { Surroundings } from '../clients/client.ts';
import { nameOf } from '../clients/fetching.ts';
import { isWeather } from '../clients/group-member.ts';
import { Fatal, type Place } from './group-client.ts';
import { Member, type MemberOf, rebalanceTimeoutMs, type Told } from './member.ts';

type Assignment = NonNullable<ConsumerGroupHeartbeatResponse['assignment']>['topicPartitions'];

export class ConsumerMember extends Member {
  readonly #version: number;
  readonly #usesRegex: boolean;
  readonly #assignor: string | null;
  readonly #leavesForGood: boolean;
  #memberId: string;
  #epoch = 0;
  #intervalMs = 1_000;
  /** When the next heartbeat is due. */
  #beatAt = 0;
  /** What it said last is not known to have arrived: it says everything again. */
  #saysAll = true;
  #reported = '';
  #target: Assignment | undefined;
  #told: Told = { beganAt: 0, endedAt: 0 };
  /** Of what it was given last: topics that nobody it asked knows yet. */
  #unresolved: Assignment | undefined;
  #resolveAt = 0;
  #resubscribed = false;

  constructor(around: Surroundings, process: string, of: MemberOf) {
    super(around, process, of);
    this.#version = this.random.between(0, 1);
    this.#usesRegex = this.#version >= 1 && this.random.chance(0.3);
    this.#assignor = this.random.pick([null, null, 'uniform', 'range']);
    this.#leavesForGood = of.instanceId === null || this.random.chance(0.2);
    this.#memberId = this.#version >= 1 ? crypto.randomUUID() : '';
  }

  override get isIn(): boolean {
    return this.#epoch > 0 && this.#target === undefined && !this.#resubscribed;
  }

  protected override get memberId(): string {
    return this.#memberId;
  }

  protected override get epoch(): number {
    return this.#epoch;
  }

  protected override get leastOffsetVersion(): number {
    return 9;
  }

  override resubscribe(topics: MemberOf['topics']): void {
    super.resubscribe(topics);
    this.#resubscribed = true;
    this.#beatAt = 0;
  }

  override async live(): Promise<void> {
    this.begin();
    while (!this.closing) {
      if (this.world.time.now >= this.#beatAt) await this.beat();
      await this.#reconcile();
      if (this.isIn) await this.round();
      this.#lookAgain();
      await this.sleep(this.random.delay(this.#epoch > 0 ? 400 : 150));
    }
    if (this.#epoch <= 0) return;
    await this.commit();
    await this.#leave();
  }

  // Heartbeats

  protected override async beat(): Promise<void> {
    const beganAt = this.world.time.now;
    const reported = JSON.stringify(this.#owned);
    const said = this.#said(reported);
    const { subscription } = this;
    const answer = await this.ask(consumerGroupHeartbeat, this.#version, said);
    this.#beatAt = this.world.time.now + this.#intervalMs;
    if (answer === undefined || answer.errorCode !== ErrorCode.NONE) {
      this.#saysAll = true;
      this.#beatAt = this.world.time.now + this.random.delay(500);
      if (answer !== undefined) this.heed(answer.errorCode);
      return;
    }
    this.#saysAll = false;
    if (subscription === this.subscription) this.#resubscribed = false;
    this.#reported = reported;
    this.#memberId = answer.memberId ?? this.#memberId;
    if (answer.memberEpoch < this.#epoch) {
      throw new Error(`${this.process} went back from ${this.#epoch} to ${answer.memberEpoch}`);
    }
    this.#epoch = answer.memberEpoch;
    this.#intervalMs = answer.heartbeatIntervalMs;
    this.#beatAt = this.world.time.now + this.#intervalMs;
    if (answer.assignment === null) return;
    this.#target = answer.assignment.topicPartitions;
    this.#told = { beganAt, endedAt: this.world.time.now };
  }

  #said(reported: string): Partial<ConsumerGroupHeartbeatRequest> {
    const all = this.#saysAll || this.#epoch === 0;
    const subscribes = all || this.#resubscribed;
    const names = this.subscription.map(({ name }) => name);
    return {
      groupId: this.group,
      memberId: this.#memberId,
      memberEpoch: this.#epoch,
      instanceId: this.instanceId,
      rebalanceTimeoutMs: all ? rebalanceTimeoutMs : -1,
      subscribedTopicNames: subscribes ? (this.#usesRegex ? [] : names) : null,
      subscribedTopicRegex: subscribes && this.#usesRegex ? `(${names.join('|')})` : null,
      serverAssignor: all ? this.#assignor : null,
      topicPartitions: all || reported !== this.#reported ? this.#owned : null,
    };
  }

  get #owned(): Assignment {
    const byId = Map.groupBy(this.places, ({ topicId }) => topicId);
    return [...byId].map(([topicId, places]) => {
      return { topicId, partitions: places.map(({ index }) => index) };
    });
  }

  protected override heed(errorCode: number): void {
    if (errorCode === ErrorCode.NONE || isWeather(errorCode)) return;
    const { name } = errorInfo(errorCode);
    this.world.count(`consumer: ${name}`);
    switch (errorCode) {
      case ErrorCode.FENCED_MEMBER_EPOCH:
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.#lose();
        return;
      // The next heartbeat tells how things are.
      case ErrorCode.STALE_MEMBER_EPOCH:
        this.#beatAt = 0;
        return;
      case ErrorCode.UNRELEASED_INSTANCE_ID:
      case ErrorCode.FENCED_INSTANCE_ID:
      case ErrorCode.GROUP_ID_NOT_FOUND:
        throw new Fatal(name);
      default:
        throw new Error(`${this.process} was answered ${name}`);
    }
  }

  #lose(): void {
    this.drop();
    this.#epoch = 0;
    this.#target = undefined;
    this.#unresolved = undefined;
    this.#saysAll = true;
    this.#beatAt = 0;
  }

  // Reconciliation

  /** Gives up, takes, and says at once what it has then. */
  async #reconcile(): Promise<void> {
    if (this.#target === undefined) return;
    const places = await this.#resolved();
    const target = this.#target;
    if (target === undefined) return;
    const kept = new Set(places.map(nameOf));
    const revoked = this.has.filter((name) => !kept.has(name));
    if (revoked.length > 0) {
      await this.#takeTime();
      await this.commit(revoked);
    }
    // It may have been fenced meanwhile.
    if (this.#target !== target) return;
    this.have(places, this.#told);
    this.#target = undefined;
    this.#beatAt = 0;
    const ids = new Set(places.map(({ topicId }) => topicId));
    const resolved = target.every(({ topicId }) => ids.has(topicId));
    this.#unresolved = resolved ? undefined : target;
    this.#resolveAt = this.world.time.now + 3_000;
  }

  /** A topic that was made a moment ago may be known by now. */
  #lookAgain(): void {
    if (this.#unresolved === undefined || this.world.time.now < this.#resolveAt) return;
    this.#target ??= this.#unresolved;
  }

  /** Where the topics are that it knows by id alone; those that nobody knows are gone. */
  async #resolved(): Promise<Place[]> {
    let topics = await this.topics();
    const target = this.#target ?? [];
    const isKnown = (id: string) => topics.some(({ topicId }) => topicId === id);
    if (!target.every(({ topicId }) => isKnown(topicId))) topics = await this.topics(true);
    return (this.#target ?? []).flatMap(({ topicId, partitions }) => {
      const known = topics.find((one) => one.topicId === topicId);
      if (!known) return [];
      return partitions.map((index) => ({ topic: known.topic, topicId, index }));
    });
  }

  /** Applications finish what they have begun, and now and then that takes too long. */
  async #takeTime(): Promise<void> {
    if (this.world.isHealed || this.around.isWindingDown()) return;
    if (this.random.chance(0.2)) await this.sleep(this.random.delay(4_000));
    if (!this.random.chance(0.03)) return;
    this.world.count('late to revoke');
    this.freeze(this.random.between(5_000, 2 * rebalanceTimeoutMs));
    await this.sleep(0);
  }

  // Leaving

  protected override async quit(): Promise<void> {
    await this.#leave();
    this.#lose();
  }

  async #leave(): Promise<void> {
    await this.ask(consumerGroupHeartbeat, this.#version, {
      groupId: this.group,
      memberId: this.#memberId,
      memberEpoch: this.#leavesForGood ? -1 : -2,
      instanceId: this.instanceId,
      topicPartitions: [],
    });
  }
}
