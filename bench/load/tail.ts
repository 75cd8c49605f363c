/**
 * The load `tail`: one record every so often, and a consumer that waits for it at the end of the
 * log. The surprise: a record whose turn comes while too many are under way leaves later, and the
 * time it waits counts, for that is what its sender would see.
 */
import type { Reader } from '../../src/bytes/reader.ts';
import { Connection } from './connection.ts';
import { maxWaitMs } from './fetch.ts';
import { FetchFrames } from './fetch-frames.ts';
import type { Report, TailJob } from './job.ts';
import type { ProduceFrame } from './produce-frames.ts';
import { type Course, Sender } from './sender.ts';
import { latest, offsetsOf, topicIdFor } from './setup.ts';
import { Values } from './values.ts';
import { untilSilent, Window } from './window.ts';

export async function tail(job: TailJob): Promise<Report> {
  if (job.dialect === 'bare') throw new Error('the bare Worker has no reader that waits');
  const window = new Window(job);
  if (!window.isBounded) throw new Error('this load needs seconds or records');
  const topicId = await topicIdFor(job);
  const batching = { batchBytes: 0, codec: 'none', partitionsPerRequest: 1, inFlight: 5 } as const;
  const course = new Paced(window, job.everyMs);
  const options = { ...job, ...batching, topicId, isAlone: true };
  const offsets = await offsetsOf(job, latest);
  const sender = await Sender.open(options, new Values(job.recordBytes), course);
  const waiting = await Waiting.open(job, topicId, offsets, course);
  const timer = setInterval(() => course.tick(performance.now(), sender), 1);
  try {
    window.open();
    course.open(performance.now());
    const sent = sender.run();
    await untilSilent(window, Promise.all([sent, waiting.run(sent)]));
  } finally {
    clearInterval(timer);
    sender.close();
    waiting.close();
  }
  window.end();
  return window.report();
}

/** Says when a record's turn is, and, once it has arrived, how long ago that was. */
class Paced implements Course {
  readonly #window: Window;
  readonly #everyMs: number;
  /** Per partition: when each record's turn was that has not arrived yet. */
  readonly #due = new Map<number, { at: number; bytes: number }[]>();
  /** Turns that came and whose record has not left. */
  readonly #turns: number[] = [];
  #next = 0;

  constructor(window: Window, everyMs: number) {
    this.#window = window;
    this.#everyMs = everyMs;
  }

  get isFull(): boolean {
    return this.#window.isFull;
  }

  get mayStart(): boolean {
    return this.#turns.length > 0;
  }

  get isAllThere(): boolean {
    return [...this.#due.values()].every(({ length }) => length === 0);
  }

  open(now: number): void {
    this.#next = now;
  }

  tick(now: number, sender: Sender): void {
    if (now < this.#next) return;
    this.#turns.push(now);
    // What a timer lost is not made up for: the records in a hurry would wait for each other.
    this.#next = Math.max(this.#next + this.#everyMs, now);
    sender.send();
  }

  started(frame: ProduceFrame): void {
    const [{ partition, sizeInBytes }] = frame.batches;
    const due = this.#due.get(partition) ?? [];
    due.push({ at: this.#turns.shift()!, bytes: sizeInBytes });
    this.#due.set(partition, due);
    this.#window.start(1);
  }

  answered(): void {}

  arrived(partition: number, records: number, now: number): void {
    for (let i = 0; i < records; i++) {
      const due = this.#due.get(partition)?.shift();
      if (due === undefined) throw new Error(`partition ${partition} has a record nobody sent`);
      this.#window.count(now, 1, due.bytes, now - due.at);
    }
  }
}

/** The consumer. */
class Waiting {
  readonly #connection: Connection;
  readonly #frames: FetchFrames;
  readonly #course: Paced;
  #offsets: ReadonlyMap<number, number>;

  private constructor(connection: Connection, frames: FetchFrames, course: Paced) {
    this.#connection = connection;
    this.#frames = frames;
    this.#course = course;
    this.#offsets = frames.offsets;
  }

  static async open(
    job: TailJob,
    topicId: string,
    offsets: ReadonlyMap<number, number>,
    course: Paced,
  ): Promise<Waiting> {
    const sizes = { maxBytes: 50 << 20, partitionMaxBytes: 1 << 20 };
    const frames = new FetchFrames(offsets, { topicId, ...sizes, maxWaitMs });
    return new Waiting(await Connection.open(job), frames, course);
  }

  /** Settles when all that was sent has arrived. */
  run(sent: Promise<void>): Promise<void> {
    let isSent = false;
    void sent.then(
      () => {
        isSent = true;
      },
      () => {},
    );
    return new Promise((resolve, reject) => {
      this.#connection.onFailure = reject;
      this.#connection.onAnswer = (answer) => {
        this.#take(answer);
        if (isSent && this.#course.isAllThere) resolve();
        else this.#connection.write(this.#frames.next());
      };
      this.#connection.write(this.#frames.next());
    });
  }

  close(): void {
    this.#connection.close();
  }

  #take(answer: Reader): void {
    const now = performance.now();
    this.#frames.take(answer);
    const { offsets } = this.#frames;
    for (const [partition, offset] of offsets) {
      const records = offset - this.#offsets.get(partition)!;
      if (records > 0) this.#course.arrived(partition, records, now);
    }
    this.#offsets = offsets;
  }
}
