/**
 * Fetches what is next of the partitions a consumer reads. The surprise: it begins with another
 * partition each time, since an answer is full before all of them had their turn.
 */
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { type FetchRequest, type FetchResponse, fetch } from '../../protocol/apis/fetch.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../protocol/errors.ts';
import type { Link } from '../link.ts';
import { offsetsAt } from '../offsets.ts';
import type { Topics } from '../topics.ts';
import { recordsOf } from './fetched.ts';
import type { ConsumerOptions } from './options.ts';
import type { Chunk, Reading } from './reading.ts';

export type FetchTerms = Pick<
  ConsumerOptions<unknown, unknown>,
  'isolation' | 'maxBytes' | 'maxPartitionBytes' | 'autoOffsetReset'
>;

type Answer = FetchResponse['responses'][number]['partitions'][number];
type Partition = FetchRequest['topics'][number]['partitions'][number];

/** All that is left out of a request for one partition. */
const partitionDefaults: Omit<Partition, 'partition' | 'fetchOffset' | 'partitionMaxBytes'> = {
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  replicaDirectoryId: ZERO_UUID,
};

/** The topic may have been made anew, or the partition has moved. */
const misplaced: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
]);

export class Fetcher {
  readonly #link: Link;
  readonly #topics: Topics;
  readonly #terms: FetchTerms;
  #turn = 0;

  constructor(link: Link, topics: Topics, terms: FetchTerms) {
    this.#link = link;
    this.#topics = topics;
    this.#terms = terms;
  }

  get isolationLevel(): 0 | 1 {
    return this.#terms.isolation === 'read_committed' ? 1 : 0;
  }

  /**
   * What there is, or what comes within `maxWaitMs`. Throws what cannot be mended by trying again;
   * what can makes an empty answer.
   */
  async fetch(
    readings: readonly Reading[],
    maxWaitMs: number,
    signal?: AbortSignal,
  ): Promise<Chunk[]> {
    const turn = this.#turn++ % readings.length;
    const ordered = [...readings.slice(turn), ...readings.slice(0, turn)];
    const asked = ordered.map((reading) => ({ reading, version: reading.version }));
    const answers = await this.#ask(ordered, maxWaitMs, signal);
    const chunks: Chunk[] = [];
    for (const { reading, version } of asked) {
      const answer = answers.get(reading);
      if (answer === undefined || reading.version !== version) continue;
      if (answer.errorCode !== ErrorCode.NONE) {
        await this.#heed(reading, answer.errorCode, signal);
        continue;
      }
      const { highWatermark } = answer;
      reading.highWatermark = highWatermark;
      const { records, nextOffset } = await recordsOf(answer, reading.position!);
      if (records.length > 0) chunks.push({ reading, version, records, nextOffset, highWatermark });
      else if (reading.version === version) reading.moveTo(nextOffset);
    }
    return chunks;
  }

  /** One look at one partition. Throws its error, also one that another attempt may mend. */
  async look(reading: Reading, maxWaitMs: number, signal?: AbortSignal) {
    const answers = await this.#ask([reading], maxWaitMs, signal);
    const answer = answers.get(reading);
    // Nothing is said of any partition where a quota is used up.
    const errorCode = answer?.errorCode ?? ErrorCode.THROTTLING_QUOTA_EXCEEDED;
    if (answer === undefined || errorCode !== ErrorCode.NONE) throw refused(reading, errorCode);
    const { highWatermark, logStartOffset } = answer;
    return { ...(await recordsOf(answer, reading.position!)), highWatermark, logStartOffset };
  }

  async #ask(
    readings: readonly Reading[],
    maxWaitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<Reading, Answer>> {
    const { maxBytes = 4 * 1024 * 1024, maxPartitionBytes = 1024 * 1024 } = this.#terms;
    const topics = [...Map.groupBy(readings, ({ topic }) => topic.topicId)];
    const request = {
      maxWaitMs,
      minBytes: 1,
      maxBytes,
      isolationLevel: this.isolationLevel,
      topics: topics.map(([topicId, all]) => ({
        topic: all[0].topic.name,
        topicId,
        partitions: all.map(({ partition, position }) => ({
          ...partitionDefaults,
          partition,
          fetchOffset: position!,
          partitionMaxBytes: maxPartitionBytes,
        })),
      })),
    };
    const answer = await this.#link.call(fetch, request, { signal });
    if (answer.errorCode !== ErrorCode.NONE) throw new KafkaError(answer.errorCode);
    const answers = new Map<Reading, Answer>();
    for (const { topicId, topic, partitions } of answer.responses) {
      for (const one of partitions) {
        const reading = readings.find(
          ({ topic: known, partition }) =>
            partition === one.partitionIndex && (known.topicId === topicId || known.name === topic),
        );
        if (reading !== undefined) answers.set(reading, one);
      }
    }
    return answers;
  }

  /** The offset where a reading begins that has none, or a wrong one. */
  async reset(reading: Reading, to: 'earliest' | 'latest', signal?: AbortSignal): Promise<void> {
    const { topic, partition, version } = reading;
    const place = { topic: topic.name, partition, at: to };
    const [{ offset }] = await offsetsAt(this.#link, [place], this.isolationLevel, { signal });
    if (reading.version === version) reading.moveTo(offset);
  }

  async #heed(reading: Reading, errorCode: number, signal?: AbortSignal): Promise<void> {
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      const { autoOffsetReset = 'latest' } = this.#terms;
      if (autoOffsetReset !== 'none') return this.reset(reading, autoOffsetReset, signal);
    } else if (misplaced.has(errorCode)) {
      // Where it was deleted, it is asked for until somebody says so, or it is made anew.
      const topic = await this.#topics.again(reading.topic.name);
      if (topic !== undefined) reading.isOf(topic);
      return;
    } else if (errorInfo(errorCode).retriable) return;
    throw refused(reading, errorCode);
  }
}

function refused({ topic, partition, position }: Reading, errorCode: number): KafkaError {
  const where = `${topic.name}-${partition} at offset ${position}`;
  return new KafkaError(errorCode, `${errorInfo(errorCode).message} (${where})`);
}
