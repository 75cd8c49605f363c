/**
 * A member of a share group (KIP-932): it acquires records over a session that lives as long as its
 * connection, works on them, and says of each what became of it, now with its next fetch and now by
 * itself. The surprise: a member that was asleep beyond its locks speaks of records that others
 * have by then, and must be refused.
 */
import { concat } from '../../../src/bytes/writer.ts';
import { shareAcknowledge } from '../../../src/protocol/apis/share-acknowledge.ts';
import { type ShareFetchResponse, shareFetch } from '../../../src/protocol/apis/share-fetch.ts';
import { shareGroupHeartbeat } from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import { decodeRecords, recordBatches } from '../../../src/protocol/records/index.ts';
import type { DeliveredRecord, Judged, Outcome } from '../checker/history.ts';
import type { Surroundings } from '../clients/client.ts';
import { nameOf } from '../clients/fetching.ts';
import { isWeather } from '../clients/group-member.ts';
import type { Wire } from '../clients/wire.ts';
import { Fatal, GroupClient, type Place } from './group-client.ts';
import type { MemberOf } from './member.ts';

export const AcknowledgeType = { GAP: 0, ACCEPT: 1, RELEASE: 2, REJECT: 3, RENEW: 4 } as const;

type PartitionAnswer = ShareFetchResponse['responses'][number]['partitions'][number];

/** What it has to say of one partition: offset → type. */
interface Words {
  readonly place: Place;
  readonly types: Map<number, number>;
}

interface Session {
  readonly wire: Wire;
  epoch: number;
  readonly partitions: Map<string, Place>;
}

const utf8 = new TextDecoder();

export class ShareMember extends GroupClient {
  readonly #memberId = crypto.randomUUID();
  readonly #version: number;
  readonly #acquireMode: number;
  readonly #maxRecords: number;
  #epoch = 0;
  #beatAt = 0;
  #intervalMs = 1_000;
  #saysAll = true;
  readonly #assigned = new Map<string, Place>();
  /** Assigned by ids of topics that it does not know yet. */
  #unresolved: ShareAssignment | undefined;
  #session: Session | undefined;
  readonly #words = new Map<string, Words>();

  constructor(around: Surroundings, process: string, of: MemberOf) {
    super(around, process, of);
    this.#version = this.random.between(1, 2);
    this.#acquireMode = this.#version >= 2 ? this.random.between(0, 1) : 0;
    this.#maxRecords = this.random.pick([1, 5, 500]);
  }

  get isIn(): boolean {
    return this.#epoch > 0 && this.#unresolved === undefined && !this.#saysAll;
  }

