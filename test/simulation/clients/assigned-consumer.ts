/**
 * A consumer that assigned its partitions itself and reads them from the beginning, by the names of
 * their topics or by their ids. The surprise: at the end of the world it is also the one who reads
 * everything, to see what is missing.
 */
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Client, partitionName, type SimulatedTopic } from './client.ts';
import {
  type FetchStyle,
  fetchRecords,
  fetchStyle,
  firstFetchById,
  Positions,
} from './fetching.ts';
import { topicIds } from './topics.ts';

interface Place {
  readonly topic: SimulatedTopic;
  readonly index: number;
}

export class AssignedConsumer extends Client {
  readonly #positions = new Positions();

  async live(): Promise<void> {
    const everything = this.random.chance(0.5);
    const places = this.#places().filter(() => everything || this.random.chance(0.5));
    const style = fetchStyle(this, 17);
    while (!this.around.isWindingDown()) {
      await this.#find(places, style);
      await this.#poll(style);
      await this.sleep(this.random.delay(30));
    }
  }

  /** Reads until the end of every partition, as the partitions themselves tell it. */
  async readEverything(): Promise<void> {
    const style = { version: 17, maxWaitMs: 500, partitionMaxBytes: 1_048_576, committed: true };
    const places = this.#places();
    while (this.#positions.all().length < places.length) await this.#find(places, style);
    const ends = await this.#ends();
    const isDone = () =>
      this.#positions
        .all()
        .every((one) => one.offset >= ends.get(partitionName(one.topic.name, one.index))!);
    for (let inVain = 0; !isDone(); inVain++) {
      if (inVain > 100) throw new Error('the final reader does not come to the end');
      if (await this.#poll(style)) inVain = 0;
    }
  }

  #places(): Place[] {
    return this.around.topics.flatMap((topic) =>
      Array.from({ length: topic.partitions }, (_, index) => ({ topic, index })),
    );
  }

  /** Gives a position to each place that has none, once its topic is known. */
  async #find(places: readonly Place[], { version }: FetchStyle): Promise<void> {
    const has = ({ topic, index }: Place) =>
      this.#positions.all().some((one) => one.topic === topic && one.index === index);
    const missing = places.filter((place) => !has(place));
    if (missing.length === 0) return;
    const byId = version >= firstFetchById;
    const ids = byId
      ? await topicIds(this, [...new Set(missing.map(({ topic }) => topic))])
      : undefined;
    for (const place of missing) {
      const topicId = ids?.get(place.topic.name);
      if (!byId || topicId !== undefined) this.#positions.begin({ ...place, topicId });
    }
  }

  /** Whether it brought anything. */
  async #poll(style: FetchStyle): Promise<boolean> {
    if (this.#positions.all().length === 0) return false;
    const repositioned = this.#positions.takeMoved();
    const about = { process: this.process, repositioned, uncommitted: !style.committed };
    const end = this.around.recorder.begin(about);
    const records = await fetchRecords(this, this.#positions, style);
    if (records === undefined) {
      end('fail');
      return false;
    }
    end('ok', [{ kind: 'poll', records, positions: this.#positions.asRecord() }]);
    return records.length > 0;
  }

  async #ends(): Promise<Map<string, number>> {
    const topics = this.around.topics.map(({ name, partitions }) => ({
      name,
      partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
        partitionIndex,
        currentLeaderEpoch: -1,
        timestamp: -1,
      })),
    }));
    for (;;) {
      const answer = await this.ask(listOffsets, 5, { replicaId: -1, topics });
      const all = answer?.topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => ({ name: partitionName(name, one.partitionIndex), ...one })),
      );
      if (all?.every(({ errorCode }) => errorCode === ErrorCode.NONE)) {
        return new Map(all.map(({ name, offset }) => [name, offset]));
      }
      await this.sleep(100);
    }
  }
}
