/**
 * The load `fetch`: consumers that read from the first offset on. The surprise: of the bare Worker
 * rows come back, as reads of a socket made them, so that only bytes are counted there.
 */
import type { Reader } from '../../src/bytes/reader.ts';
import { readMarker, readRequestLength } from '../speed/bare/dialect.ts';
import { Connection, correlationIdAt, putInt32 } from './connection.ts';
import { Consumer, type Reading } from './consumer.ts';
import { FetchFrames, type FetchOptions } from './fetch-frames.ts';
import type { FetchJob, Report } from './job.ts';
import { earliest, offsetsOf, topicIdFor } from './setup.ts';
import { untilSilent, Window } from './window.ts';

/** As clients have it (fetch.max.wait.ms). */
export const maxWaitMs = 500;

export async function fetch(job: FetchJob): Promise<Report> {
  const window = new Window(job);
  const readings = job.dialect === 'bare' ? bareReadings(job) : await readingsOf(job);
  const consumers = await Promise.all(
    readings.map(async (reading) => new Consumer(await Connection.open(job), reading, window)),
  );
  try {
    window.open();
    await untilSilent(window, Promise.all(consumers.map((consumer) => consumer.run())));
  } finally {
    for (const consumer of consumers) consumer.close();
  }
  window.end();
  return window.report();
}

async function readingsOf(job: FetchJob): Promise<Reading[]> {
  const topicId = await topicIdFor(job);
  const starts = [...(await offsetsOf(job, earliest))];
  const { maxBytes, partitionMaxBytes, connections = 1 } = job;
  const options = { topicId, maxBytes, partitionMaxBytes, maxWaitMs };
  return Array.from({ length: connections }, (_, nth) => {
    return new KafkaReading(new Map(starts.filter(([p]) => p % connections === nth)), options);
  });
}

function bareReadings({ maxBytes, connections = 1 }: FetchJob): Reading[] {
  return Array.from({ length: connections }, () => new BareReading(maxBytes));
}

class KafkaReading extends FetchFrames implements Reading {
  readonly #starts: ReadonlyMap<number, number>;

  constructor(starts: ReadonlyMap<number, number>, options: FetchOptions) {
    super(starts, options);
    this.#starts = starts;
  }

  rewind(): void {
    this.moveTo(this.#starts);
  }
}

/** Rows of the bare Worker. They are what reads of a socket brought, so no record is seen. */
class BareReading implements Reading {
  readonly records = 0;
  bytes = 0;
  isAtEnd = false;
  readonly #frame = new Uint8Array(readRequestLength);
  readonly #view = new DataView(this.#frame.buffer);
  #row = 1;
  #correlationId = 0;

  constructor(maxBytes: number) {
    this.#view.setInt32(0, readRequestLength - 4);
    this.#view.setInt32(4, readMarker);
    this.#view.setInt32(20, maxBytes);
  }

  next(): Uint8Array {
    putInt32(this.#frame, correlationIdAt, ++this.#correlationId);
    this.#view.setBigInt64(12, BigInt(this.#row));
    return this.#frame;
  }

  take(answer: Reader): void {
    if (answer.int32() !== this.#correlationId) {
      throw new Error('an answer to something that was not asked');
    }
    const next = answer.int64();
    this.bytes = answer.remaining;
    if (next < this.#row || (next === this.#row) !== (this.bytes === 0)) {
      throw new Error(`row ${this.#row} was asked for, ${next} is the next after it`);
    }
    this.isAtEnd = this.bytes === 0;
    this.#row = next;
  }

  rewind(): void {
    this.#row = 1;
  }
}
