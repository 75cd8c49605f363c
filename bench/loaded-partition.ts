/**
 * One partition under measurement: fills it, and asks it what a client asks, over the Kafka port.
 * What asks says how long the answer took, in milliseconds. The surprise: every answer is checked,
 * for a wrong one is quick; that, and making the question, is not counted.
 */
import { concat } from '../src/bytes/writer.ts';
import { fetch } from '../src/protocol/apis/fetch.ts';
import { listOffsets } from '../src/protocol/apis/list-offsets.ts';
import { type ProduceResponse, produce } from '../src/protocol/apis/produce.ts';
import { buildBatch, RecordBatch } from '../src/protocol/records/index.ts';
import { fetchOf, frameOf, produceOf, type Wire } from '../test/kafka/wire.ts';
import type { Random } from '../test/simulation/world/random.ts';

/** About as much as a batch may have by Kafka's default, and one of them fills a Fetch of 1 MiB. */
const recordsPerBatch = 1_000;
const valueBytes = 1_000;
const fillBytes = recordsPerBatch * valueBytes;
const answerBytes = 1_048_576;
/** Batches on their way at a time while filling. */
const inFlight = 8;

export class LoadedPartition {
  readonly index: number;
  readonly #topic: string;
  readonly #random: Random;
  /** Base offset of each batch that was appended, with its timestamp. */
  readonly #batches: { readonly offset: number; readonly timestamp: number }[] = [];
  readonly #startedAt: number;
  #filled = 0;
  /** Batches that are yet to be drawn. */
  #deck: number[] = [];
  #sizeInBytes = 0;
  #recordsSent = 0;

  /** @param startedAt timestamp of the first batch, in milliseconds since the epoch */
  constructor(topic: string, index: number, startedAt: number, random: Random) {
    this.index = index;
    this.#topic = topic;
    this.#startedAt = startedAt;
    this.#random = random;
  }

  /** Bytes of record batches appended. */
  get sizeInBytes(): number {
    return this.#sizeInBytes;
  }

  /** Appends batches of 1 MB until it holds so many bytes. */
  async fill(wire: Wire, bytes: number, onProgress: (bytes: number) => void): Promise<void> {
    const values = Array.from({ length: recordsPerBatch }, () => this.#randomBytes(valueBytes));
    const waiting: { size: number; timestamp: number }[] = [];
    const count = Math.ceil(bytes / fillBytes);
    for (let i = 0; i < count + inFlight; i++) {
      if (i < count) {
        const timestamp = this.#nextTimestamp(values.length);
        const batch = buildBatch(values.map((value) => ({ value, timestamp })));
        wire.write(frameOf(produce, 9, this.#produce(batch)));
        waiting.push({ size: batch.length, timestamp });
      }
      if (i < inFlight) continue;
      const next = waiting.shift();
      if (next === undefined) break;
      const { response } = await wire.takeResponse(produce, 9);
      this.#appended(response, next.size, next.timestamp);
      onProgress(this.#sizeInBytes);
    }
    this.#filled = this.#batches.length;
  }

  /** Appends one record of about so many bytes and waits for the answer (acks=all). */
  async append(wire: Wire, bytes: number): Promise<number> {
    const timestamp = this.#nextTimestamp(1);
    const batch = buildBatch([{ value: this.#randomBytes(bytes), timestamp }]);
    const question = this.#produce(batch);
    const { response, ms } = await timed(() => wire.ask(produce, 9, question));
    this.#appended(response, batch.length, timestamp);
    return ms;
  }

  /** Fetches 1 MB where the log begins. */
  fetchBeginning(wire: Wire): Promise<number> {
    return this.#fetch(wire, this.#batches[0].offset);
  }

  /** Fetches 1 MB somewhere in the log, each time elsewhere. */
  fetchMiddle(wire: Wire): Promise<number> {
    return this.#fetch(wire, this.#anyBatch().offset);
  }

  /** Fetches the last 20 batches, or the last one that it was filled with. */
  fetchEnd(wire: Wire): Promise<number> {
    const last = Math.max(this.#filled - 1, this.#batches.length - 20);
    return this.#fetch(wire, this.#batches[last].offset);
  }

  /** Asks which offset a moment has, each time another. */
  async listOffset(wire: Wire): Promise<number> {
    const { offset, timestamp } = this.#anyBatch();
    const partitions = [{ partitionIndex: this.index, currentLeaderEpoch: -1, timestamp }];
    const topics = [{ name: this.#topic, partitions }];
    const question = { replicaId: -1, isolationLevel: 0, topics, timeoutMs: 10_000 };
    const { response, ms } = await timed(() => wire.ask(listOffsets, 6, question));
    const answer = response.topics[0].partitions[0];
    if (answer.errorCode !== 0 || answer.offset !== offset) {
      throw new Error(`ListOffsets answered ${JSON.stringify(answer)}, not offset ${offset}`);
    }
    return ms;
  }

  async #fetch(wire: Wire, offset: number): Promise<number> {
    const named = fetchOf(this.#topic, offset, { partition: this.index });
    const question = { ...named, maxBytes: answerBytes };
    const { response, ms } = await timed(() => wire.ask(fetch, 11, question));
    const { errorCode, records } = response.responses[0].partitions[0];
    const bytes = concat(records ?? []);
    const first = bytes.length === 0 ? undefined : new RecordBatch(bytes).baseOffset;
    if (errorCode !== 0 || first !== offset) {
      throw new Error(`Fetch at ${offset} answered error ${errorCode} and batch ${first}`);
    }
    return ms;
  }

  #produce(batch: Uint8Array) {
    return produceOf(this.#topic, batch, { partition: this.index });
  }

  #appended({ responses }: ProduceResponse, size: number, timestamp: number): void {
    const { errorCode, baseOffset } = responses[0].partitionResponses[0];
    if (errorCode !== 0) throw new Error(`Produce answered error ${errorCode}`);
    this.#batches.push({ offset: baseOffset, timestamp });
    this.#sizeInBytes += size;
  }

  /** Each of those it was filled with once before any comes again: none is fresh in a cache. */
  #anyBatch() {
    if (this.#deck.length === 0) this.#deck = [...Array(this.#filled).keys()];
    const drawn = this.#random.between(0, this.#deck.length - 1);
    const [index] = this.#deck.splice(drawn, 1);
    return this.#batches[index];
  }

  /** A record a millisecond, though none comes on the dot. */
  #nextTimestamp(records: number): number {
    const due = this.#startedAt + this.#recordsSent;
    this.#recordsSent += records;
    return due + this.#random.between(0, records - 1);
  }

  #randomBytes(length: number): Uint8Array {
    return this.#random.bytes(new Uint8Array(length));
  }
}

async function timed<T>(ask: () => Promise<T>): Promise<{ response: T; ms: number }> {
  const start = performance.now();
  const response = await ask();
  return { response, ms: performance.now() - start };
}