  get has(): readonly string[] {
    return [...this.#assigned.keys()];
  }

  override resubscribe(topics: MemberOf['topics']): void {
    super.resubscribe(topics);
    this.#saysAll = true;
    this.#beatAt = 0;
  }

  protected override wireLost(at: number): void {
    this.#letGo(at);
  }

  async live(): Promise<void> {
    while (!this.closing) {
      await this.#beatIfDue();
      if (this.#epoch > 0) await this.#round();
      await this.sleep(this.random.delay(this.#epoch > 0 ? 400 : 150));
    }
    if (this.random.chance(0.7)) await this.#sayAlone(-1);
    if (this.#epoch > 0) await this.#beat(-1);
    this.#letGo(this.world.time.now);
    this.hangUp();
  }

  // Heartbeats

  async #beatIfDue(): Promise<void> {
    if (this.world.time.now >= this.#beatAt) await this.#beat(this.#epoch);
    if (this.#unresolved !== undefined) await this.#resolve(this.#unresolved);
  }

  async #beat(memberEpoch: number): Promise<void> {
    const all = this.#saysAll || memberEpoch === 0;
    const { subscription } = this;
    const answer = await this.ask(shareGroupHeartbeat, 1, {
      groupId: this.group,
      memberId: this.#memberId,
      memberEpoch,
      subscribedTopicNames: all ? subscription.map(({ name }) => name) : null,
    });
    if (memberEpoch < 0) return;
    if (answer === undefined || answer.errorCode !== ErrorCode.NONE) {
      this.#saysAll = true;
      this.#beatAt = this.world.time.now + this.random.delay(500);
      if (answer !== undefined) this.#heed(answer.errorCode);
      return;
    }
    if (subscription === this.subscription) this.#saysAll = false;
    this.#epoch = answer.memberEpoch;
    this.#intervalMs = answer.heartbeatIntervalMs;
    this.#beatAt = this.world.time.now + this.#intervalMs;
    if (answer.assignment !== null) await this.#resolve(answer.assignment.topicPartitions);
  }

  #heed(errorCode: number): void {
    if (isWeather(errorCode)) return;
    const { name } = errorInfo(errorCode);
    this.world.count(`share: ${name}`);
    switch (errorCode) {
      case ErrorCode.FENCED_MEMBER_EPOCH:
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.#epoch = 0;
        this.#assigned.clear();
        this.#unresolved = undefined;
        this.#beatAt = 0;
        return;
      case ErrorCode.GROUP_ID_NOT_FOUND:
        throw new Fatal(name);
      default:
        throw new Error(`${this.process} was answered ${name}`);
    }
  }

  async #resolve(assignment: ShareAssignment): Promise<void> {
    let topics = await this.topics();
    const isKnown = (id: string) => topics.some(({ topicId }) => topicId === id);
    const allKnown = () => assignment.every(({ topicId }) => isKnown(topicId));
    if (!allKnown()) topics = await this.topics(true);
    this.#unresolved = allKnown() ? undefined : assignment;
    this.#assigned.clear();
    for (const { topicId, partitions } of assignment) {
      const known = topics.find((one) => one.topicId === topicId);
      if (!known) continue;
      for (const index of partitions) {
        const place = { topic: known.topic, topicId, index };
        this.#assigned.set(nameOf(place), place);
      }
    }
  }

  // Records

  /** Fetches, works, and says what became of it. */
  async #round(): Promise<void> {
    const delivered = await this.#fetch();
    if (delivered.length === 0) return;
    await this.#work();
    for (const { place, offsets } of delivered) this.#judge(place, offsets);
    if (this.random.chance(0.4)) await this.#sayAlone();
  }

  async #work(): Promise<void> {
    const { time } = this.world;
    await this.sleep(this.random.delay(300));
    while (time.now < this.busyUntil) {
      await this.sleep(Math.min(3_000, 1 + this.busyUntil - time.now));
      await this.#beatIfDue();
    }
  }

  #judge(place: Place, offsets: readonly number[]): void {
    const name = nameOf(place);
    const words: Words = this.#words.get(name) ?? { place, types: new Map() };
    this.#words.set(name, words);
    const isCalm = this.around.isWindingDown();
    const one = isCalm ? AcknowledgeType.ACCEPT : this.#anyType();
    for (const offset of offsets) {
      const type = this.random.chance(0.7) || isCalm ? one : this.#anyType();
      if (type !== undefined) words.types.set(offset, type);
    }
  }

