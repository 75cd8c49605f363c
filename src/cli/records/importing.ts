/**
 * Stores what was exported: makes the topics that are missing, and each record once, in its
 * partition, with its time. The surprise: a topic whose times are those of its broker is made with
 * those of its records, and told otherwise only at the end.
 */
import type { Admin } from '../../client/admin/admin.ts';
import type { Link } from '../../client/link.ts';
import { partitionForKey } from '../../core/partitioner.ts';
import type { GroupLine, Line, RecordLine, TopicLine } from '../../core/record-lines.ts';
import { initProducerId } from '../../protocol/apis/init-producer-id.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { Refused } from '../usage.ts';
import { digestOf, LaneWriter, type Stored } from './import-lane.ts';
import { type Lane, type ProgressFile, translated } from './import-progress.ts';
import type { ImportSource } from './import-source.ts';
import { LogReader, Place } from './log-reader.ts';
import { recordsIn } from './opened.ts';
import { offsetsOf } from './places.ts';

export interface Importing {
  readonly admin: Admin;
  readonly link: Link;
  readonly file: ProgressFile;
  /** What a topic is called in the target; undefined: it is left out. */
  nameOf(topic: string): string | undefined;
  /** Compresses with this; undefined: as batches were, else not at all. */
  readonly codec: number | undefined;
  readonly withGroups: boolean;
  say(text: string): void;
  /** So much more of the source was read, and so many records stored in all. */
  progress(bytes: number, stored: number): void;
  readonly signal: AbortSignal;
}

export interface Imported {
  /** In this run. */
  readonly records: number;
  readonly topics: readonly string[];
  /** Offsets of groups that were set. */
  readonly groupOffsets: number;
}

interface KnownTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly leaders: readonly number[];
}

const timestampType = 'message.timestamp.type';
/** What may wait to be sent, in all partitions. */
const mostWaiting = 64 * 1024 * 1024;
const patienceMs = 60_000;

/** As whom to store. */
export async function newProducer(link: Link) {
  const request = { transactionalId: null, transactionTimeoutMs: 0 };
  const { errorCode, producerId, producerEpoch } = await link.call(initProducerId, request);
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
  return { producerId, producerEpoch };
}

/** One pass over the source. */
export class Import {
  readonly #terms: Importing;
  readonly #described = new Map<string, TopicLine>();
  readonly #groups: GroupLine[] = [];
  readonly #topics = new Map<string, KnownTopic>();
  readonly #lanes = new Map<string, LaneWriter>();
  #stored = 0;
  #placed = 0;

  constructor(terms: Importing) {
    this.#terms = terms;
  }

