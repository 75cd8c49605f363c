/**
 * What every member of a churning group does, whichever protocol it speaks: it reads what it has,
 * commits, and may stand still at any moment. The surprise: it believes that it has a partition
 * until somebody tells it otherwise, so a member that was asleep commits with full confidence what
 * belongs to another by then; the group has to refuse that.
 */
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import type { Commit, Committed } from '../checker/history.ts';
import type { SimulatedTopic, Surroundings } from '../clients/client.ts';
import {
  type FetchStyle,
  fetchRecords,
  nameOf,
  type Position,
  Positions,
} from '../clients/fetching.ts';
import { isWeather } from '../clients/group-member.ts';
import { GroupClient, type Place } from './group-client.ts';

/** How long a member may take to rejoin, and to come back to its poll loop. */
export const rebalanceTimeoutMs = 15_000;

export interface MemberOf {
  readonly group: string;
  readonly instanceId: string | null;
  readonly topics: readonly SimulatedTopic[];
}

/** When a group said that a partition is a member's: somewhere in between. */
export interface Told {
  readonly beganAt: number;
  readonly endedAt: number;
}

export abstract class Member extends GroupClient {
  readonly instanceId: string | null;
  #lastPollAt = 0;
  /** What it believes to have. */
  readonly #owned = new Map<string, Place>();
  /** Of that: where nobody has said yet where to begin. */
  readonly #unplaced = new Map<string, Place>();
  readonly #positions = new Positions();
  /** What it knows to be committed. */
  readonly #committed = new Map<string, number>();
  readonly #style: FetchStyle;

