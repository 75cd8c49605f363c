import { describe, expect, it } from 'vitest';
import type { AcknowledgementBatch } from '../../../../src/core/group/share-partition/calls.ts';
import { ErrorCode } from '../../../../src/protocol/errors.ts';
import { ack, Sharing, Type } from './sharing.ts';

/** A record as everybody can tell who sees all answers. */
interface Known {
  deliveries: number;
  /** Undefined: nobody may hold it. */
  holder: string | undefined;
  lockedUntil: number;
  over: boolean;
}

const limit = 3;
const lockMs = 15_000;
const members = ['a', 'b', 'c'];

/** Every record by itself, and what follows from each answer. */
class Model {
  readonly sharing = new Sharing({
    'share.delivery.count.limit': `${limit}`,
    'share.record.lock.duration.ms': `${lockMs}`,
    'share.partition.max.record.locks': '100',
  });
  readonly records: Known[] = [];
  readonly #below: (bound: number) => number;

  constructor(seed: number) {
    let state = seed;
    this.#below = (bound) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * bound);
    };
  }

  get member(): string {
    return members[this.#below(members.length)];
  }

  step(): void {
    const steps = [
      () => this.produce(),
      () => this.acquire(this.member),
      () => this.acquire(this.member),
      () => this.acknowledge(this.member),
      () => this.acknowledge(this.member),
      () => this.acknowledgeNonsense(this.member),
      () => this.release(this.member),
      () => this.pass(this.#below(lockMs)),
      () => this.delete(),
    ];
    steps[this.#below(steps.length)]();
    this.check();
  }

  produce(): void {
    const sizes = Array.from({ length: 1 + this.#below(3) }, () => 1 + this.#below(9));
    this.sharing.produce(...sizes);
    const count = sizes.reduce((sum, size) => sum + size, 0);
    const fresh = () => ({ deliveries: 0, holder: undefined, lockedUntil: 0, over: false });
    this.records.push(...Array.from({ length: count }, fresh));
  }

  pass(ms: number): void {
    this.sharing.now += ms;
    for (const record of this.records) {
      if (record.holder !== undefined && record.lockedUntil <= this.sharing.now) letGo(record);
    }
  }

  /** A few of the oldest records go. */
  delete(): void {
    const [start] = this.sharing.described;
    const offset = Math.min(this.records.length, Math.max(0, start) + this.#below(4));
    if (start < 0 || this.#below(4) > 0) return;
    this.sharing.deleteRecords(offset);
    for (const record of this.records.slice(0, offset)) {
      Object.assign(record, { over: true, holder: undefined });
    }
  }

  acquire(member: string): void {
    const maxRecords = 1 + this.#below(20);
    const acquireMode = this.#below(2);
    const batchSize = 1 + this.#below(10);
    const room = { maxRecords, acquireMode, batchSize };
    const { acquired, full } = this.sharing.fetched(member, room);
    let count = 0;
    let last = -1;
    for (const { firstOffset, lastOffset, deliveryCount } of acquired) {
      expect(firstOffset).toBeGreaterThan(last);
      last = lastOffset;
      for (let offset = firstOffset; offset <= lastOffset; offset++, count++) {
        const record = this.records[offset];
        expect(record, `record ${offset}`).toMatchObject({ over: false, holder: undefined });
        expect(deliveryCount).toBe(++record.deliveries);
        expect(deliveryCount).toBeLessThanOrEqual(limit);
        record.holder = member;
        record.lockedUntil = this.sharing.now + lockMs;
      }
    }
    if (acquireMode === 1) expect(count).toBeLessThanOrEqual(maxRecords);
    if (count === 0 && !full) expect(this.available).toEqual([]);
  }

  get available(): number[] {
    return this.records.flatMap(({ over, holder }, offset) =>
      over || holder !== undefined ? [] : [offset],
    );
  }

  acknowledge(member: string): void {
    const batches: AcknowledgementBatch[] = [];
    const after: (() => void)[] = [];
    let offset = 0;
    while (offset < this.records.length) {
      let end = offset;
      while (this.records[end]?.holder === member && end - offset < 12) end++;
      if (end > offset && this.#below(3) > 0) batches.push(this.#word(offset, end - 1, after));
      offset = Math.max(end, offset + 1);
    }
    expect(this.sharing.acknowledge(member, ...batches)).toBe(ErrorCode.NONE);
    for (const happen of after) happen();
  }

  #word(first: number, last: number, after: (() => void)[]): AcknowledgementBatch {
    const one = this.#below(2) === 0;
    const type = this.#below(5);
    const types = Array.from({ length: one ? 1 : last - first + 1 }, () =>
      one ? type : this.#below(5),
    );
    for (let offset = first; offset <= last; offset++) {
      const record = this.records[offset];
      const said = types[one ? 0 : offset - first];
      after.push(() => {
        if (said === Type.RELEASE) letGo(record);
        else if (said === Type.RENEW) record.lockedUntil = this.sharing.now + lockMs;
        else Object.assign(record, { over: true, holder: undefined });
      });
    }
    return ack(first, last, ...types);
  }

  /** Any range at all: it takes effect only if the member holds the whole of it. */
  acknowledgeNonsense(member: string): void {
    const first = this.#below(this.records.length + 5);
    const last = first + this.#below(6);
    const open = this.records
      .slice(first, last + 1)
      .filter((_, i) => first + i >= this.sharing.described[0]);
    const theirs = open.length > 0 && open.every(({ holder }) => holder === member);
    const reply = this.sharing.acknowledge(member, ack(first, last, Type.ACCEPT));
    const isOver = last < this.sharing.described[0];
    if (theirs && last < this.records.length) {
      expect(reply).toBe(ErrorCode.NONE);
      for (const record of open) Object.assign(record, { over: true, holder: undefined });
    } else if (!isOver) expect(reply).not.toBe(ErrorCode.NONE);
  }

  release(member: string): void {
    this.sharing.release(member);
    for (const record of this.records) if (record.holder === member) letGo(record);
  }

  /** The start is the first record that is not over, and what is done behind it is counted. */
  check(): void {
    const [start, done] = this.sharing.described;
    if (start < 0) return;
    const open = this.records.findIndex(({ over }) => !over);
    expect(start).toBe(open < 0 ? this.records.length : open);
    expect(done).toBe(this.records.slice(start).filter(({ over }) => over).length);
  }

  /** Takes whatever comes until there is nothing. */
  drain(): void {
    for (let round = 0; round < 10_000 && this.records.some(({ over }) => !over); round++) {
      this.acquire('a');
      for (const member of members) {
        const held = this.records.flatMap(({ holder }, i) => (holder === member ? [i] : []));
        const words = held.map((offset) => ack(offset, offset, Type.ACCEPT));
        expect(this.sharing.acknowledge(member, ...words)).toBe(ErrorCode.NONE);
        for (const i of held) Object.assign(this.records[i], { over: true, holder: undefined });
      }
    }
    this.check();
    expect(this.sharing.described).toEqual([this.records.length, 0]);
  }
}

function letGo(record: Known): void {
  record.holder = undefined;
  record.over ||= record.deliveries >= limit;
}

describe('a partition that is shared', () => {
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

  it.each(seeds)('loses no record and gives none twice at a time, seed %i', (seed) => {
    const model = new Model(seed);
    for (let i = 0; i < 150; i++) model.step();
    model.drain();
  });
});
