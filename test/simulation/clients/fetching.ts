/**
 * Fetches as a consumer does, for whoever has positions: many partitions at once, whole batches,
 * and what precedes the position dropped. The surprise: OFFSET_OUT_OF_RANGE is a bug of the broker
 * and thrown, but for topics that are trimmed, and for those that come and go, whose readers by
 * name start over.
 */

import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { concat } from '../../../src/bytes/writer.ts';
import { type FetchResponse, fetch } from '../../../src/protocol/apis/fetch.ts';
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import {
  decodeRecords,
  type RecordBatch,
  recordBatches,
} from '../../../src/protocol/records/index.ts';
import type { SeenRecord } from '../checker/history.ts';
import { type Client, partitionName, type SimulatedTopic } from './client.ts';

/** From this version on Fetch names topics by their ids. */
export const firstFetchById = 13;

export interface Position {
  readonly topic: SimulatedTopic;
  readonly index: number;
  /** Known to those who fetch by id. */
  readonly topicId: string | undefined;
  readonly offset: number;
}

/** Where a reader stands: partition → next offset. */
export class Positions {
  readonly #next = new Map<string, Position>();
  readonly #left = new Map<string, number>();
  readonly #strayed: Position[] = [];
  #moved = false;

  set(position: Position): void {
    this.#next.set(nameOf(position), position);
  }

  get(partition: string): number | undefined {
    return this.#next.get(partition)?.offset;
  }

  /** Somebody else reads it now. */
  forget(partition: string): void {
    this.#next.delete(partition);
    this.#moved = true;
  }

  /** The topic is gone: somebody has to find the one that bears its name now. */
  remove(position: Position): void {
    this.#next.delete(nameOf(position));
    this.#left.set(nameOf(position), position.offset);
  }

