/**
 * The loads `produce` and `one`: producers, each on a connection of its own with a few requests
 * under way. The surprise: `one` is no load of its own, but `produce` with one record a request and
 * one request under way.
 */
import type { Reader } from '../../src/bytes/reader.ts';
import { Connection, correlationIdAt, putInt32 } from './connection.ts';
import type { OneJob, ProduceJob, Report } from './job.ts';
import { type ProduceFrame, produceRing, readProduceAnswer } from './produce-frames.ts';
import { sequenceAfter } from './sequence.ts';
import { newProducer, topicIdFor } from './setup.ts';
import { Values } from './values.ts';
import { Window, watched } from './window.ts';

export function one({ connections = 1, ...job }: OneJob): Promise<Report> {
  const batching = { batchBytes: 0, codec: 'none', partitionsPerRequest: 1 } as const;
  return produce({ ...job, ...batching, kind: 'produce', inFlight: 1, connections });
}

export async function produce(job: ProduceJob): Promise<Report> {
  const window = new Window(job);
  if (!window.isBounded) throw new Error('this load needs seconds or records');
  const topicId = await topicIdFor(job);
  const values = new Values(job.recordBytes);
  const producers = await Promise.all(
    Array.from({ length: job.connections }, async () => {
      const producer = job.idempotent === false ? undefined : await newProducer(job);
      const ring = produceRing({ ...job, topicId, producer }, values);
      return new Sender(await Connection.open(job), ring, job, window, producer !== undefined);
    }),
  );
  try {
    window.open();
    await watched((isAlive) => Promise.all(producers.map((producer) => producer.run(isAlive))));
  } finally {
    for (const producer of producers) producer.close();
  }
  window.end();
  return window.report();
}

/** One producer. Slots are those of its ring: a frame's place in it is that of its request. */
class Sender {
  readonly #connection: Connection;
  readonly #ring: readonly ProduceFrame[];
  readonly #job: ProduceJob;
  readonly #window: Window;
  readonly #isSequenced: boolean;
  readonly #sequences: Int32Array;
  /** Per partition, the first offset that the next batch may have. */
  readonly #offsets: Float64Array;
  readonly #sentAt: Float64Array;
  #sent = 0;
  #answered = 0;
  #isAlive = () => {};
  #finish = () => {};
  /** The frame whose answer is read, and how many of its partitions it named. */
  #frame: ProduceFrame;

  constructor(
    connection: Connection,
    ring: readonly ProduceFrame[],
    job: ProduceJob,
    window: Window,
    isSequenced: boolean,
  ) {
    this.#connection = connection;
    this.#ring = ring;
    this.#job = job;
    this.#window = window;
    this.#isSequenced = isSequenced;
    this.#sequences = new Int32Array(job.partitions);
    this.#offsets = new Float64Array(job.partitions);
    this.#sentAt = new Float64Array(ring.length);
    this.#frame = ring[0];
  }

  /** Settles when the window is over and all that was sent is answered. */
  run(isAlive: () => void): Promise<void> {
    this.#isAlive = isAlive;
    return new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#connection.onFailure = reject;
      this.#connection.onDrain = () => this.#send();
      this.#connection.onAnswer = (answer) => this.#take(answer);
      this.#send();
    });
  }

  close(): void {
    this.#connection.close();
  }

  #send(): void {
    while (this.#sent - this.#answered < this.#job.inFlight && this.#connection.isReady) {
      if (this.#window.isFull) {
        if (this.#sent === this.#answered) this.#finish();
        return;
      }
      const slot = this.#sent % this.#ring.length;
      const frame = this.#ring[slot];
      if (this.#isSequenced) this.#number(frame);
      putInt32(frame.bytes, correlationIdAt, this.#sent);
      this.#window.start(frame.records);
      this.#sentAt[slot] = performance.now();
      this.#sent++;
      this.#connection.write(frame.bytes);
    }
  }

  #number(frame: ProduceFrame): void {
    for (const batch of frame.batches) {
      const sequence = this.#sequences[batch.partition];
      batch.baseSequence = sequence;
      this.#sequences[batch.partition] = sequenceAfter(sequence, batch.records);
    }
  }

  #take(answer: Reader): void {
    const now = performance.now();
    const slot = this.#answered % this.#ring.length;
    if (this.#answered === this.#sent || answer.int32() !== (this.#answered | 0)) {
      throw new Error('an answer to something that was not asked');
    }
    this.#frame = this.#ring[slot];
    if (this.#job.dialect === 'kafka') {
      const partitions = readProduceAnswer(answer, this.#appended);
      if (partitions !== this.#frame.batches.length) {
        throw new Error(`Produce answered ${partitions} of ${this.#frame.batches.length} batches`);
      }
    }
    this.#answered++;
    this.#isAlive();
    this.#window.count(now, this.#frame.records, this.#frame.batchBytes, now - this.#sentAt[slot]);
    this.#send();
  }

  readonly #appended = (partition: number, baseOffset: number): void => {
    const batch = this.#frame.batches.find((one) => one.partition === partition);
    if (batch === undefined) throw new Error(`Produce answered partition ${partition} unasked`);
    const from = this.#offsets[partition];
    // Others may have written in between, but then it is not their only producer.
    if (this.#job.connections === 1 && from > 0 ? baseOffset !== from : baseOffset < from) {
      throw new Error(`partition ${partition} appended at ${baseOffset}, not at ${from}`);
    }
    this.#offsets[partition] = baseOffset + batch.records;
  };
}