  constructor(around: Surroundings, process: string, of: MemberOf) {
    super(around, process, of);
    this.instanceId = of.instanceId;
    this.#style = {
      version: this.random.between(13, 17),
      maxWaitMs: this.random.pick([500, 1_000, 2_000]),
      partitionMaxBytes: this.random.pick([200, 1_048_576]),
      committed: true,
    };
  }

  abstract live(): Promise<void>;
  /** In a settled group, as far as it knows. */
  abstract get isIn(): boolean;
  protected abstract get memberId(): string;
  /** The generation or member epoch. */
  protected abstract get epoch(): number;
  /** The least version of OffsetCommit and OffsetFetch for members of its kind. */
  protected abstract get leastOffsetVersion(): number;
  /** What a refusal by the group means for it. */
  protected abstract heed(errorCode: number): void;
  /** Says that it lives, without heeding what its group wants of it. */
  protected abstract beat(): Promise<void>;
  /** It was away from its poll loop for too long. */
  protected abstract quit(): Promise<void>;

  // What it has

  get has(): readonly string[] {
    return [...this.#owned.keys()];
  }

  protected get places(): readonly Place[] {
    return [...this.#owned.values()];
  }

  /** Exactly this is what it has from now on, since its group said so. */
  protected have(places: readonly Place[], { beganAt, endedAt }: Told): void {
    const names = new Map(places.map((place) => [nameOf(place), place]));
    this.drop(this.has.filter((name) => !names.has(name)));
    for (const [name, place] of names) {
      if (this.#owned.has(name)) continue;
      this.#owned.set(name, place);
      this.#unplaced.set(name, place);
    }
    const { process, group } = this;
    const end = this.around.recorder.begin({ process, repositioned: true });
    end('ok', [{ kind: 'granted', group, partitions: [...names.keys()], beganAt, endedAt }]);
  }

  protected drop(names: readonly string[] = this.has): void {
    for (const name of names) {
      this.#owned.delete(name);
      this.#unplaced.delete(name);
      this.#positions.forget(name);
      this.#committed.delete(name);
    }
  }

  // The poll loop

  /** One round: finds places, reads, commits now and then. */
  protected async round(): Promise<void> {
    await this.#stayAway();
    if (!this.isIn) return;
    await this.#place();
    const read = await this.#poll();
    this.#lastPollAt = this.world.time.now;
    // What was read is worked on: whatever befalls it now, it means to commit that.
    if (read > 0) await this.sleep(this.random.delay(1_500));
    const isLate = this.around.isWindingDown();
    if (this.isIn && this.random.chance(isLate ? 1 : 0.7)) await this.commit();
  }

  /** Starts the clock of its poll loop. */
  protected begin(): void {
    this.#lastPollAt = this.world.time.now;
  }

  async #stayAway(): Promise<void> {
    const { time } = this.world;
    while (time.now < this.busyUntil) {
      await this.sleep(Math.min(3_000, 1 + this.busyUntil - time.now));
      if (time.now - this.#lastPollAt > rebalanceTimeoutMs) {
        this.world.count('away for too long');
        await this.quit();
        while (time.now < this.busyUntil) await this.sleep(1 + this.busyUntil - time.now);
        return;
      }
      await this.beat();
    }
  }

  async #place(): Promise<void> {
    if (this.#unplaced.size === 0) return;
    const { places, version } = this.#asked([...this.#unplaced.values()]);
    const end = this.around.recorder.begin({ process: this.process, repositioned: true });
    // Members of the classic protocol do not say who asks.
    const isMember = this.leastOffsetVersion >= 9;
    const memberId = isMember ? this.memberId : null;
    const memberEpoch = isMember ? this.epoch : -1;
    const topics = byTopic(places).map(([of, all]) => {
      return { ...of, partitionIndexes: all.map(({ index }) => index) };
    });
    const group = { groupId: this.group, memberId, memberEpoch, topics };
    const answer = await this.ask(offsetFetch, version, { groups: [group] });
    const found = answer?.groups[0];
    if (found?.errorCode !== ErrorCode.NONE) {
      if (found !== undefined) this.heed(found.errorCode);
      return end('fail');
    }
    const steps = found.topics.flatMap((topic) =>
      topic.partitions.flatMap((one): Committed[] => {
        const place = places.find((each) => isPlace(each, topic, one.partitionIndex))!;
        const offset = this.#placeAt(place, one);
        if (offset === undefined) return [];
        return [{ kind: 'committed', group: this.group, partition: nameOf(place), offset }];
      }),
    );
    end('ok', steps);
  }

  #placeAt(
    place: Place,
    { errorCode, committedOffset }: { errorCode: number; committedOffset: number },
  ): number | undefined {
    const name = nameOf(place);
    // What is gone has no place; what is too new to be known everywhere is asked for again.
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_ID) this.#unplaced.delete(name);
    if (errorCode !== ErrorCode.NONE || !this.#unplaced.delete(name)) return undefined;
    this.#positions.set({ ...place, offset: Math.max(0, committedOffset) });
    this.#committed.set(name, Math.max(0, committedOffset));
    return committedOffset;
  }

  /** How many records it brought. */
  async #poll(): Promise<number> {
    if (this.#positions.all().length === 0) {
      await this.sleep(this.random.delay(500));
      return 0;
    }
    const { process, group } = this;
    const repositioned = this.#positions.takeMoved();
    const end = this.around.recorder.begin({ process, group, repositioned });
    const records = await fetchRecords(this, this.#positions, this.#style);
    if (records === undefined || records.length === 0) {
      end('fail');
      return 0;
    }
    end('ok', [{ kind: 'poll', records, positions: this.#positions.asRecord() }]);
    return records.length;
  }

  /** Commits what it has read of these, where there is something new. */
  protected async commit(names: readonly string[] = this.has): Promise<void> {
    const wanted = new Set(names);
    const moved = this.#positions.all().filter((position) => {
      const name = nameOf(position);
      return wanted.has(name) && position.offset !== this.#committed.get(name);
    });
    if (moved.length === 0) return;
    const { places, version } = this.#asked(moved as (Position & Place)[]);
    const { group, process } = this;
    const steps = new Map(
      places.map((place): [Place, Commit] => {
        const partition = nameOf(place);
        return [place, { kind: 'commit', group, partition, offset: place.offset }];
      }),
    );
    const end = this.around.recorder.begin({ process }, [...steps.values()]);
    const answer = await this.ask(offsetCommit, version, {
      groupId: group,
      memberId: this.memberId,
      groupInstanceId: this.instanceId,
      generationIdOrMemberEpoch: this.epoch,
      topics: byTopic(places).map(([of, all]) => ({
        ...of,
        partitions: all.map(({ index, offset }) => ({
          partitionIndex: index,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        })),
      })),
    });
    if (answer === undefined) return;
    const codes = new Map(
      answer.topics.flatMap((topic) =>
        topic.partitions.map(({ partitionIndex, errorCode }): [Place, number] => {
          return [places.find((each) => isPlace(each, topic, partitionIndex))!, errorCode];
        }),
      ),
    );
    this.#heedCommit(steps, codes, end);
  }

  #heedCommit(
    steps: ReadonlyMap<Place, Commit>,
    codes: ReadonlyMap<Place, number>,
    end: (outcome: 'ok' | 'fail', steps?: readonly Commit[]) => void,
  ): void {
    const stored: Commit[] = [];
    let refusal: number = ErrorCode.NONE;
    for (const [place, step] of steps) {
      const code = codes.get(place) ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      if (code === ErrorCode.NONE) {
        stored.push(step);
        this.#committed.set(step.partition, step.offset);
      } else if (!isUnknownTopic(code)) refusal = code;
    }
    // Where the coordinator was not reached, nobody knows.
    if (stored.length > 0) end('ok', stored);
    else if (!isWeather(refusal)) end('fail');
    if (refusal === ErrorCode.NONE || isWeather(refusal)) return;
    this.world.count(`commit: ${errorInfo(refusal).name}`);
    this.heed(refusal);
  }

  /** A version for these: those that come and go are asked for by their ids. */
  #asked<P extends Place>(places: readonly P[]): { places: readonly P[]; version: number } {
    const byId = places.some(({ topic }) => topic.fleeting);
    const version = byId ? 10 : this.random.between(this.leastOffsetVersion, 10);
    return { places, version };
  }
}

function isUnknownTopic(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.UNKNOWN_TOPIC_ID || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  );
}

interface NamedTopic {
  readonly name: string;
  readonly topicId: string;
}

/** In requests: by name and by id, of which each version has one. */
function byTopic<P extends Place>(places: readonly P[]): [NamedTopic, P[]][] {
  const groups = Map.groupBy(places, ({ topicId }) => topicId);
  return [...groups].map(([topicId, all]) => [{ name: all[0].topic.name, topicId }, all]);
}

function isPlace(place: Place, { name, topicId }: NamedTopic, index: number): boolean {
  if (place.index !== index) return false;
  return name === '' ? place.topicId === topicId : place.topic.name === name;
}
