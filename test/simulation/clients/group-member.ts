/**
 * A member of a classic consumer group: joins, leads if it must, reads what it is given, commits,
 * and starts over when told so. The surprise: what it has read and not committed is read again by
 * whoever comes next, so it may be seen twice, but never not at all.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { heartbeat } from '../../../src/protocol/apis/heartbeat.ts';
import { type JoinGroupResponse, joinGroup } from '../../../src/protocol/apis/join-group.ts';
import { leaveGroup } from '../../../src/protocol/apis/leave-group.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { syncGroup } from '../../../src/protocol/apis/sync-group.ts';
import {
  decodeAssignment,
  encodeAssignment,
  encodeSubscription,
} from '../../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import type { Commit, Committed } from '../checker/history.ts';
import { Client, partitionName, type SimulatedTopic, type Surroundings } from './client.ts';
import { type FetchStyle, fetchRecords, fetchStyle, Positions } from './fetching.ts';

const sessionTimeoutMs = 6_000;
const rebalanceTimeoutMs = 8_000;

export interface Place {
  readonly topic: SimulatedTopic;
  readonly index: number;
}

export class GroupMember extends Client {
  protected readonly group: string;
  readonly #instanceId: string | null;
  #memberId = '';
  protected generationId = -1;
  protected positions = new Positions();
  /** It may still hear of this generation: it is neither fenced nor told to join again. */
  protected isIn = false;
  #heardAt = 0;

  constructor(around: Surroundings, process: string, group: string, instanceId: string | null) {
    super(around, process);
    this.group = group;
    this.#instanceId = instanceId;
  }

  async live(): Promise<void> {
    const style = fetchStyle(this);
    while (!this.around.isWindingDown()) {
      const places = await this.#join();
      if (places === undefined) {
        await this.sleep(this.random.delay(200));
        continue;
      }
      if (await this.takePlaces(places)) await this.consume(style, places);
      if (this.random.chance(0.2)) await this.#leave();
    }
    await this.#leave();
  }

  /** What it wants to read. */
  protected get subscription(): readonly SimulatedTopic[] {
    return this.around.topics;
  }

  /** Waits for transactions that may still change the offsets. */
  protected get requiresStable(): boolean {
    return false;
  }

  protected get identity() {
    return {
      groupId: this.group,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
    };
  }

  /** Joins and syncs; what it is given, or undefined when it has to try again. */
  async #join(): Promise<Place[] | undefined> {
    this.isIn = false;
    const topics = this.subscription;
    const metadata = encodeSubscription(0, {
      topics: topics.map(({ name }) => name),
      userData: null,
      ownedPartitions: [],
      generationId: -1,
      rackId: null,
    });
    const request = {
      ...this.identity,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    };
    const joined = await this.ask(joinGroup, 7, request, rebalanceTimeoutMs + 10_000);
    if (joined === undefined) return undefined;
    this.#note('join', joined.errorCode);
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId;
    if (joined.errorCode !== ErrorCode.NONE) return undefined;
    this.#memberId = joined.memberId;
    this.generationId = joined.generationId;
    return this.#sync(joined);
  }

  async #sync(joined: JoinGroupResponse): Promise<Place[] | undefined> {
    const request = {
      ...this.identity,
      generationId: this.generationId,
      protocolType: 'consumer',
      protocolName: joined.protocolName,
      assignments: joined.leader === joined.memberId ? this.#assignments(joined) : [],
    };
    const synced = await this.ask(syncGroup, 5, request, rebalanceTimeoutMs + 10_000);
    if (synced === undefined) return undefined;
    this.#note('sync', synced.errorCode);
    if (synced.errorCode !== ErrorCode.NONE) return undefined;
    this.isIn = true;
    this.#heardAt = this.world.time.now;
    const { assignedPartitions } =
      synced.assignment.length === 0
        ? { assignedPartitions: [] }
        : decodeAssignment(synced.assignment);
    const places = assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((index) => ({ topic: this.#topicNamed(topic), index })),
    );
    this.#recordAssigned(places);
    return places;
  }

  /** Round robin over all partitions, by the members' ids. */
  #assignments({ members }: JoinGroupResponse) {
    const ids = members.map(({ memberId }) => memberId).sort();
    const places = this.subscription.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, index) => ({ topic: name, index })),
    );
    return ids.map((memberId, i) => {
      const own = places.filter((_, at) => at % ids.length === i);
      const assignedPartitions = own.map(({ topic, index }) => ({ topic, partitions: [index] }));
      const assignment = encodeAssignment(0, { assignedPartitions, userData: null });
      return { memberId, assignment };
    });
  }

  #recordAssigned(places: readonly Place[]): void {
    const end = this.around.recorder.begin({ process: this.process, repositioned: true });
    const partitions = places.map(({ topic, index }) => partitionName(topic.name, index));
    const member = this.#instanceId ?? this.#memberId;
    const generation = this.generationId;
    end('ok', [{ kind: 'assigned', group: this.group, generation, member, partitions }]);
  }

  /** Asks where the group was. False: it has to join again, or lost its connection. */
  protected async takePlaces(places: readonly Place[]): Promise<boolean> {
    this.positions = new Positions();
    if (places.length === 0) return true;
    const end = this.around.recorder.begin({ process: this.process, repositioned: true });
    const topics = places.map(({ topic, index }) => ({
      name: topic.name,
      partitionIndexes: [index],
    }));
    const request = { groupId: this.group, topics, requireStable: this.requiresStable };
    const answer = await this.ask(offsetFetch, this.requiresStable ? 7 : 5, request);
    if (answer === undefined || answer.errorCode !== ErrorCode.NONE) {
      end('fail');
      return false;
    }
    const steps: Committed[] = [];
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, committedOffset, errorCode } of partitions) {
        if (errorCode !== ErrorCode.NONE) {
          end('fail');
          return false;
        }
        this.positions.set({
          topic: this.#topicNamed(name),
          index: partitionIndex,
          topicId: undefined,
          offset: Math.max(0, committedOffset),
        });
        const partition = partitionName(name, partitionIndex);
        steps.push({ kind: 'committed', group: this.group, partition, offset: committedOffset });
      }
    }
    end('ok', steps);
    return true;
  }

  protected async consume(style: FetchStyle, _places: readonly Place[]): Promise<void> {
    const patience = this.random.between(3, 60);
    for (let polls = 0; this.isIn && polls < patience; polls++) {
      if (this.around.isWindingDown()) break;
      await this.#poll(style);
      if (this.random.chance(0.3)) await this.#commit();
      await this.beatIfDue();
      await this.sleep(this.random.delay(50));
    }
    if (this.isIn && this.random.chance(0.7)) await this.#commit();
  }

  async #poll(style: FetchStyle): Promise<void> {
    if (this.positions.all().length === 0) return;
    const repositioned = this.positions.takeMoved();
    const uncommitted = !style.committed;
    const about = { process: this.process, group: this.group, repositioned, uncommitted };
    const end = this.around.recorder.begin(about);
    const maxWaitMs = Math.min(style.maxWaitMs, 500);
    const records = await fetchRecords(this, this.positions, { ...style, maxWaitMs });
    if (records === undefined) return end('fail');
    end('ok', [{ kind: 'poll', records, positions: this.positions.asRecord() }]);
  }

  async #commit(): Promise<void> {
    const positions = this.positions.all();
    if (positions.length === 0) return;
    const steps = positions.map(
      ({ topic, index, offset }): Commit => ({
        kind: 'commit',
        group: this.group,
        partition: partitionName(topic.name, index),
        offset,
      }),
    );
    const end = this.around.recorder.begin({ process: this.process }, steps);
    const topics = positions.map(({ topic, index, offset }) => ({
      name: topic.name,
      topicId: ZERO_UUID,
      partitions: [
        {
          partitionIndex: index,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        },
      ],
    }));
    const { groupId, memberId, groupInstanceId } = this.identity;
    const answer = await this.ask(offsetCommit, 7, {
      groupId,
      memberId,
      groupInstanceId,
      generationIdOrMemberEpoch: this.generationId,
      topics,
    });
    if (answer === undefined) return;
    // Of a topic that comes and goes, there may be none to commit for.
    const codes = new Map(
      answer.topics.flatMap(({ name, partitions }) =>
        partitions.map((each) => [`${name}:${each.partitionIndex}`, each.errorCode]),
      ),
    );
    const counts = positions.map(({ topic, index }) => {
      const errorCode = codes.get(`${topic.name}:${index}`) ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      const isGone = errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      return { errorCode, isGone: isGone && topic.fleeting === true };
    });
    const others = counts.filter(({ isGone }) => !isGone).map(({ errorCode }) => errorCode);
    const refusal = others.find((code) => code !== ErrorCode.NONE);
    if (refusal === undefined) {
      const stored = steps.filter((_, i) => !counts[i].isGone);
      return end(stored.length > 0 ? 'ok' : 'fail', stored.length > 0 ? stored : steps);
    }
    if (!isWeather(refusal)) end('fail');
    this.heed(refusal);
  }

  protected async beatIfDue(): Promise<void> {
    if (this.world.time.now - this.#heardAt <= 1_000) return;
    const answer = await this.ask(heartbeat, 3, {
      ...this.identity,
      generationId: this.generationId,
    });
    if (answer === undefined) return;
    this.#heardAt = this.world.time.now;
    this.heed(answer.errorCode);
  }

  /** A refused join, sync, commit or heartbeat says how to go on. */
  protected heed(errorCode: number): void {
    if (errorCode === ErrorCode.NONE || isWeather(errorCode)) return;
    this.#note('group', errorCode);
    this.isIn = false;
  }

  #topicNamed(name: string): SimulatedTopic {
    return this.around.topics.find((topic) => topic.name === name)!;
  }

  #note(what: string, errorCode: number): void {
    if (errorCode === ErrorCode.NONE) return;
    this.world.count(`${what}: ${errorInfo(errorCode).name}`);
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID || errorCode === ErrorCode.FENCED_INSTANCE_ID) {
      this.#memberId = '';
    }
  }

  async #leave(): Promise<void> {
    if (this.#memberId === '' || this.#instanceId !== null) return;
    const { memberId } = this.identity;
    const members = [{ memberId, groupInstanceId: null, reason: null }];
    this.isIn = false;
    await this.ask(leaveGroup, 3, { groupId: this.group, members });
    this.#memberId = '';
  }
}

/** The coordinator moved or was not reached: nothing is known. */
export function isWeather(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE ||
    errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ||
    errorCode === ErrorCode.NOT_COORDINATOR ||
    errorCode === ErrorCode.UNKNOWN_SERVER_ERROR
  );
}
