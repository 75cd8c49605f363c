/**
 * A member of the classic protocol as Java's consumer is one: eager ones give everything up before
 * they join, cooperative ones go on with what they keep; a static one comes back under its
 * instance id. The surprise: the leader decides who gets what, so a leader that dies between
 * joining and syncing leaves everybody waiting.
 */
import { heartbeat } from '../../../src/protocol/apis/heartbeat.ts';
import { type JoinGroupResponse, joinGroup } from '../../../src/protocol/apis/join-group.ts';
import { leaveGroup } from '../../../src/protocol/apis/leave-group.ts';
import { type SyncGroupResponse, syncGroup } from '../../../src/protocol/apis/sync-group.ts';
import {
  decodeAssignment,
  encodeSubscription,
} from '../../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import type { Surroundings } from '../clients/client.ts';
import { nameOf } from '../clients/fetching.ts';
import { isWeather } from '../clients/group-member.ts';
import { type AssignorName, assign } from './assigning.ts';
import { Fatal, type KnownTopic } from './group-client.ts';
import { Member, type MemberOf, rebalanceTimeoutMs, type Told } from './member.ts';

const sessionTimeoutMs = 10_000;
const heartbeatMs = 3_000;

export interface ClassicMemberOf extends MemberOf {
  /** In its order of preference. */
  readonly assignors: readonly AssignorName[];
  /** Whether the generations of its group go on counting, come what may. */
  readonly countsGenerations: boolean;
}

/** By name, as assignments are. */
interface Assigned {
  readonly topic: string;
  readonly index: number;
}

export class ClassicMember extends Member {
  readonly #assignors: readonly AssignorName[];
  readonly #countsGenerations: boolean;
  readonly #isCooperative: boolean;
  readonly #versions: { join: number; sync: number; heartbeat: number; leave: number };
  #memberId = '';
  #generationId = -1;
  #isIn = false;
  #mustJoin = true;
  #assigned: readonly Assigned[] = [];
  #told: Told = { beganAt: 0, endedAt: 0 };
  /** What a leader divided: when that changes, all join again. */
  #divided: string | undefined;
  #heardAt = 0;

