/**
 * Transactions of many producers in a log that expires, is compacted and dies at any write, against
 * a model that keeps everything. The reader in it does what Kafka's consumers do with the list of
 * aborted transactions, so what it sees is what they see.
 */
import { describe, expect, it } from 'vitest';
import { PartitionLog } from '../../src/core/log/partition-log.ts';
import type { LogStore } from '../../src/core/log/store.ts';
import type { TransactionMarker } from '../../src/core/transaction-marker.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { buildBatch, decodeRecords } from '../../src/protocol/records/index.ts';
import { append, batchesOf, list, read, settings, startOfTime } from '../core/log/samples.ts';
import { Crash, CrashingStore } from './crashing-store.ts';
import type { WithStore } from './log-store.ts';
import { chance } from './partition-log.ts';

interface Known {
  readonly key: string;
  readonly value: string;
  /** Index of its transaction in `#outcomes`; undefined: it is not part of one. */
  readonly transaction: number | undefined;
}

/** As clients know themselves, with what their coordinator knows. */
interface Producer {
  readonly producerId: number;
  readonly v2: boolean;
  epoch: number;
  sequence: number;
  /** Counts its transactions. */
  number: number;
  open: number | undefined;
  lastMarker: TransactionMarker | undefined;
}

function newProducer(producerId: number, v2: boolean): Producer {
  const first = { epoch: 0, sequence: 0, number: 0 };
  return { producerId, v2, ...first, open: undefined, lastMarker: undefined };
}

type Outcome = 'open' | 'committed' | 'aborted';

const utf8 = new TextEncoder();
const text = new TextDecoder();
const policies = ['delete', 'compact', 'compact,delete'] as const;

class History {
  /** By offset; undefined: a marker. */
  readonly #log: (Known | undefined)[] = [];
  readonly #outcomes: Outcome[] = [];
  readonly #firstOffsets: number[] = [];
  readonly #producers: Producer[];
  /** Writes outside of transactions. */
  readonly #plain: Producer = newProducer(800, false);
  readonly #random: (below: number) => number;
  readonly #open: () => LogStore;
  readonly #policy: string;
  #partition: PartitionLog;
  #now = startOfTime;
  #made = 0;
  crashes = 0;
  /** So many aborted records a reader was kept from. */
  leftOut = 0;

  constructor(open: () => LogStore, seed: number) {
    this.#random = chance(seed);
    this.#policy = policies[seed % policies.length];
    const crashing = new CrashingStore(this.#random);
    this.#open = () => crashing.wrap(open());
    this.#partition = this.#load();
    this.#producers = Array.from({ length: 5 }, (_, i) => newProducer(900 + i, i % 2 === 0));
  }

  get #configs(): Record<string, string> {
    return {
      'cleanup.policy': this.#policy,
      'retention.ms': '60000',
      'segment.ms': '5000',
      'delete.retention.ms': '8000',
      'min.cleanable.dirty.ratio': '0.2',
    };
  }

