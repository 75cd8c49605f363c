/**
 * Reads partitions as record batches, as they lie in the log, without a group. The surprise: the
 * next batches are asked for before those that came are looked at, since their headers say where
 * to read on; so the line is busy while records are printed or written.
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { concat } from '../../bytes/writer.ts';
import { AbortedProducers } from '../../client/consumer/fetched.ts';
import type { Link } from '../../client/link.ts';
import { isRetriable, sleep } from '../../client/waiting.ts';
import { type FetchResponse, fetch } from '../../protocol/apis/fetch.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import { type RecordBatch, recordBatches } from '../../protocol/records/index.ts';

/** One partition that is read. */
export class Place {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leader: number;
  /** What is fetched next. */
  position: number;
  /** Nothing from here on is asked for. */
  end: number | undefined;
  /** Nothing more is wanted. */
  isDone = false;
  failingSince: number | undefined;

  constructor(
    { topic, topicId, partition, leader }: Omit<PlaceOf, 'position'>,
    position: number,
    end?: number,
  ) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
    this.leader = leader;
    this.position = position;
    this.end = end;
    this.#finish();
  }

  moveTo(offset: number): void {
    this.position = offset;
    this.#finish();
  }

  toString(): string {
    return `${this.topic} [${this.partition}]`;
  }

  #finish(): void {
    if (this.end !== undefined && this.position >= this.end) this.isDone = true;
  }
}

interface PlaceOf {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leader: number;
  readonly position: number;
}

/** A batch, and whether nobody is to see it: it was aborted, or is a marker. */
export interface LogBatch {
  readonly batch: RecordBatch;
  readonly isHidden: boolean;
}

export interface Found {
  readonly place: Place;
  /** The offset that was asked for: the first batch may begin before it. */
  readonly from: number;
  readonly batches: readonly LogBatch[];
  /** Where to read on. */
  readonly nextOffset: number;
  /** There was nothing behind it when this was answered. */
  readonly isAtEnd: boolean;
}

export interface ReaderTerms {
  readonly isolation: 'read_uncommitted' | 'read_committed';
  /** For how long to try again when nobody answers; undefined: for ever. */
  readonly patienceMs: number | undefined;
  /** The offset asked for is not there (any more): moves the place, or throws. */
  outOfRange(place: Place): Promise<void>;
}

const maxWaitMs = 500;
const maxBytes = 16 * 1024 * 1024;
const maxPartitionBytes = 4 * 1024 * 1024;
const pauseMs = 200;
/** A topic that is not there may be there in a moment. */
const unknownForMs = 3_000;

type Answer = FetchResponse['responses'][number]['partitions'][number];

export class LogReader {
  readonly #link: Link;
  readonly #terms: ReaderTerms;
  #turn = 0;
  #silentSince: number | undefined;

  constructor(link: Link, terms: ReaderTerms) {
    this.#link = link;
    this.#terms = terms;
  }

  /** What there is in these places, and what comes, until all of them are done. */
  async *read(places: readonly Place[], signal?: AbortSignal): AsyncGenerator<Found, void> {
    let asked = this.#ask(places, signal);
    while (asked !== undefined) {
      const answered = await asked;
      const found = await this.#heed(answered, signal);
      asked = this.#ask(places, signal);
      // It may fail while what was found is looked at.
      asked?.catch(() => {});
      yield* found;
    }
  }

