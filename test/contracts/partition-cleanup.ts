/**
 * A log that is deleted from, expires and is compacted, with crashes before and after any write,
 * against a model that keeps everything: what may be missing is only what Kafka would have removed.
 */
import { describe, expect, it } from 'vitest';
import { PartitionLog } from '../../src/core/log/partition-log.ts';
import type { LogStore } from '../../src/core/log/store.ts';
import { buildBatch, decodeRecords } from '../../src/protocol/records/index.ts';
import {
  append,
  batchesOf,
  list,
  offsetOf,
  read,
  settings,
  spec,
  startOfTime,
} from '../core/log/samples.ts';
import { Crash, CrashingStore } from './crashing-store.ts';
import type { WithStore } from './log-store.ts';
import { chance } from './partition-log.ts';

interface Known {
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();
const policies = ['compact', 'compact,delete', 'delete'] as const;

class History {
  readonly records: Known[] = [];
  readonly #random: (below: number) => number;
  readonly #open: () => LogStore;
  readonly #policy: string;
  readonly #segmentMs: number;
  log: PartitionLog;
  now = startOfTime;
  #highestStart = 0;
  #made = 0;
  /** By producer: the next sequence, the last batch that was sent, and where it is. */
  readonly #sent = new Map<number, { sequence: number; bytes: Uint8Array; offset: number }>();
  crashes = 0;