  step(): void {
    this.#now += this.#random(1_500);
    const kind = this.#random(12);
    const producer = this.#producers[this.#random(this.#producers.length)];
    if (kind < 2) this.#write(this.#plain);
    else if (kind < 7) this.#write(producer);
    else if (kind < 9) this.#end(producer);
    else if (kind < 10) this.#repeat(producer);
    else this.#clean();
    if (this.#random(6) === 0) this.#partition = this.#load();
    if (this.#random(4) === 0) this.check();
  }

  finish(): void {
    for (const producer of this.#producers) this.#end(producer);
    this.check();
    expect(this.#partition.lastStableOffset).toBe(this.#log.length);
  }

  #load(): PartitionLog {
    return new PartitionLog(this.#open(), settings);
  }

  /** Until it gets an answer, as all who call do. */
  #call<T>(act: (log: PartitionLog) => T): T {
    for (;;) {
      try {
        return act(this.#partition);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.crashes++;
        this.#partition = this.#load();
      }
    }
  }

  #write(producer: Producer): void {
    const values = Array.from({ length: 1 + this.#random(3) }, () => {
      return { key: `k${this.#random(9)}`, value: `v${this.#made++}` };
    });
    const records = values.map(({ key, value }) => {
      return { key: utf8.encode(key), value: utf8.encode(value), timestamp: this.#now };
    });
    const offset = this.#log.length;
    const isTransactional = producer !== this.#plain;
    const transaction = isTransactional ? this.#transactionOf(producer, offset) : undefined;
    const { producerId, epoch: producerEpoch, sequence: baseSequence } = producer;
    const options = { producerId, producerEpoch, baseSequence, isTransactional };
    const bytes = append(buildBatch(records, options), this.#configs);
    const asks = { transactionalId: `id-${producerId}`, addsPartition: producer.v2 };
    const [reply] = this.#call((log) => {
      const command = { ...bytes, ...(isTransactional ? asks : {}) };
      const question = log.mustEnlist(command, this.#now);
      if (question !== undefined && 'errorCode' in question) throw new Error('refused early');
      const enlisted = question && { transactionNumber: producer.number };
      return log.append([{ ...command, ...enlisted }], this.#now);
    });
    expect(reply).toMatchObject({ errorCode: 0, baseOffset: offset });
    producer.sequence += values.length;
    this.#log.push(...values.map((each) => ({ ...each, transaction })));
  }

  #transactionOf(producer: Producer, offset: number): number {
    if (producer.open === undefined) {
      producer.number++;
      producer.open = this.#outcomes.push('open') - 1;
      this.#firstOffsets.push(offset);
    }
    return producer.open;
  }

  #end(producer: Producer): void {
    if (producer.open === undefined) return;
    const committed = this.#random(2) === 0;
    if (producer.v2) {
      producer.epoch++;
      producer.sequence = 0;
    }
    producer.lastMarker = {
      producerId: producer.producerId,
      producerEpoch: producer.epoch,
      coordinatorEpoch: 0,
      committed,
      transactionNumber: producer.number,
    };
    this.#mark(producer.lastMarker);
    this.#log.push(undefined);
    this.#outcomes[producer.open] = committed ? 'committed' : 'aborted';
    producer.open = undefined;
  }

  #mark(marker: TransactionMarker): void {
    const replies = this.#call((log) => log.append([{ marker }], this.#now));
    expect(replies).toEqual([{ errorCode: ErrorCode.NONE }]);
  }

  /** A marker that comes once more, whatever its producer does by now, and a write that is late. */
  #repeat(producer: Producer): void {
    if (producer.lastMarker === undefined) return;
    this.#mark(producer.lastMarker);
    if (producer.open !== undefined) return;
    const late = buildBatch([{ key: utf8.encode('late'), timestamp: this.#now }], {
      producerId: producer.producerId,
      producerEpoch: producer.epoch,
      baseSequence: producer.sequence,
      isTransactional: true,
    });
    const transactionNumber = producer.number;
    const command = { ...append(late, this.#configs), transactionNumber };
    const [reply] = this.#call((log) => log.append([command], this.#now));
    expect(reply.errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
  }

  #clean(): void {
    this.#call((log) => {
      while (log.cleanUp(this.#now));
    });
  }

  check(): void {
    const log = this.#partition;
    expect(log.highWatermark).toBe(this.#log.length);
    const open = this.#firstOffsets.filter((_, i) => this.#outcomes[i] === 'open');
    const stable = Math.max(Math.min(log.highWatermark, ...open), log.logStartOffset);
    expect(log.lastStableOffset).toBe(stable);
    expect(log.listOffset({ ...list(-1), isolationLevel: 1 }).offset).toBe(stable);
    const found = this.#consume(log, stable);
    const seen = new Set<string>();
    for (let offset = stable - 1; offset >= log.logStartOffset; offset--) {
      const known = this.#log[offset];
      if (known === undefined || this.#isAborted(known)) {
        expect(found.has(offset), `offset ${offset}`).toBe(false);
        continue;
      }
      const latest = !seen.has(known.key);
      seen.add(known.key);
      if (found.has(offset)) expect(found.get(offset)).toBe(known.value);
      else expect(latest || this.#policy === 'delete', `record ${offset} is missing`).toBe(false);
    }
  }

  #isAborted({ transaction }: Known): boolean {
    return transaction !== undefined && this.#outcomes[transaction] === 'aborted';
  }

  /** Values by offset, as a consumer that reads what is committed comes by them. */
  #consume(log: PartitionLog, end: number): Map<number, string> {
    const found = new Map<number, string>();
    let at = log.logStartOffset;
    while (at < end) {
      const reply = log.read(read(at, { maxBytes: 400, isolationLevel: 1 }));
      expect(reply).toMatchObject({ errorCode: 0, lastStableOffset: end });
      const aborted = [...reply.abortedTransactions!];
      const ongoing = new Set<number>();
      const batches = batchesOf(reply.records);
      // What was compacted away leaves room at the end of what may be read.
      if (batches.length === 0) return found;
      for (const batch of batches) {
        expect(batch.nextOffset).toBeLessThanOrEqual(end);
        while (aborted.length > 0 && aborted[0].firstOffset <= batch.lastOffset) {
          ongoing.add(aborted.shift()!.producerId);
        }
        at = batch.nextOffset;
        if (batch.isControl) ongoing.delete(batch.producerId);
        else if (batch.isTransactional && ongoing.has(batch.producerId)) {
          this.leftOut += batch.recordCount;
        } else {
          for (const { offset, value } of decodeRecords(batch)) {
            if (offset >= log.logStartOffset) found.set(offset, text.decode(value!));
          }
        }
      }
    }
    return found;
  }
}

export function describeTransactions(
  name: string,
  withStore: WithStore,
  histories: { seeds: readonly number[]; steps: number },
): void {
  describe(`transactions over ${name}`, () => {
    it.each(histories.seeds)('show what was committed and nothing else, seed %i', (seed) =>
      withStore((open) => {
        const history = new History(open, seed);
        for (let step = 0; step < histories.steps; step++) history.step();
        history.finish();
        expect(history.crashes).toBeGreaterThan(3);
        expect(history.leftOut).toBeGreaterThan(0);
      }),
    );
  });
}