  #ask(places: readonly Place[], signal?: AbortSignal): Promise<Answered> | undefined {
    const open = places.filter(({ isDone }) => !isDone);
    if (open.length === 0 || signal?.aborted) return undefined;
    // An answer is full before all of them had their turn.
    const turn = this.#turn++ % open.length;
    return this.#fetch([...open.slice(turn), ...open.slice(0, turn)], signal);
  }

  async #fetch(places: readonly Place[], signal?: AbortSignal): Promise<Answered> {
    const asked = places.map((place) => ({ place, from: place.position }));
    const byTopic = [...Map.groupBy(asked, ({ place }) => place.topicId)];
    const topics = byTopic.map(([topicId, all]) => ({
      topic: all[0].place.topic,
      topicId,
      partitions: all.map(({ place: { partition }, from }) => ({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: from,
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        partitionMaxBytes: maxPartitionBytes,
        replicaDirectoryId: ZERO_UUID,
      })),
    }));
    const isolationLevel = this.#terms.isolation === 'read_committed' ? 1 : 0;
    const request = { maxWaitMs, minBytes: 1, maxBytes, isolationLevel, topics };
    try {
      const answer = await this.#link.call(fetch, request, { signal });
      if (answer.errorCode !== ErrorCode.NONE) throw new KafkaError(answer.errorCode);
      this.#silentSince = undefined;
      return answer.responses.flatMap(({ topicId, topic, partitions }) =>
        partitions.flatMap((partition) => {
          const one = asked.find(
            ({ place }) =>
              place.partition === partition.partitionIndex &&
              (place.topicId === topicId || place.topic === topic),
          );
          return one === undefined ? [] : [{ ...one, answer: partition }];
        }),
      );
    } catch (error) {
      if (signal?.aborted) return [];
      await this.#bear(error, signal);
      return [];
    }
  }

  /** Nobody answered: throws when that cannot be mended, or lasts too long. */
  async #bear(error: unknown, signal?: AbortSignal): Promise<void> {
    if (!isRetriable(error)) throw error;
    const { patienceMs = Number.POSITIVE_INFINITY } = this.#terms;
    this.#silentSince ??= Date.now();
    if (Date.now() - this.#silentSince > patienceMs) throw error;
    await sleep(pauseMs, signal).catch(() => {});
  }

  async #heed(answered: Answered, signal?: AbortSignal): Promise<Found[]> {
    const found: Found[] = [];
    let isRefused = false;
    for (const { place, from, answer } of answered) {
      if (place.isDone || place.position !== from) continue;
      if (answer.errorCode === ErrorCode.NONE) {
        place.failingSince = undefined;
        found.push(this.#found(place, from, answer));
      } else if (answer.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
        await this.#terms.outOfRange(place);
      } else {
        this.#refused(place, answer.errorCode);
        isRefused = true;
      }
    }
    if (isRefused) await sleep(pauseMs, signal).catch(() => {});
    return found;
  }

  #found(place: Place, from: number, answer: Answer): Found {
    const committed = this.#terms.isolation === 'read_committed';
    const end = committed ? answer.lastStableOffset : answer.highWatermark;
    const aborted = new AbortedProducers((committed && answer.abortedTransactions) || []);
    const { records: chunks = [] } = answer;
    const bytes = chunks?.length === 1 ? chunks[0] : concat(chunks ?? []);
    const batches: LogBatch[] = [];
    let nextOffset = from;
    for (const batch of recordBatches(bytes)) {
      if (batch.magic < 2) throw tooOld(place);
      if (batch.lastOffset < from) continue;
      if (!batch.isValid) throw corrupt(place, batch.baseOffset);
      nextOffset = batch.nextOffset;
      batches.push({ batch, isHidden: aborted.hide(batch) });
    }
    place.moveTo(nextOffset);
    return { place, from, batches, nextOffset, isAtEnd: nextOffset >= end };
  }

  #refused(place: Place, errorCode: number): void {
    place.failingSince ??= Date.now();
    const { retriable, message } = errorInfo(errorCode);
    const isUnknown =
      errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ||
      errorCode === ErrorCode.UNKNOWN_TOPIC_ID;
    const failingMs = Date.now() - place.failingSince;
    const { patienceMs = Number.POSITIVE_INFINITY } = this.#terms;
    const isHopeless = failingMs > (isUnknown ? unknownForMs : patienceMs);
    if (retriable && !isHopeless) return;
    throw new KafkaError(errorCode, `${message} (${place} at offset ${place.position})`);
  }
}

type Answered = readonly {
  readonly place: Place;
  readonly from: number;
  readonly answer: Answer;
}[];

function corrupt(place: Place, offset: number): KafkaError {
  const message = `What was received of ${place} at offset ${offset} is damaged.`;
  return new KafkaError(ErrorCode.CORRUPT_MESSAGE, message);
}

function tooOld(place: Place): KafkaError {
  const message = `${place} holds records in a form from before Kafka 0.11, which is not read here.`;
  return new KafkaError(ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, message);
}
