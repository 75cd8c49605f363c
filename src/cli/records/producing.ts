/**
 * Sends records and keeps count of what became of them. The surprise: only so much is on its way at
 * a time, and no more is read meanwhile, so that a file of any size takes little memory.
 */
import type { ProducerRecord } from '../../client/producer/options.ts';
import type { Producer } from '../../client/producer/producer.ts';
import type { Outgoing } from './sources.ts';

type BytesProducer = Pick<Producer<Uint8Array, Uint8Array>, 'sendEach'>;

export interface SendingTerms {
  /** Where what does not say so itself goes. */
  readonly topic: string | undefined;
  /** Where everything goes; undefined: by the record, or by its key. */
  readonly partition: number | undefined;
  /** Something could not be delivered. */
  failed(error: unknown, count: number): void;
  /** So many records of so many bytes are stored. */
  delivered(count: number, bytes: number): void;
}

/** What may be on its way: less than what the producer holds before `send` waits. */
const mostUnderWay = 16 * 1024 * 1024;
export const bufferBytes = 64 * 1024 * 1024;
const overhead = 64;

export class Sending {
  readonly #producer: BytesProducer;
  readonly #terms: SendingTerms;
  readonly #underWay = new Set<Promise<void>>();
  #bytes = 0;
  sent = 0;
  undelivered = 0;

  constructor(producer: BytesProducer, terms: SendingTerms) {
    this.#producer = producer;
    this.#terms = terms;
  }

  /** Settles when there is room for more. Throws TypeError for a record without a topic. */
  async send(records: readonly Outgoing[]): Promise<void> {
    for (const [topic, all] of this.#byTopic(records)) {
      const bytes = all.reduce((sum, one) => sum + sizeOf(one), 0);
      this.sent += all.length;
      this.#bytes += bytes;
      const delivery = this.#deliver(topic, all).finally(() => {
        this.#bytes -= bytes;
        this.#underWay.delete(delivery);
      });
      this.#underWay.add(delivery);
    }
    while (this.#bytes > mostUnderWay) await Promise.race(this.#underWay);
  }

  /** Everything was delivered, or is known not to be. */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #byTopic(records: readonly Outgoing[]): Iterable<[string, readonly Outgoing[]]> {
    const { topic: fixed } = this.#terms;
    if (fixed !== undefined) return records.length === 0 ? [] : [[fixed, records]];
    return Map.groupBy(records, ({ topic }) => {
      if (topic !== undefined) return topic;
      throw new TypeError('a record does not say its topic: say it with -t.');
    });
  }

  async #deliver(topic: string, records: readonly Outgoing[]): Promise<void> {
    const { partition } = this.#terms;
    const all = records.map(
      (record): ProducerRecord<Uint8Array, Uint8Array> =>
        partition === undefined
          ? (record as ProducerRecord<Uint8Array, Uint8Array>)
          : { ...record, partition },
    );
    try {
      let stored = 0;
      let bytes = 0;
      const refused = new Map<string, { error: unknown; count: number }>();
      for (const [index, one] of (await this.#producer.sendEach(topic, all)).entries()) {
        if (one.status === 'fulfilled') {
          stored++;
          bytes += sizeOf(records[index]) - overhead;
          continue;
        }
        const message = String(one.reason);
        const known = refused.get(message) ?? { error: one.reason, count: 0 };
        refused.set(message, known);
        known.count++;
      }
      if (stored > 0) this.#terms.delivered(stored, bytes);
      for (const { error, count } of refused.values()) this.#failed(error, count);
    } catch (error) {
      this.#failed(error, records.length);
    }
  }

  #failed(error: unknown, count: number): void {
    this.undelivered += count;
    this.#terms.failed(error, count);
  }
}

function sizeOf({ key, value }: Outgoing): number {
  return overhead + (key?.length ?? 0) + (value?.length ?? 0);
}
