/**
 * Transactions that overlap with each other and with plain commits in any way, against a group that
 * loses its memory at any time. What must hold: at every moment it says what Kafka would, which
 * goes by where in the log each commit was written.
 */
import { expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { randomFrom } from '../../protocol/random.ts';
import { Producer, type StableOffset, stableOffsets } from './producer.ts';
import { TestGroup } from './test-group.ts';

const partitions = [0, 1, 2];

interface Written {
  readonly offset: number;
  /** Its place in the log. */
  readonly at: number;
}

/** What Kafka makes of it: the latest write of those that count stands. */
class Log {
  readonly #committed = new Map<number, Written>();
  readonly #pending = new Map<number, Map<number, Written>>();
  #end = 0;

  commit(offsets: Record<number, number>, producerId?: number): void {
    let target = this.#committed;
    if (producerId !== undefined) {
      target = this.#pending.get(producerId) ?? new Map();
      this.#pending.set(producerId, target);
    }
    for (const [partition, offset] of Object.entries(offsets)) {
      target.set(Number(partition), { offset, at: this.#end++ });
    }
  }

  end(producerId: number, committed: boolean): void {
    const pending = this.#pending.get(producerId) ?? new Map<number, Written>();
    this.#pending.delete(producerId);
    if (!committed) return;
    for (const [partition, written] of pending) {
      const stands = this.#committed.get(partition);
      if (stands === undefined || stands.at < written.at) this.#committed.set(partition, written);
    }
  }

  remove(partition: number): void {
    this.#committed.delete(partition);
    for (const pending of this.#pending.values()) pending.delete(partition);
  }

  get committed(): Record<number, number> {
    return Object.fromEntries([...this.#committed].map(([index, { offset }]) => [index, offset]));
  }

  get stable(): Record<number, StableOffset> {
    const unstable = [...this.#pending.values()].flatMap((pending) => [...pending.keys()]);
    return {
      ...this.committed,
      ...Object.fromEntries(unstable.map((index) => [index, 'unstable'])),
    };
  }
}

function run(seed: number): void {
  const random = randomFrom(seed).below;
  const group = new TestGroup();
  const log = new Log();
  const producers = [1, 2, 3].map((producerId) => new Producer(group, producerId).begin());
  const someOffsets = (): Record<number, number> =>
    Object.fromEntries(partitions.filter(() => random(2) === 0).map((index) => [index, random(4)]));
  const actions: ((producer: Producer) => void)[] = [
    () => {
      const offsets = someOffsets();
      group.commit(offsets);
      log.commit(offsets);
    },
    (producer) => {
      const offsets = someOffsets();
      expect(producer.commit(offsets).errorCode).toBe(0);
      log.commit(offsets, producer.producerId);
    },
    (producer) => {
      const committed = random(3) > 0;
      expect(producer.end(committed)).toBe(0);
      log.end(producer.producerId, committed);
      // Told again, or late: nothing comes of it.
      if (random(2) === 0) expect(producer.end(random(2) === 0)).toBe(0);
      const late = producer.commit({ 0: 99 }).errorCode;
      expect(late).toBe(ErrorCode.INVALID_TXN_STATE);
      producer.begin();
      if (random(2) === 0) producer.producerEpoch++;
    },
    (producer) => {
      producer.end(random(2) === 0, producer.transactionNumber - 1);
    },
    () => {
      const partition = random(partitions.length);
      const { errorCode } = group.deleteOffsets(['t', partition]);
      if (errorCode === 0) log.remove(partition);
    },
    () => group.crash(),
    () => group.advance(random(100_000)),
  ];
  for (let step = 0; step < 60; step++) {
    actions[random(actions.length)](producers[random(producers.length)]);
    expect(group.committed()).toEqual(log.committed);
    expect(stableOffsets(group)).toEqual(log.stable);
  }
}

it('says what Kafka would, whatever overlaps', () => {
  for (let seed = 1; seed <= 400; seed++) {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});
