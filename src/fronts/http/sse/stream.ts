/**
 * One stream of server-sent events, from its first read to its end. The surprise: its end is no
 * loss and no error. Every event carries the place in all partitions, so a browser comes again by
 * itself and goes on exactly there, whether we ended it for its age, for the calls it has made, or
 * somebody pulled a plug.
 */
import { untilTaken } from '../../../broker/until-taken.ts';
import type { PartitionOffset } from '../../../core/rest-consumer/state.ts';
import { httpErrorOf } from '../errors.ts';
import type { Kafka } from '../kafka.ts';
import type { Effort } from '../live/effort.ts';
import { grownPlaces, idOf, type Wish } from '../live/places.ts';
import { nameOf, type Round, type Tail } from '../live/tail.ts';
import { commentText, eventText } from './event.ts';

/** A record, written down. */
export interface ShownRecord extends PartitionOffset {
  readonly text: string;
  readonly isTombstone: boolean;
}

export interface StreamOptions {
  readonly kafka: Kafka;
  readonly wish: Wish;
  readonly tail: Tail<ShownRecord>;
  /** `event: delete` for tombstones. */
  readonly tellsDeletes: boolean;
  readonly maxAgeMs: number;
  readonly effort: Effort;
}

/** How long a browser waits before it comes again. */
const retryMs = 1_000;
/** Something is said at least so often: who is gone is noticed, and no proxy gives the line up. */
const keepAliveMs = 15_000;
/** Events are sent in pieces of about this many characters. */
const pieceLength = 64 * 1_024;
/** For how long after its time a stream waits for a reader that takes nothing. */
const graceMs = 5_000;

export class EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #options: StreamOptions;
  readonly #utf8 = new TextEncoder();
  readonly #endsAt: number;
  /** How far the reader has been told, by partition, in an order that stays. */
  readonly #told: Map<string, PartitionOffset>;
  #gone = false;

  constructor(options: StreamOptions) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.readable = readable;
    this.#writer = writable.getWriter();
    this.#options = options;
    this.#endsAt = options.kafka.context.now() + options.maxAgeMs;
    this.#told = new Map(options.tail.places.map((one) => [nameOf(one), one]));
  }

  /** Settles when the stream has ended. `first` is what was read before it began. */
  async run(first: Round<ShownRecord>): Promise<void> {
    const hangUp = () => this.#hangUp();
    const timer = setTimeout(hangUp, this.#options.maxAgeMs + graceMs);
    this.#writer.closed.catch(hangUp);
    try {
      await this.#send(eventText({ retryMs, id: this.#id }));
      await this.#readOn(first);
      await this.#writer.close();
    } catch (error) {
      if (this.#isGone) return;
      const { body } = httpErrorOf(error);
      await this.#send(eventText({ event: 'error', data: JSON.stringify(body) })).catch(hangUp);
      await this.#writer.close().catch(hangUp);
    } finally {
      clearTimeout(timer);
    }
  }

  async #readOn(first: Round<ShownRecord>): Promise<void> {
    const { kafka, tail, wish, effort } = this.#options;
    for (let round = first; ; ) {
      await this.#tell(round);
      const left = this.#endsAt - kafka.context.now();
      if (this.#isGone || left <= 0 || effort.isSpent) return;
      const grown = await grownPlaces(kafka, wish, tail.places);
      tail.add(grown);
      for (const one of grown) this.#told.set(nameOf(one), one);
      round = await tail.next(Math.min(keepAliveMs, left));
      if (this.#isGone) return;
      if (round.records.length === 0) await this.#send(commentText());
    }
  }

  get #isGone(): boolean {
    return this.#gone || this.#options.kafka.context.signal.aborted;
  }

  get #id(): string {
    return idOf(this.#told.values());
  }

  async #tell({ records, positions, skipped }: Round<ShownRecord>): Promise<void> {
    let piece = '';
    for (const { text, isTombstone, topic, partition, offset } of records) {
      const next = { topic, partition, offset: offset + 1 };
      this.#told.set(nameOf(next), next);
      const event = isTombstone && this.#options.tellsDeletes ? 'delete' : 'message';
      piece += eventText({ event, id: this.#id, data: text });
      if (piece.length < pieceLength) continue;
      await this.#send(piece);
      piece = '';
    }
    for (const one of skipped) {
      const { topic, partition, offset } = one;
      piece += commentText(`partition ${partition} of ${topic} begins at offset ${offset} now`);
    }
    // Markers and what was aborted are behind the reader too, though it saw nothing of them.
    const before = this.#id;
    for (const one of [...positions, ...skipped]) this.#told.set(nameOf(one), one);
    if (this.#id !== before) piece += eventText({ id: this.#id });
    if (piece !== '') await this.#send(piece);
  }

  /** Waits until the reader has taken it: there is never more than one piece on its way. */
  async #send(text: string): Promise<void> {
    const bytes = this.#utf8.encode(text);
    this.#options.effort.add(bytes.byteLength);
    const unsent = this.#options.kafka.context.answers.sending(bytes.byteLength);
    try {
      await untilTaken(unsent, this.#writer.write(bytes), () => this.#hangUp());
    } catch (error) {
      this.#gone = true;
      throw error;
    }
  }

  #hangUp(): void {
    this.#gone = true;
    this.#options.kafka.clientIsGone();
    this.#writer.abort().catch(() => {});
  }
}