  constructor(around: Surroundings, process: string, of: ClassicMemberOf) {
    super(around, process, of);
    this.#assignors = of.assignors;
    this.#countsGenerations = of.countsGenerations;
    this.#isCooperative = of.assignors.every((name) => name === 'cooperative-sticky');
    const least = of.instanceId === null ? 0 : 1;
    this.#versions = {
      join: this.random.between(least ? 5 : 2, 9),
      sync: this.random.between(least ? 3 : 0, 5),
      heartbeat: this.random.between(least ? 3 : 0, 4),
      leave: this.random.between(3, 5),
    };
  }

  override get isIn(): boolean {
    return this.#isIn && !this.#mustJoin;
  }

  protected override get memberId(): string {
    return this.#memberId;
  }

  protected override get epoch(): number {
    return this.#generationId;
  }

  protected override get leastOffsetVersion(): number {
    return 8;
  }

  override async live(): Promise<void> {
    while (!this.closing) {
      if (await this.#join()) await this.#consume();
      else await this.sleep(this.random.delay(150));
    }
    if (this.#isIn) await this.commit();
    await this.#leave();
  }

  override resubscribe(topics: MemberOf['topics']): void {
    super.resubscribe(topics);
    this.#mustJoin = true;
  }

  // Joining

  /** Joins and syncs. False: it has to try again. */
  async #join(): Promise<boolean> {
    if (this.#isIn) await this.commit();
    if (!this.#isCooperative) this.drop();
    this.#mustJoin = false;
    const joined = await this.ask(
      joinGroup,
      this.#versions.join,
      {
        ...this.#identity,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        protocolType: 'consumer',
        protocols: this.#assignors.map((name) => ({ name, metadata: this.#metadata(name) })),
      },
      rebalanceTimeoutMs + 10_000,
    );
    if (joined === undefined) return this.#again();
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId;
    if (joined.errorCode !== ErrorCode.NONE) {
      this.heed(joined.errorCode);
      return this.#again();
    }
    this.#memberId = joined.memberId;
    const isLeader = joined.leader === joined.memberId;
    this.#comeToGrief(isLeader);
    await this.sleep(0);
    const synced = await this.#sync(joined, isLeader);
    return synced || this.#again();
  }

  #again(): false {
    this.#mustJoin = true;
    return false;
  }

  /** Now and then somebody joins and never syncs, a leader above all. */
  #comeToGrief(isLeader: boolean): void {
    if (this.world.isHealed || this.around.isWindingDown()) return;
    if (this.random.chance(isLeader ? 0.04 : 0.01)) {
      this.world.count(isLeader ? 'leader died' : 'never synced');
      this.crash();
    } else if (this.random.chance(0.02)) {
      this.world.count('late to sync');
      this.freeze(this.random.between(5_000, 2 * rebalanceTimeoutMs));
    }
  }

  #metadata(_name: AssignorName): Uint8Array {
    const owned = this.#isCooperative ? Map.groupBy(this.places, ({ topic }) => topic.name) : [];
    return encodeSubscription(this.#isCooperative ? 3 : 0, {
      topics: this.subscription.map(({ name }) => name),
      userData: null,
      ownedPartitions: [...owned].map(([topic, places]) => {
        return { topic, partitions: places.map(({ index }) => index) };
      }),
      generationId: this.#generationId,
      rackId: null,
    });
  }

  async #sync(joined: JoinGroupResponse, isLeader: boolean): Promise<boolean> {
    const leads = isLeader && !joined.skipAssignment;
    const topics = leads ? await this.topics(true) : [];
    if (isLeader) this.#divided = leads ? shapeOf(topics) : undefined;
    else this.#divided = undefined;
    const beganAt = this.world.time.now;
    const synced = await this.ask(
      syncGroup,
      this.#versions.sync,
      {
        ...this.#identity,
        generationId: joined.generationId,
        protocolType: 'consumer',
        protocolName: joined.protocolName,
        assignments: leads ? assign(joined, topics) : [],
      },
      rebalanceTimeoutMs + 10_000,
    );
    if (synced === undefined) return false;
    if (synced.errorCode !== ErrorCode.NONE) {
      this.heed(synced.errorCode);
      return false;
    }
    await this.#take(joined, synced, { beganAt, endedAt: this.world.time.now });
    return true;
  }

  async #take(joined: JoinGroupResponse, synced: SyncGroupResponse, told: Told): Promise<void> {
    this.#generationId = joined.generationId;
    this.#isIn = true;
    this.#heardAt = this.world.time.now;
    const { assignment } = synced;
    const found = assignment.length === 0 ? [] : decodeAssignment(assignment).assignedPartitions;
    this.#assigned = found.flatMap(({ topic, partitions }) =>
      partitions.map((index) => ({ topic, index })),
    );
    this.#told = told;
    this.#record();
    const kept = new Set(this.#assigned.map(({ topic, index }) => `${topic}-${index}`));
    const lost = this.places.filter(({ topic, index }) => !kept.has(`${topic.name}-${index}`));
    if (lost.length > 0) {
      this.drop(lost.map(nameOf));
      // Others wait for what was given up.
      this.#mustJoin = true;
    }
    // Told anew, though it may be what it had: somebody else may have had it meanwhile.
    await this.#adopt(true);
    this.begin();
  }

  #record(): void {
    if (!this.#countsGenerations) return;
    const end = this.around.recorder.begin({ process: this.process });
    const partitions = this.#assigned.map(({ topic, index }) => `${topic}-${index}`);
    const member = this.instanceId ?? this.#memberId;
    const generation = this.#generationId;
    end('ok', [{ kind: 'assigned', group: this.group, generation, member, partitions }]);
  }

  /** Finds the topics that bear the names it was given. */
  async #adopt(anew = false): Promise<void> {
    const topics = await this.topics();
    if (!this.#isIn) return;
    const places = this.#assigned.flatMap(({ topic, index }) => {
      const known = topics.find((one) => one.topic.name === topic);
      return known ? [{ topic: known.topic, topicId: known.topicId, index }] : [];
    });
    const names = places.map(nameOf);
    const isNew = names.some((name) => !this.has.includes(name));
    if (anew || isNew || names.length !== this.has.length) this.have(places, this.#told);
  }

  // Living

  async #consume(): Promise<void> {
    while (this.isIn && !this.closing) {
      if (this.world.time.now - this.#heardAt > heartbeatMs) await this.beat();
      if (!this.isIn) return;
      await this.round();
      await this.#look();
      await this.sleep(this.random.delay(400));
    }
  }

  /** A leader notices that topics changed; everybody does that theirs was made anew. */
  async #look(): Promise<void> {
    const topics = await this.topics();
    if (!this.isIn) return;
    if (this.#divided !== undefined && shapeOf(topics) !== this.#divided) this.#mustJoin = true;
    else await this.#adopt();
  }

  protected override async beat(): Promise<void> {
    const generationId = this.#generationId;
    const request = { ...this.#identity, generationId };
    const answer = await this.ask(heartbeat, this.#versions.heartbeat, request);
    if (answer === undefined) return;
    if (answer.errorCode === ErrorCode.NONE) this.#heardAt = this.world.time.now;
    if (generationId === this.#generationId) this.heed(answer.errorCode);
  }

  protected override heed(errorCode: number): void {
    if (errorCode === ErrorCode.NONE || isWeather(errorCode)) return;
    const { name } = errorInfo(errorCode);
    this.world.count(`classic: ${name}`);
    switch (errorCode) {
      case ErrorCode.MEMBER_ID_REQUIRED:
      case ErrorCode.REBALANCE_IN_PROGRESS:
        this.#mustJoin = true;
        return;
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.#memberId = '';
        this.#lose();
        return;
      case ErrorCode.ILLEGAL_GENERATION:
        this.#lose();
        return;
      case ErrorCode.FENCED_INSTANCE_ID:
      case ErrorCode.INCONSISTENT_GROUP_PROTOCOL:
        throw new Fatal(name);
      default:
        throw new Error(`${this.process} was answered ${name}`);
    }
  }

  #lose(): void {
    this.#isIn = false;
    this.#mustJoin = true;
    this.#generationId = -1;
    this.drop();
  }

  protected override async quit(): Promise<void> {
    await this.#leave();
    this.#memberId = '';
    this.#lose();
  }

  /** A static member only goes away: its place is kept until its session ends. */
  async #leave(): Promise<void> {
    if (this.#memberId === '' || this.instanceId !== null) return;
    const members = [{ memberId: this.#memberId, groupInstanceId: null, reason: null }];
    await this.ask(leaveGroup, this.#versions.leave, { groupId: this.group, members });
  }

  get #identity() {
    const { group: groupId, memberId, instanceId: groupInstanceId } = this;
    return { groupId, memberId, groupInstanceId };
  }
}

function shapeOf(topics: readonly KnownTopic[]): string {
  return topics
    .map(({ topic, partitions }) => `${topic.name}:${partitions}`)
    .sort()
    .join();
}