  constructor(open: () => LogStore, seed: number) {
    this.#random = chance(seed);
    this.#policy = policies[seed % policies.length];
    this.#segmentMs = seed % 2 === 0 ? 5_000 : 500_000;
    const crashing = new CrashingStore(this.#random);
    this.#open = () => crashing.wrap(open());
    this.log = this.#load();
  }

  get configs(): Record<string, string> {
    return {
      'cleanup.policy': this.#policy,
      'retention.ms': '60000',
      // With the longer one rows grow.
      'segment.ms': String(this.#segmentMs),
      'max.compaction.lag.ms': '500000',
      'delete.retention.ms': '20000',
      'min.compaction.lag.ms': '1000',
      'min.cleanable.dirty.ratio': '0.2',
    };
  }

  step(): void {
    this.now += this.#random(2_000);
    const kind = this.#random(10);
    try {
      if (kind < 6) this.#append();
      else if (kind < 9) this.log.cleanUp(this.now);
      else if (this.#policy !== 'compact') this.#deleteRecords();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crashes++;
      this.log = this.#load();
    }
    this.#settle();
  }

  /** Everything is as the model has it, but for what may be missing. */
  check(): void {
    const { log, records } = this;
    const { sizeInBytes, logStartOffset, highWatermark } = log.describe();
    expect(highWatermark).toBe(records.length);
    expect(logStartOffset).toBeGreaterThanOrEqual(this.#highestStart);
    this.#highestStart = logStartOffset;
    expect(log.listOffset(list(-2)).offset).toBe(logStartOffset);
    const { found, bytes } = this.#readAll(logStartOffset);
    expect(bytes).toBeLessThanOrEqual(sizeInBytes);
    const store = this.#open();
    expect(sizeInBytes).toBe(store.totals(0).bytes);
    const { cleanedTo = 0, counted } = store.state() ?? {};
    const clean = sizeInBytes - store.totals(cleanedTo).bytes;
    expect(counted?.cleanBytes ?? 0).toBeLessThanOrEqual(clean);
    for (const [offset, known] of found) expect(known).toEqual(records[offset]);
    this.#checkMissing(found, logStartOffset);
    this.#checkTimes(found);
  }

  #append(): void {
    const pairs = Array.from({ length: 1 + this.#random(3) }, (): Known => {
      const value = this.#random(5) === 0 ? null : `v${this.#made++}`;
      return { key: `k${this.#random(12)}`, value, timestamp: this.now - this.#random(500) };
    });
    // Some send often, some hardly ever: their last batch is far from the end.
    const producerId = 70 + Math.min(this.#random(30), this.#random(30));
    const baseSequence = this.#sent.get(producerId)?.sequence ?? 0;
    const bytes = buildBatch(
      pairs.map(({ key, value, timestamp }) => ({
        key: utf8.encode(key),
        value: value === null ? null : utf8.encode(value),
        timestamp,
      })),
      { producerId, producerEpoch: 0, baseSequence },
    );
    // Whoever gets no answer asks again, as a producer does.
    const expected = this.records.length;
    for (;;) {
      try {
        const [reply] = this.log.append([append(bytes, this.configs)], this.now);
        expect(offsetOf(reply)).toBe(expected);
        break;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.crashes++;
        this.log = this.#load();
      }
    }
    const sequence = baseSequence + pairs.length;
    this.#sent.set(producerId, { sequence, bytes, offset: expected });
    this.records.push(...pairs);
  }

  #deleteRecords(): void {
    if (this.#random(4) > 0) return;
    const { logStartOffset, highWatermark } = this.log;
    const offset = logStartOffset + this.#random(highWatermark - logStartOffset + 1);
    const reply = this.log.deleteRecords({ spec: spec(this.configs), offset }, this.now);
    expect(reply).toEqual({ errorCode: 0, lowWatermark: offset });
  }

  #load(): PartitionLog {
    return new PartitionLog(this.#open(), settings);
  }

  /** Sometimes a reader comes in the middle of it all. */
  #settle(): void {
    if (this.#random(6) === 0) this.log = this.#load();
    const sent = this.#sent.get(70 + this.#random(30));
    if (sent !== undefined && this.#random(3) === 0) {
      // A retry is known for what it is, whatever became of the batch.
      const [reply] = this.log.append([append(sent.bytes, this.configs)], this.now);
      expect(offsetOf(reply)).toBe(sent.offset);
    }
    if (this.#random(4) === 0) this.check();
  }

  #readAll(from: number): { found: Map<number, Known>; bytes: number } {
    const found = new Map<number, Known>();
    let bytes = 0;
    let at = from;
    while (at < this.log.highWatermark) {
      const reply = this.log.read(read(at, { maxBytes: 1_000 }));
      expect(reply.errorCode).toBe(0);
      const batches = batchesOf(reply.records);
      if (batches.length === 0) throw new Error(`nothing at ${at}`);
      for (const batch of batches) {
        bytes += batch.sizeInBytes;
        for (const { offset, key, value, timestamp } of decodeRecords(batch)) {
          if (offset < at) continue;
          const known = { key: text.decode(key!), value: value && text.decode(value), timestamp };
          found.set(offset, known);
        }
        expect(batch.nextOffset).toBeGreaterThan(at);
        at = batch.nextOffset;
      }
    }
    return { found, bytes };
  }

  /** Missing is a superseded record, or a tombstone whose time has passed. */
  #checkMissing(found: ReadonlyMap<number, Known>, from: number): void {
    const seen = new Set<string>();
    for (let offset = this.records.length - 1; offset >= from; offset--) {
      const { key, value, timestamp } = this.records[offset];
      const latest = !seen.has(key);
      seen.add(key);
      if (found.has(offset)) continue;
      const expired = value === null && this.now - timestamp > 20_000;
      const may = this.#policy !== 'delete' && (!latest || expired);
      expect(may, `record ${offset} of ${key} is missing`).toBe(true);
    }
  }

  #checkTimes(found: ReadonlyMap<number, Known>): void {
    const time = this.now - this.#random(30_000);
    const expected = [...found].find(([, { timestamp }]) => timestamp >= time)?.[0] ?? -1;
    expect(this.log.listOffset(list(time)).offset).toBe(expected);
    const latest = Math.max(...[...found.values()].map(({ timestamp }) => timestamp));
    const reply = this.log.listOffset(list(-3));
    expect(reply.timestamp).toBe(found.size === 0 ? -1 : latest);
  }
}

export function describePartitionCleanup(
  name: string,
  withStore: WithStore,
  histories: { seeds: readonly number[]; steps: number },
): void {
  describe(`cleaning up over ${name}`, () => {
    it.each(histories.seeds)('removes what Kafka would, seed %i', (seed) =>
      withStore((open) => {
        const history = new History(open, seed);
        for (let step = 0; step < histories.steps; step++) history.step();
        history.check();
        expect(history.crashes).toBeGreaterThan(3);
        expect(history.log.describe().sizeInBytes).toBeLessThan(40_000);
      }),
    );
  });
}
