/**
 * A producer on a connection of its own: sends the frames of its ring in turn, with a few requests
 * under way, and checks each answer. The surprise: what it may send and what becomes of an answer
 * is for a Course to say; a record every so often and as many as possible are the same to it.
 */
import type { Reader } from '../../src/bytes/reader.ts';
import { addToSequence } from '../../src/protocol/records/index.ts';
import { Connection, correlationIdAt, putInt32 } from './connection.ts';
import type { Target } from './job.ts';
import {
  type ProduceFrame,
  produceRing,
  type RingOptions,
  readProduceAnswer,
} from './produce-frames.ts';
import { newProducer } from './setup.ts';
import type { Values } from './values.ts';

export interface Course {
  /** Whether the next frame may be sent at this moment. */
  readonly mayStart: boolean;
  /** Whether nothing is to be sent any more. */
  readonly isFull: boolean;
  /** This frame is about to be sent. */
  started(frame: ProduceFrame, now: number): void;
  /** It was taken. */
  answered(frame: ProduceFrame, now: number, latencyMs: number): void;
}

export interface SenderOptions extends Omit<RingOptions, 'producer'>, Target {
  readonly idempotent?: boolean;
  /** Whether nobody else writes to these partitions. */
  readonly isAlone: boolean;
}

export class Sender {
  readonly #connection: Connection;
  readonly #ring: readonly ProduceFrame[];
  readonly #options: SenderOptions;
  readonly #course: Course;
  readonly #sequences: Int32Array;
  /** Per partition, the first offset that the next batch may have; -1: nothing is known. */
  readonly #offsets: Float64Array;
  /** By the place in the ring. */
  readonly #sentAt: Float64Array;
  #sent = 0;
  #answered = 0;
  #finish = () => {};
  /** The frame whose answer is read. */
  #frame: ProduceFrame;

  private constructor(
    connection: Connection,
    ring: readonly ProduceFrame[],
    options: SenderOptions,
    course: Course,
  ) {
    this.#connection = connection;
    this.#ring = ring;
    this.#options = options;
    this.#course = course;
    this.#sequences = new Int32Array(options.partitions);
    this.#offsets = new Float64Array(options.partitions).fill(-1);
    this.#sentAt = new Float64Array(ring.length);
    this.#frame = ring[0];
  }

  static async open(options: SenderOptions, values: Values, course: Course): Promise<Sender> {
    const producer = options.idempotent === false ? undefined : await newProducer(options);
    const ring = produceRing({ ...options, producer }, values);
    return new Sender(await Connection.open(options), ring, options, course);
  }

  /** Settles when the course is full and all that was sent is answered. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#connection.onFailure = reject;
      this.#connection.onDrain = () => this.send();
      this.#connection.onAnswer = (answer) => this.#take(answer);
      this.send();
    });
  }

  close(): void {
    this.#connection.close();
  }

  /** Sends what may be sent; to be called when the course has changed its mind. */
  send(): void {
    while (this.#sent - this.#answered < this.#options.inFlight && this.#connection.isReady) {
      if (this.#course.isFull) {
        if (this.#sent === this.#answered) this.#finish();
        return;
      }
      if (!this.#course.mayStart) return;
      const slot = this.#sent % this.#ring.length;
      const frame = this.#ring[slot];
      if (this.#options.idempotent !== false) this.#number(frame);
      putInt32(frame.bytes, correlationIdAt, this.#sent);
      const now = performance.now();
      this.#sentAt[slot] = now;
      this.#sent++;
      this.#course.started(frame, now);
      this.#connection.write(frame.bytes);
    }
  }

  #number(frame: ProduceFrame): void {
    for (const batch of frame.batches) {
      const sequence = this.#sequences[batch.partition];
      batch.baseSequence = sequence;
      this.#sequences[batch.partition] = addToSequence(sequence, batch.records);
    }
  }

  #take(answer: Reader): void {
    const now = performance.now();
    const slot = this.#answered % this.#ring.length;
    const frame = this.#ring[slot];
    if (this.#answered === this.#sent || answer.int32() !== (this.#answered | 0)) {
      throw new Error('an answer to something that was not asked');
    }
    this.#frame = frame;
    if (this.#options.dialect === 'kafka') {
      const partitions = readProduceAnswer(answer, this.#appended);
      if (partitions !== frame.batches.length) {
        throw new Error(`Produce answered ${partitions} of ${frame.batches.length} batches`);
      }
    }
    this.#answered++;
    this.#course.answered(frame, now, now - this.#sentAt[slot]);
    this.send();
  }

  readonly #appended = (partition: number, baseOffset: number): void => {
    const batch = this.#frame.batches.find((each) => each.partition === partition);
    if (batch === undefined) throw new Error(`Produce answered partition ${partition} unasked`);
    const from = this.#offsets[partition];
    const isNext = this.#options.isAlone && from >= 0 ? baseOffset === from : baseOffset >= from;
    if (!isNext || baseOffset < 0) {
      throw new Error(`partition ${partition} appended at ${baseOffset}, not at ${from}`);
    }
    this.#offsets[partition] = baseOffset + batch.records;
  };
}
