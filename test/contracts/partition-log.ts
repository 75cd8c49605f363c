/**
 * The log over a store, against a model that is nothing but an array: random appends, repetitions,
 * reads and restarts. One seed makes one history, so a failure can be run again.
 */
import { describe, expect, it } from 'vitest';
import { PartitionLog } from '../../src/core/log/partition-log.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import {
  append,
  batch,
  batchesOf,
  list,
  offsetOf,
  read,
  sequenced,
  settings,
  startOfTime,
  valuesOf,
} from '../core/log/samples.ts';
import type { WithStore } from './log-store.ts';

/** A small generator of numbers that only look random (mulberry32). */
export function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Batches of several megabytes are part of it: they take rows of their own, cut in pieces. */
const roomy = { ...settings, messageMaxBytes: 4_000_000 };

/** The model: every record in order, and where batches begin. */
class Model {
  readonly values: string[] = [];
  readonly batchStarts: number[] = [];
  /** By producer: the last batches, oldest first. */
  readonly sent = new Map<number, { sequence: number; offset: number; values: string[] }[]>();
  #named = 0;

  fresh(count: number, size: number): string[] {
    return Array.from({ length: count }, () => `${this.#named++}:${'x'.repeat(size)}`);
  }

  add(values: string[]): number {
    const offset = this.values.length;
    this.batchStarts.push(offset);
    this.values.push(...values);
    return offset;
  }

  startOfBatch(offset: number): number {
    return this.batchStarts.findLast((start) => start <= offset) ?? 0;
  }
}

/** One step's appends with the offsets the model expects. */
function makeAppends(model: Model, random: (below: number) => number) {
  return Array.from({ length: 1 + random(4) }, () => {
    const producerId = 500 + random(3);
    const sent = model.sent.get(producerId) ?? [];
    const kind = random(4);
    if (kind === 0 && sent.length > 0) {
      const { sequence, offset, values } = sent[random(sent.length)];
      return { command: append(sequenced(producerId, 0, sequence, values)), offset };
    }
    const values = model.fresh(1 + random(5), random(40) === 0 ? 500_000 : random(300));
    const offset = model.add(values);
    if (kind === 1) return { command: append(batch(values)), offset };
    const last = sent.at(-1);
    const sequence = last === undefined ? 0 : last.sequence + last.values.length;
    model.sent.set(producerId, [...sent, { sequence, offset, values }].slice(-5));
    return { command: append(sequenced(producerId, 0, sequence, values)), offset };
  });
}

function checkRead(log: PartitionLog, model: Model, random: (below: number) => number): void {
  const end = model.values.length;
  const offset = random(end + 2);
  const maxBytes = random(3) === 0 ? random(400_000) : random(2_000);
  const reply = log.read(read(offset, { maxBytes }));
  if (offset > end) {
    expect(reply.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    return;
  }
  expect(reply).toMatchObject({ errorCode: 0, highWatermark: end, logStartOffset: 0 });
  const found = valuesOf(reply.records);
  if (offset === end) {
    expect(found).toEqual([]);
    return;
  }
  const start = model.startOfBatch(offset);
  const expected = model.values.slice(start, start + found.length);
  expect(found).toEqual(expected.map((value, i) => [start + i, value]));
  const batches = batchesOf(reply.records);
  expect(batches.length).toBeGreaterThan(0);
  const size = batches.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
  expect(size <= maxBytes || batches.length === 1).toBe(true);
}

export function describePartitionLog(
  name: string,
  withStore: WithStore,
  histories: { seeds: readonly number[]; steps: number },
): void {
  describe(`a log over ${name}`, () => {
    it.each(histories.seeds)('is the array of all that was appended, seed %i', (seed) =>
      withStore((open) => {
        const random = chance(seed);
        const model = new Model();
        let log = new PartitionLog(open(), roomy);
        for (let step = 0; step < histories.steps; step++) {
          if (random(20) === 0) log = new PartitionLog(open(), roomy);
          const appends = makeAppends(model, random);
          const commands = appends.map(({ command }) => command);
          const replies = log.append(commands, startOfTime + step);
          expect(replies.map(offsetOf)).toEqual(appends.map(({ offset }) => offset));
          expect(log.highWatermark).toBe(model.values.length);
          for (let i = 0; i < 3; i++) checkRead(log, model, random);
        }
        const { offset } = log.listOffset(list(-1));
        expect(offset).toBe(model.values.length);
        expect(readAll(log)).toEqual(model.values.map((value, at) => [at, value]));
      }),
    );
  });
}

/** Every record, in the way a consumer comes by them. */
function readAll(log: PartitionLog): [number, string][] {
  const all: [number, string][] = [];
  while (all.length < log.highWatermark) {
    const { records } = log.read(read(all.length, { maxBytes: 100_000 }));
    const found = valuesOf(records);
    if (found.length === 0) throw new Error(`nothing at ${all.length}`);
    all.push(...found);
  }
  return all;
}