  /** Undefined: it says nothing, and the lock ends some day. */
  #anyType(): number | undefined {
    const draw = this.random.next();
    if (draw < 0.8) return AcknowledgeType.ACCEPT;
    if (draw < 0.9) return AcknowledgeType.RELEASE;
    return draw < 0.94 ? AcknowledgeType.REJECT : undefined;
  }

  async #fetch(): Promise<{ place: Place; offsets: number[] }[]> {
    const session = this.#openSession();
    const { epoch } = session;
    const added = [...this.#assigned].filter(([name]) => !session.partitions.has(name));
    const gone = [...session.partitions].filter(([name]) => !this.#assigned.has(name));
    if (epoch === 0 && added.length === 0) return [];
    const said = epoch === 0 ? [] : this.#take();
    for (const [name, place] of added) session.partitions.set(name, place);
    for (const [name] of gone) session.partitions.delete(name);
    const places = new Map([
      ...added,
      ...said.map(({ place }): [string, Place] => [nameOf(place), place]),
    ]);
    const { process, group } = this;
    const unseen = [...session.partitions.keys()];
    const end = this.around.recorder.begin({ process }, [
      { kind: 'delivered', group, records: [], unseen },
    ]);
    const endWords = this.#speak(said);
    const topics = byTopic([...places.values()]).map(([topicId, all]) => ({
      topicId,
      partitions: all.map((place) => ({
        partitionIndex: place.index,
        acknowledgementBatches: batchesOf(said, place),
      })),
    }));
    const answer = await this.ask(shareFetch, this.#version, {
      ...this.#member(session),
      maxWaitMs: 1_000,
      minBytes: 1,
      maxBytes: 1_000_000,
      // In the end there is a bound on how long it takes.
      maxRecords: this.around.isWindingDown() ? 500 : this.#maxRecords,
      batchSize: this.#maxRecords,
      shareAcquireMode: this.#acquireMode,
      topics,
      forgottenTopicsData: byTopic(gone.map(([, place]) => place)).map(([topicId, all]) => {
        return { topicId, partitions: all.map(({ index }) => index) };
      }),
    });
    if (answer === undefined) {
      end('unknown');
      return [];
    }
    if (!this.#advance(session, answer.errorCode)) {
      end('unknown');
      return [];
    }
    const answers = answer.responses.flatMap(({ topicId, partitions }) =>
      partitions.map((partition) => ({ topicId, index: partition.partitionIndex, partition })),
    );
    endWords(({ topicId, index }) => {
      const found = answers.find((one) => one.topicId === topicId && one.index === index);
      return found?.partition.acknowledgeErrorCode;
    });
    const delivered = answers.flatMap(({ topicId, index, partition }) => {
      const place = [...session.partitions.values(), ...places.values()].find(
        (one) => one.topicId === topicId && one.index === index,
      );
      return place === undefined ? [] : [this.#unpack(place, partition)];
    });
    end('ok', [{ kind: 'delivered', group, records: delivered.flatMap(({ records }) => records) }]);
    return delivered.filter(({ offsets }) => offsets.length > 0);
  }

  /** A partition whose answer was lost may have delivered something all the same. */
  #noteUnseen(partition: string): void {
    const { process, group } = this;
    this.around.recorder.begin({ process }, [
      { kind: 'delivered', group, records: [], unseen: [partition] },
    ]);
  }

  #unpack(place: Place, { errorCode, records, acquiredRecords }: PartitionAnswer) {
    if (errorCode !== ErrorCode.NONE) {
      this.world.count(`share fetch: ${errorInfo(errorCode).name}`);
      this.#noteUnseen(nameOf(place));
    }
    const bytes = concat([...(records ?? []), new Uint8Array(0)]);
    const values = new Map(
      [...recordBatches(bytes)].flatMap((batch) =>
        [...decodeRecords(batch)].map(({ offset, value }): [number, string] => {
          return [offset, utf8.decode(value ?? new Uint8Array(0))];
        }),
      ),
    );
    const partition = nameOf(place);
    const offsets: number[] = [];
    const found: DeliveredRecord[] = [];
    for (const { firstOffset, lastOffset, deliveryCount } of acquiredRecords) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        const value = values.get(offset);
        if (value === undefined) throw new Error(`${partition} gave out ${offset} without it`);
        offsets.push(offset);
        found.push({ partition, offset, value, deliveryCount });
      }
    }
    return { place, offsets, records: found };
  }

  // Sessions

  #openSession(): Session {
    const { wire } = this;
    if (this.#session?.wire !== wire) {
      // What it held went back when the connection was lost; it knows nothing of that yet.
      this.#session = { wire, epoch: 0, partitions: new Map() };
    }
    return this.#session;
  }

  #member({ epoch }: Session) {
    return { groupId: this.group, memberId: this.#memberId, shareSessionEpoch: epoch };
  }

  /** False: there is no such session any more; the next request opens one. */
  #advance(session: Session, errorCode: number): boolean {
    if (errorCode === ErrorCode.NONE) {
      session.epoch++;
      return true;
    }
    this.world.count(`share session: ${errorInfo(errorCode).name}`);
    this.#letGo(this.world.time.now);
    this.#session = undefined;
    return false;
  }

  #letGo(at: number): void {
    const { group, process } = this;
    this.around.recorder.begin({ process })('ok', [{ kind: 'let-go', group, at }]);
  }

  // Words

  /** All that it has to say, once. */
  #take(): Words[] {
    const said = [...this.#words.values()].filter(({ types }) => types.size > 0);
    this.#words.clear();
    return said;
  }

  /** Writes down what is said; what came of it is told by the code for each partition. */
  #speak(said: readonly Words[]) {
    const { group, process } = this;
    const ends = said.map(({ place, types }) => {
      const judged: Judged = {
        kind: 'judged',
        group,
        partition: nameOf(place),
        types: Object.fromEntries(types),
      };
      const end = this.around.recorder.begin({ process }, [judged]);
      return { place, end };
    });
    return (codeOf: (place: Place) => number | undefined): void => {
      for (const { place, end } of ends) {
        const code = codeOf(place);
        if (code !== undefined && code !== ErrorCode.NONE) {
          this.world.count(`acknowledge: ${errorInfo(code).name}`);
        }
        end(outcomeOf(code));
      }
    };
  }

  /** With a request of its own; epoch -1 closes the session. */
  async #sayAlone(epoch?: number): Promise<void> {
    const session = this.#session;
    if (session === undefined || session.epoch === 0 || session.wire !== this.wire) return;
    const said = this.#take();
    if (said.length === 0 && epoch === undefined) return;
    const endWords = this.#speak(said);
    if (epoch !== undefined) this.#letGo(this.world.time.now);
    const answer = await this.ask(shareAcknowledge, this.#version, {
      ...this.#member(session),
      ...(epoch === undefined ? {} : { shareSessionEpoch: epoch }),
      topics: byTopic(said.map(({ place }) => place)).map(([topicId, all]) => ({
        topicId,
        partitions: all.map((place) => ({
          partitionIndex: place.index,
          acknowledgementBatches: batchesOf(said, place),
        })),
      })),
    });
    if (answer === undefined || !this.#advance(session, answer.errorCode)) return;
    endWords(({ topicId, index }) => {
      const topic = answer.responses.find((one) => one.topicId === topicId);
      return topic?.partitions.find(({ partitionIndex }) => partitionIndex === index)?.errorCode;
    });
  }
}

