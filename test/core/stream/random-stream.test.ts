/**
 * Writers of a stream over a store that may die before or after any write. What a producer sends,
 * it sends again until it is answered; in the end everything is there once, in each one's order.
 */
import { expect, it } from 'vitest';
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import type { StreamWrite } from '../../../src/core/stream/stream-writes.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import { Crash, CrashingStore } from '../../contracts/crashing-store.ts';
import { chance } from '../../contracts/partition-log.ts';
import { append, batch, settings, spec, startOfTime, valuesOf } from '../log/samples.ts';

class Writer {
  readonly id: string;
  epoch = 0;
  seq = 0;
  /** Of all epochs. */
  sent = 0;

  constructor(id: string) {
    this.id = id;
  }

  get text(): string {
    return `${this.id}:${this.sent}`;
  }

  request(close: boolean): StreamWrite {
    return {
      kind: 'streamAppend',
      write: {
        spec: spec(),
        records: batch([this.text]),
        contentType: 'text/plain',
        producer: { producerId: this.id, epoch: this.epoch, seq: this.seq },
        close,
      },
    };
  }

  answered(isNewEpoch: boolean): void {
    this.sent++;
    this.seq = isNewEpoch ? 0 : this.seq + 1;
    if (isNewEpoch) this.epoch++;
  }
}

class History {
  readonly #random: (below: number) => number;
  readonly #store = new MemoryStore();
  readonly #crashing: CrashingStore;
  #log: PartitionLog | undefined;
  readonly writers = ['a', 'b', 'c'].map((id) => new Writer(id));

  constructor(seed: number) {
    this.#random = chance(seed);
    this.#crashing = new CrashingStore(this.#random);
  }

  /** What came of it; undefined: nobody knows, for the log died. */
  during<T>(act: (log: PartitionLog) => T): T | undefined {
    try {
      if (this.#random(9) === 0) this.#log = undefined;
      this.#log ??= new PartitionLog(this.#crashing.wrap(this.#store), settings);
      this.#log.at(startOfTime);
      return act(this.#log);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.#log = undefined;
      return undefined;
    }
  }

  create(): void {
    const stream = { contentType: 'text/plain', closed: false };
    const write = { spec: spec(), stream, records: batch(['first']) };
    const made = () =>
      this.during((log) => log.append([{ kind: 'streamCreate', write }], startOfTime));
    while (made() === undefined) {}
  }

  /** Some of the writers, together with a client of Kafka's. */
  write(): void {
    const writing = this.writers.filter(() => this.#random(2) === 0);
    const requests = writing.map((writer) => writer.request(false));
    const kafka = append(batch(['kafka']));
    const commands = this.#random(3) === 0 ? [...requests, kafka] : requests;
    const replies = this.during((log) => log.append(commands, startOfTime));
    for (const [i, writer] of writing.entries()) {
      const reply = replies?.[i];
      if (reply === undefined) continue;
      expect('outcome' in reply && reply.outcome).toMatch(/^(appended|duplicate)$/);
      writer.answered(this.#random(7) === 0);
    }
  }

  close(): void {
    const [writer] = this.writers;
    for (;;) {
      const replies = this.during((log) => log.append([writer.request(true)], startOfTime));
      const [reply] = replies ?? [];
      if (reply === undefined) continue;
      writer.answered(false);
      // What was written before, and nobody was told, did not close the stream.
      if ('stream' in reply && reply.stream?.closed) return;
    }
  }

  values(): string[] {
    const log = new PartitionLog(this.#store, settings);
    const { records } = log.readStream({ from: 'start', maxBytes: 8_000_000 });
    return valuesOf(records).map(([, value]) => value);
  }

  isClosedToAll(): boolean {
    const log = new PartitionLog(this.#store, settings);
    const [other] = log.append([this.writers[1].request(false)], startOfTime);
    const [kafka] = log.append([append(batch(['late']))], startOfTime);
    return (
      'outcome' in other &&
      (other.outcome === 'closed' || other.outcome === 'duplicate') &&
      kafka.errorCode === ErrorCode.POLICY_VIOLATION
    );
  }
}

it.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'has what was sent once and in order, whatever dies (seed %i)',
  (seed) => {
    const history = new History(seed);
    history.create();
    for (let step = 0; step < 150; step++) history.write();
    history.close();
    const values = history.values();
    expect(values.filter((value) => value === 'first')).toEqual(['first']);
    for (const { id, sent } of history.writers) {
      const own = values.filter((value) => value.startsWith(`${id}:`));
      const whole = Array.from({ length: sent }, (_, n) => `${id}:${n}`);
      // The last one may be there though nobody was told.
      expect([whole, [...whole, `${id}:${sent}`]]).toContainEqual(own);
    }
    expect(history.isClosedToAll()).toBe(true);
    expect(history.values()).toEqual(values);
  },
);
