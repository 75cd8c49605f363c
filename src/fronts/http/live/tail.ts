/**
 * Reads partitions on and on, for as long as somebody listens. The surprise: to wait at their ends
 * asks them nothing, since their watches tell the gateway when they grow, so a stream may wait for
 * a day for the price of its first read.
 */
import type { PartitionOffset } from '../../../core/rest-consumer/state.ts';
import { ErrorCode, errorInfo } from '../../../protocol/errors.ts';
import { type Form, fetchRecords } from '../consume.ts';
import { type Kafka, Timestamp } from '../kafka.ts';
import { isUnknown, refused } from './places.ts';

export interface TailOptions<T> {
  readonly form: Form<T>;
  readonly isolationLevel: number;
  /** Keys and values of one round, apart from one record that is larger. */
  readonly maxBytes: number;
}

/** What one look at the partitions has brought. */
export interface Round<T> {
  readonly records: readonly T[];
  /** Where the partitions that moved are read next. */
  readonly positions: readonly PartitionOffset[];
  /** Of these partitions something is gone that was still to be read; this is where they begin. */
  readonly skipped: readonly PartitionOffset[];
}

/** How long to wait after passing trouble before the next look. */
const troubleMs = 200;

export class Tail<T> {
  readonly #kafka: Kafka;
  readonly #options: TailOptions<T>;
  #places: readonly PartitionOffset[];

  constructor(kafka: Kafka, places: readonly PartitionOffset[], options: TailOptions<T>) {
    this.#kafka = kafka;
    this.#places = places;
    this.#options = options;
  }

  /** Where each partition is read next. */
  get places(): readonly PartitionOffset[] {
    return this.#places;
  }

  add(places: readonly PartitionOffset[]): void {
    this.#places = [...this.#places, ...places];
  }

  /** Reads on from elsewhere; partitions that are not read here are left out. */
  moveTo(places: readonly PartitionOffset[]): void {
    const found = new Map(places.map((one) => [nameOf(one), one]));
    this.#places = this.#places.map((one) => found.get(nameOf(one)) ?? one);
  }

  /**
   * What there is, or comes within this time. Throws KafkaError for what may not be read, and
   * HttpError 404 for a partition that is gone.
   */
  async next(maxWaitMs: number): Promise<Round<T>> {
    const { form, isolationLevel, maxBytes } = this.#options;
    const minBytes = maxWaitMs > 0 ? 1 : 0;
    const options = { maxWaitMs, minBytes, maxBytes, isolationLevel, form };
    const { records, positions, errors } = await fetchRecords(this.#kafka, this.#places, options);
    this.#advance(positions);
    const lost: PartitionOffset[] = [];
    let inTrouble = false;
    for (const { topic, partition, errorCode } of errors) {
      if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) lost.push({ topic, partition, offset: 0 });
      else if (isUnknown(errorCode) || !errorInfo(errorCode).retriable) {
        throw refused({ topic, partition }, errorCode);
      } else inTrouble = true;
    }
    const skipped = await this.#beginnings(lost);
    this.moveTo(skipped);
    if (inTrouble && records.length === 0) await pause(Math.min(troubleMs, maxWaitMs));
    return { records, positions, skipped };
  }

  async #beginnings(lost: readonly PartitionOffset[]): Promise<PartitionOffset[]> {
    const asked = lost.map((one) => ({ ...one, timestamp: Timestamp.EARLIEST }));
    return this.#kafka.offsetsAt(asked, this.#options.isolationLevel);
  }

  /** Partitions that were read go behind the others: each gets its turn. */
  #advance(positions: readonly PartitionOffset[]): void {
    const moved = new Map(positions.map((one) => [nameOf(one), one]));
    const waiting = this.#places.filter((one) => !moved.has(nameOf(one)));
    this.#places = [...waiting, ...moved.values()];
  }
}

/** Topic names have no slash. */
export function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