  async run(source: ImportSource): Promise<Imported> {
    const { signal, file, progress } = this.#terms;
    for await (const { lines, bytes, codec } of source.read()) {
      for (const line of lines) await this.#take(line, codec ?? 0);
      await this.#makeRoom();
      progress(bytes, this.#stored);
      if (signal.aborted) break;
    }
    for (const lane of this.#lanes.values()) await lane.end();
    if (!signal.aborted) {
      for (const topic of this.#described.values()) await this.#topicOf(topic.topic);
      await this.#settleConfigs();
    }
    await file.save();
    const groupOffsets = signal.aborted ? 0 : await this.#setGroups();
    return { records: this.#stored, topics: [...this.#topics.keys()], groupOffsets };
  }

  async #take({ kind, line }: Line, codec: number): Promise<void> {
    const topic = this.#terms.nameOf(line.topic);
    if (topic === undefined) return;
    if (kind === 'topic') this.#described.set(topic, { ...line, topic });
    else if (kind === 'group') this.#groups.push({ ...line, topic });
    else {
      const lane = await this.#laneOf(topic, line);
      const { offset, timestamp = Date.now(), key, value, headers } = line;
      lane.add({ timestamp, key, value, headers }, offset, this.#terms.codec ?? codec);
      if (lane.isFull) await lane.send();
    }
  }

  /** Small batches go too where very many partitions have some. */
  async #makeRoom(): Promise<void> {
    let waiting = 0;
    for (const lane of this.#lanes.values()) waiting += lane.bytes;
    if (waiting < mostWaiting) return;
    for (const lane of this.#lanes.values()) await lane.send();
  }

  async #laneOf(name: string, { partition, key }: RecordLine): Promise<LaneWriter> {
    const topic = this.#topics.get(name) ?? (await this.#topicOf(name));
    const { partitions } = topic;
    const chosen =
      partition ?? (key ? partitionForKey(key, partitions) : this.#placed++ % partitions);
    const known = this.#lanes.get(`${name} ${chosen}`);
    if (known !== undefined) return known;
    if (chosen >= partitions) {
      const count = partitions === 1 ? '1 partition' : `${partitions} partitions`;
      throw new Refused(`topic ${name} has ${count}, and a record is of partition ${chosen}.`);
    }
    const lane = await this.#openLane(topic, chosen);
    this.#lanes.set(`${name} ${chosen}`, lane);
    return lane;
  }

  async #openLane(topic: KnownTopic, partition: number): Promise<LaneWriter> {
    const { link, admin, file } = this.#terms;
    const { name, topicId } = topic;
    const place = { topic: name, topicId, partition, leader: topic.leaders[partition] };
    const end = (await offsetsOf(admin, [place], 'latest', 'read_uncommitted'))(place);
    const key = `${name} ${partition}`;
    const { lanes } = file.progress;
    const before = lanes[key];
    const lane: Lane = before ?? { done: 0, sequence: 0, nextOffset: end, shifts: [] };
    const found =
      before === undefined ? [] : await this.#storedSince(new Place(place, before.nextOffset, end));
    if (before === undefined) {
      lanes[key] = lane;
      await file.save();
    }
    return new LaneWriter({ topic: name, topicId, partition }, lane, found, {
      link,
      producer: file.progress,
      stored: async (records) => {
        this.#stored += records;
        await file.saveIfDue();
      },
    });
  }

  /** What an earlier run, or somebody else, has stored since it was noted how far it is. */
  async #storedSince(place: Place): Promise<Stored[]> {
    const { link, signal } = this.#terms;
    const reader = new LogReader(link, {
      isolation: 'read_uncommitted',
      patienceMs,
      outOfRange: async (one) => one.moveTo(one.end!),
    });
    const stored: Stored[] = [];
    for await (const { from, batches } of reader.read([place], signal)) {
      for (const { batch } of batches) {
        if (batch.isControl) continue;
        for (const record of recordsIn(batch)) {
          if (record.offset < from) continue;
          stored.push({ digest: digestOf(record), offset: record.offset });
        }
      }
    }
    return stored;
  }

  /** The topic in the target, made if it is missing. */
  async #topicOf(name: string): Promise<KnownTopic> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const { file } = this.#terms;
    const there = await this.#lookUp(name);
    const topic = there ?? (await this.#make(name));
    const before = file.progress.topics[name];
    if (before?.topicId !== topic.topicId) {
      // Another topic of that name has nothing of what was imported before.
      for (const key of Object.keys(file.progress.lanes)) {
        if (key.startsWith(`${name} `)) delete file.progress.lanes[key];
      }
      file.progress.topics[name] = { topicId: topic.topicId, isMade: there === undefined };
      await file.save();
    }
    const described = this.#described.get(name);
    if (described !== undefined && described.partitions > topic.partitions) {
      this.#terms.say(
        `topic ${name} is there with fewer partitions than were exported: ${topic.partitions}.`,
      );
    }
    this.#topics.set(name, topic);
    return topic;
  }

  async #lookUp(name: string): Promise<KnownTopic | undefined> {
    try {
      const [topic] = await this.#terms.admin.describeTopics([name]);
      const leaders = topic.partitions.map(({ leader }) => leader);
      if (leaders.some((leader) => leader < 0)) return await this.#again(name);
      return { name, topicId: topic.topicId, partitions: leaders.length, leaders };
    } catch (error) {
      const isMissing =
        error instanceof KafkaError && error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      if (isMissing) return undefined;
      const isComing = error instanceof KafkaError && error.code === ErrorCode.LEADER_NOT_AVAILABLE;
      if (isComing) return this.#again(name);
      throw error;
    }
  }

  async #again(name: string): Promise<KnownTopic | undefined> {
    await new Promise((resolve) => setTimeout(resolve, 100));
    this.#terms.signal.throwIfAborted();
    return this.#lookUp(name);
  }

  async #make(name: string): Promise<KnownTopic> {
    const { admin, say } = this.#terms;
    const { partitions, configs = {} } = this.#described.get(name) ?? {};
    const { [timestampType]: _, ...others } = configs;
    const many = partitions === undefined ? {} : { partitions };
    try {
      await admin.createTopics([{ name, ...many, configs: others }]);
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== ErrorCode.INVALID_CONFIG) throw error;
      await admin.createTopics([{ name, ...many }]);
      for (const [config, value] of Object.entries(others)) {
        await admin
          .alterConfigs({ topic: name }, { [config]: value })
          .catch((refused: Error) =>
            say(`topic ${name}: ${config} is not set: ${refused.message}`),
          );
      }
    }
    for (;;) {
      const topic = await this.#lookUp(name);
      if (topic !== undefined) return topic;
      await new Promise((resolve) => setTimeout(resolve, 50));
      this.#terms.signal.throwIfAborted();
    }
  }

  /** What would have changed the times of records. */
  async #settleConfigs(): Promise<void> {
    const { admin, file } = this.#terms;
    for (const [name, { configs }] of this.#described) {
      const type = configs[timestampType];
      if (type === undefined || !file.progress.topics[name]?.isMade) continue;
      await admin.alterConfigs({ topic: name }, { [timestampType]: type });
    }
  }

  async #setGroups(): Promise<number> {
    const { admin, file, say, withGroups } = this.#terms;
    if (!withGroups) return 0;
    // What was exported later counts.
    const last = new Map(
      this.#groups.map((line) => [`${line.group} ${line.topic} ${line.partition}`, line]),
    );
    let count = 0;
    for (const [group, lines] of Map.groupBy(last.values(), (one) => one.group)) {
      const offsets = lines.flatMap(({ topic, partition, offset }) => {
        const lane = file.progress.lanes[`${topic} ${partition}`];
        const to = lane && translated(offset, lane);
        return to === undefined ? [] : [{ topic, partition, offset: to }];
      });
      if (offsets.length === 0) continue;
      try {
        await admin.alterGroupOffsets(group, offsets);
        count += offsets.length;
      } catch (error) {
        say(`the offsets of group ${group} are not set: ${(error as Error).message}`);
      }
    }
    return count;
  }
}