type ShareAssignment = readonly { topicId: string; partitions: readonly number[] }[];

/** Refused for good; of everything else nobody knows. */
const refusals: readonly number[] = [
  ErrorCode.INVALID_RECORD_STATE,
  ErrorCode.INVALID_REQUEST,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
];

function outcomeOf(code: number | undefined): Outcome {
  if (code === ErrorCode.NONE) return 'ok';
  return code !== undefined && refusals.includes(code) ? 'fail' : 'unknown';
}

function byTopic(places: readonly Place[]): [string, Place[]][] {
  return [...Map.groupBy(places, ({ topicId }) => topicId)];
}

/** Neighbours in one batch, with one type each or, where all are alike, one for all. */
function batchesOf(said: readonly Words[], place: Place) {
  const types = said.find((one) => one.place === place)?.types ?? new Map<number, number>();
  const batches: { firstOffset: number; lastOffset: number; acknowledgeTypes: number[] }[] = [];
  for (const [offset, type] of [...types].sort(([one], [other]) => one - other)) {
    const last = batches.at(-1);
    if (last?.lastOffset !== offset - 1) {
      batches.push({ firstOffset: offset, lastOffset: offset, acknowledgeTypes: [type] });
    } else {
      last.lastOffset = offset;
      last.acknowledgeTypes.push(type);
    }
  }
  return batches.map((batch) => {
    const [first, ...others] = batch.acknowledgeTypes;
    const isAlike = others.every((type) => type === first);
    return isAlike ? { ...batch, acknowledgeTypes: [first] } : batch;
  });
}