  /** Where to begin: where it was left, should it be the same again. */
  begin(place: Omit<Position, 'offset'>): void {
    this.set({ ...place, offset: this.#left.get(nameOf(place)) ?? 0 });
  }

  /** Begins anew there. */
  restart(position: Position): void {
    this.set(position);
    this.#moved = true;
  }

  /** What was there is deleted: somebody has to find where the log begins now. */
  stray(position: Position): void {
    this.#strayed.push(position);
  }

  takeStrayed(): Position[] {
    return this.#strayed.splice(0);
  }

  /** Whether any position was set anew since this was asked last. */
  takeMoved(): boolean {
    const moved = this.#moved;
    this.#moved = false;
    return moved;
  }

  all(): Position[] {
    return [...this.#next.values()];
  }

  asRecord(): Record<string, number> {
    return Object.fromEntries([...this.#next].map(([name, { offset }]) => [name, offset]));
  }
}

/** The name in the history: only of a topic that comes and goes does the incarnation matter. */
export function nameOf({ topic, index, topicId }: Omit<Position, 'offset'>): string {
  return partitionName(topic.name, index, topic.fleeting ? topicId : undefined);
}

const utf8 = new TextDecoder();

/** What a reader fetches with; drawn once in its life. */
export interface FetchStyle {
  readonly version: number;
  readonly maxWaitMs: number;
  readonly partitionMaxBytes: number;
  readonly committed: boolean;
}

export function fetchStyle(client: Client, newest = firstFetchById - 1): FetchStyle {
  return {
    version: client.random.between(4, newest),
    maxWaitMs: client.random.pick([0, 100, 500, 5_000]),
    partitionMaxBytes: client.random.pick([1, 500, 1_048_576]),
    committed: client.random.chance(0.7),
  };
}

/** One Fetch. Moves the positions; undefined when there was no answer. */
export async function fetchRecords(
  client: Client,
  positions: Positions,
  { version, maxWaitMs, partitionMaxBytes, committed }: FetchStyle,
): Promise<SeenRecord[] | undefined> {
  const wanted = positions.all();
  const byTopic = Map.groupBy(wanted, ({ topic, topicId }) => topicId ?? topic.name);
  const topics = [...byTopic.values()].map((partitions) => ({
    topic: partitions[0].topic.name,
    topicId: partitions[0].topicId ?? '',
    partitions: partitions.map(({ index, offset }) => ({
      partition: index,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes,
      replicaDirectoryId: ZERO_UUID,
    })),
  }));
  const limits = { replicaId: -1, maxWaitMs, minBytes: 1, maxBytes: 50_000_000 };
  const request = { ...limits, isolationLevel: committed ? 1 : 0, topics };
  const answer = await client.ask(fetch, version, request);
  if (answer === undefined) return undefined;
  const byId = version >= firstFetchById;
  const seen = answer.responses.flatMap(({ topic, topicId, partitions }) =>
    partitions.flatMap((partition) => {
      const position = wanted.find(
        (one) =>
          one.index === partition.partitionIndex &&
          (byId ? one.topicId === topicId : one.topic.name === topic),
      );
      if (position === undefined) throw new Error('an answer for a partition nobody asked for');
      return take(client, positions, position, partition);
    }),
  );
  for (const position of positions.takeStrayed()) await findStart(client, positions, position);
  return seen;
}

/** The offset that stands at one of the special places of a log; undefined: no answer. */
export async function placeOfLog(
  client: Client,
  topic: SimulatedTopic,
  partitionIndex: number,
  timestamp: number,
): Promise<number | undefined> {
  const partitions = [{ partitionIndex, currentLeaderEpoch: -1, timestamp }];
  const topics = [{ name: topic.name, partitions }];
  const answer = await client.ask(listOffsets, 5, { replicaId: -1, topics });
  const place = answer?.topics[0].partitions[0];
  return place?.errorCode === ErrorCode.NONE ? place.offset : undefined;
}

/** Goes on from where the log begins now, if that is further on. */
async function findStart(client: Client, positions: Positions, position: Position): Promise<void> {
  const start = await placeOfLog(client, position.topic, position.index, -2);
  if (start === undefined) return;
  if (start > position.offset) return positions.restart({ ...position, offset: start });
  const end = await placeOfLog(client, position.topic, position.index, -1);
  if (end === undefined || end >= position.offset) return;
  throw new Error(`${client.process} lost its place at ${nameOf(position)} ${position.offset}`);
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

/** What is new in the answer of one partition. */
function take(
  client: Client,
  positions: Positions,
  position: Position,
  { errorCode, records, abortedTransactions }: PartitionAnswer,
): SeenRecord[] {
  const name = nameOf(position);
  if (errorCode !== ErrorCode.NONE) {
    client.world.count(`fetch: ${errorInfo(errorCode).name}`);
    heed(client, positions, position, errorCode);
    return [];
  }
  const bytes = concat(records === null ? [] : [...records, new Uint8Array(0)]);
  const batches = [...recordBatches(bytes)];
  const nextOffset = Math.max(position.offset, batches.at(-1)?.nextOffset ?? 0);
  if (nextOffset > position.offset) positions.set({ ...position, offset: nextOffset });
  return recordsIn(batches, abortedTransactions ?? [], name).filter(
    ({ offset }) => offset >= position.offset,
  );
}

function heed(client: Client, positions: Positions, position: Position, errorCode: number): void {
  const { topic, topicId, offset } = position;
  switch (errorCode) {
    case ErrorCode.OFFSET_OUT_OF_RANGE:
      if (topic.trimmed) positions.stray(position);
      else if (topic.fleeting && topicId === undefined)
        positions.restart({ ...position, offset: 0 });
      else throw new Error(`${client.process} lost its place at ${nameOf(position)} ${offset}`);
      return;
    case ErrorCode.UNKNOWN_TOPIC_ID:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      if (topic.growing) return;
      if (!topic.fleeting) throw new Error(`${client.process} was told ${topic.name} is gone`);
      if (topicId !== undefined) positions.remove(position);
  }
}

type Aborted = NonNullable<PartitionAnswer['abortedTransactions']>;

/** What a consumer shows of these batches: no markers, and nothing of what was aborted. */
function recordsIn(
  batches: readonly RecordBatch[],
  abortedTransactions: Aborted,
  partition: string,
): SeenRecord[] {
  const ahead = [...abortedTransactions];
  const aborted = new Set<number>();
  return batches.flatMap((batch) => {
    if (!batch.isValid) throw new Error(`a batch of ${partition} has a wrong checksum`);
    const { producerId } = batch;
    while (ahead.length > 0 && ahead[0].firstOffset <= batch.lastOffset) {
      aborted.add(ahead.shift()!.producerId);
    }
    if (batch.isControl) {
      aborted.delete(producerId);
      return [];
    }
    if (batch.isTransactional && aborted.has(producerId)) return [];
    return [...decodeRecords(batch)].map(({ offset, value }) => ({
      partition,
      offset,
      value: utf8.decode(value ?? new Uint8Array(0)),
    }));
  });
}
