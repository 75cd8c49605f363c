/**
 * A log at random: batches of plain and idempotent producers, reads from anywhere, looks by time,
 * records deleted from the beginning. Like the other walks, each is made of its number alone.
 */
import { Codec, compress } from '../../../../src/bytes/compression.ts';
import { deleteRecords, describeProducers, fetch, listOffsets, produce } from '../apis.ts';
import type { Player, Script, Topic } from '../player.ts';
import { Chance } from '../random.ts';
import {
  batchAt,
  Earliest,
  fetchOf,
  hourAgo,
  Latest,
  listOf,
  MaxTimestamp,
  produceOf,
} from '../requests.ts';

const STEPS = 60;
const producerIds = [4711, 4712];

class LogWalk {
  readonly #on: Player;
  readonly #chance: Chance;
  readonly #sequences = new Map<number, number>();
  #topic!: Topic;
  #end = 0;
  #isCut = false;

  constructor(on: Player, seed: number) {
    this.#on = on;
    this.#chance = new Chance(seed);
  }

  async play(): Promise<void> {
    for (const producerId of producerIds) this.#on.producer(producerId);
    const configs = this.#chance.one<Readonly<Record<string, string>>>([
      {},
      {},
      { 'compression.type': 'uncompressed' },
      { 'segment.bytes': '1048576', 'index.interval.bytes': '1' },
    ]);
    this.#topic = await this.#on.topic('topic', configs);
    for (let step = 0; step < STEPS; step += 1) await this.#step();
    await this.#on.ask(fetch, 13, fetchOf(this.#topic, this.#end));
  }

  #step(): Promise<void> {
    const chance = this.#chance.next();
    if (chance < 0.3) return this.#produce(this.#plain());
    if (chance < 0.45) return this.#produce(this.#sequenced());
    if (chance < 0.7) return this.#fetch();
    if (chance < 0.9) return this.#list();
    return chance < 0.95 ? this.#delete() : this.#describe();
  }

  #times(): number[] {
    const count = this.#chance.whole(1, 4);
    return Array.from({ length: count }, () => hourAgo + this.#chance.whole(0, 100));
  }

  #plain(): Uint8Array {
    const codec = this.#chance.one([0, 0, Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]);
    return batchAt(this.#times(), codec === 0 ? {} : { compression: { codec, compress } });
  }

  /** Mostly the next batch of one of two producers; or one too early, too late or too old. */
  #sequenced(): Uint8Array {
    const times = this.#times();
    const producerId = this.#chance.one(producerIds);
    const next = this.#sequences.get(producerId) ?? 0;
    const chance = this.#chance.next();
    if (chance < 0.1) return this.#of(producerId, times, 1, next + 1);
    if (chance < 0.2) return this.#of(producerId, times, 0, 0);
    if (chance < 0.3) return this.#of(producerId, times, 1, Math.max(0, next - 1));
    this.#sequences.set(producerId, next + times.length);
    return this.#of(producerId, times, 1, next);
  }

  #of(producerId: number, times: number[], producerEpoch: number, baseSequence: number) {
    return batchAt(times, { producerId, producerEpoch, baseSequence });
  }

  async #produce(records: Uint8Array): Promise<void> {
    const request = produceOf(this.#topic, records);
    const version = this.#chance.one([7, 8, 9, 12, 13]);
    const { responses } = await this.#on.ask(produce, version, request);
    const { errorCode, baseOffset } = responses[0].partitionResponses[0];
    if (errorCode === 0) this.#end = Math.max(this.#end, baseOffset + 4);
  }

  async #fetch(): Promise<void> {
    const request = fetchOf(this.#topic, this.#chance.whole(-1, this.#end), {
      partitionMaxBytes: this.#chance.one([0, 1, 100, 200, 300, 500, 1 << 20]),
      maxBytes: this.#chance.one([1, 150, 1 << 20, 1 << 20]),
      isolationLevel: this.#chance.whole(0, 1),
      currentLeaderEpoch: this.#chance.one([-1, -1, 0, 1]),
    });
    await this.#on.ask(fetch, this.#chance.one([10, 11, 12, 13, 17]), request);
  }

  async #list(): Promise<void> {
    // Kafka names a record with the largest time even if it is deleted.
    const largest = this.#isCut ? Latest : MaxTimestamp;
    const time = hourAgo + this.#chance.whole(-1, 101);
    const timestamp = this.#chance.one([Earliest, Latest, largest, -4, time, time, time, time]);
    const version = this.#chance.one([8, 9, 11]);
    await this.#on.ask(listOffsets, version, listOf(this.#topic, timestamp));
  }

  async #delete(): Promise<void> {
    this.#isCut = true;
    const offset = this.#chance.whole(-1, this.#chance.whole(0, this.#end));
    const topics = [{ name: this.#topic.name, partitions: [{ partitionIndex: 0, offset }] }];
    await this.#on.ask(deleteRecords, 2, { topics, timeoutMs: 10_000 });
  }

  async #describe(): Promise<void> {
    const topics = [{ name: this.#topic.name, partitionIndexes: [0] }];
    await this.#on.ask(describeProducers, 0, { topics });
  }
}

/** The walk of this number through a log. */
export function logWalkOf(seed: number): Script {
  return { name: `log-walk-${seed}`, play: (on) => new LogWalk(on, seed).play() };
}
