/**
 * Two producers that ask for anything at any time, of a coordinator that loses its memory at any
 * time. What must hold: a transaction ends in one way, which is what its producer was told; epochs
 * and numbers do not go back; whoever is to be told is not forgotten.
 */
import { describe, expect, it } from 'vitest';
import type { TransactionMarker } from '../../../src/core/transaction-marker.ts';
import { randomFrom } from '../../protocol/random.ts';
import { Coordinator, nobodyYet, partitionOf, type Who } from './test-coordinator.ts';

/** Two producers that share a transactional id, time that passes, restarts, and what must hold. */
class Life {
  readonly coordinator = new Coordinator();
  readonly #random: (below: number) => number;
  /** Whom each of the two takes itself to be. */
  readonly #producers: Who[] = [nobodyYet, nobodyYet];
  /** How each transaction ended, by its number. */
  readonly #outcomes = new Map<number, TransactionMarker>();
  /** What a producer was told of the end of its transaction. */
  readonly #promised = new Map<number, boolean>();
  readonly #epochs = new Map<number, number>();
  #number = 0;

  constructor(seed: number) {
    this.#random = randomFrom(seed).below;
  }

  step(): void {
    const { coordinator } = this;
    const one = this.#random(2);
    const who = this.#producers[one];
    const version = 1 + this.#random(2);
    switch (this.#random(9)) {
      case 0:
      case 1: {
        const reply = coordinator.init(this.#random(2) === 0 ? nobodyYet : who);
        if (reply.errorCode === 0) this.#goesOn(one, reply);
        break;
      }
      case 2:
      case 3:
        coordinator.enlist(who, partitionOf(this.#random(300)));
        break;
      case 4:
        coordinator.addPartitions(who, ...Array(this.#random(300)).keys());
        break;
      case 5:
        this.#end(one, version);
        break;
      case 6:
        this.#tellSome();
        break;
      case 7:
        coordinator.now += this.#random(20_000);
        coordinator.expire();
        break;
      default:
        this.#restart();
    }
    this.check();
  }

  check(): void {
    const { machine } = this.coordinator;
    const news = machine.news(1_000);
    if (machine.transactionalId === undefined) return;
    const { state, producerId, producerEpoch } = this.coordinator.described;
    expect(machine.deadline).toBeDefined();
    expect(machine.isTelling).toBe(state.startsWith('Prepare'));
    expect(producerEpoch).toBeGreaterThanOrEqual(this.#epochs.get(producerId) ?? 0);
    this.#epochs.set(producerId, producerEpoch);
    if (news === undefined) return;
    expect(news.participants.length).toBeGreaterThan(0);
    const { marker, transactionNumber } = news;
    expect(transactionNumber).toBeGreaterThanOrEqual(this.#number);
    this.#number = transactionNumber;
    expect(this.#outcomes.get(transactionNumber) ?? marker).toEqual(marker);
    this.#outcomes.set(transactionNumber, marker);
    const promised = this.#promised.get(transactionNumber) ?? marker.committed;
    expect(marker.committed).toBe(promised);
  }

  get outcomes(): number {
    return this.#outcomes.size;
  }

  #end(one: number, version: number): void {
    const committed = this.#random(2) === 0;
    const who = this.#producers[one];
    const before = this.coordinator.machine.isTelling;
    const reply = this.coordinator.end(who, committed, version);
    if (reply.errorCode !== 0) return;
    const news = this.coordinator.machine.news(1);
    if (news && !before) this.#promised.set(news.transactionNumber, committed);
    if (version === 2) this.#goesOn(one, reply);
  }

  #goesOn(one: number, { producerId, producerEpoch }: Who): void {
    expect(producerEpoch).toBeLessThanOrEqual(32_766);
    this.#producers[one] = { producerId, producerEpoch };
  }

  #tellSome(): void {
    const news = this.coordinator.machine.news(1 + this.#random(200));
    if (news === undefined) return;
    const { transactionNumber, participants } = news;
    const reached = participants.filter(() => this.#random(10) > 0);
    const unreached = participants.filter((each) => !reached.includes(each));
    this.coordinator.call('markersTold', { transactionNumber, heard: reached, unreached });
  }

  /** Nothing is known afterwards that was not before, and nothing is forgotten. */
  #restart(): void {
    const { coordinator } = this;
    const known = () => {
      if (coordinator.machine.transactionalId === undefined) return undefined;
      const { topics, ...described } = coordinator.described;
      const partitions = topics.flatMap((topic) => topic.partitions).sort((a, b) => a - b);
      return { ...described, partitions };
    };
    const before = known();
    coordinator.restart();
    expect(known()).toEqual(before);
  }
}

describe('a transaction coordinator at random', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))('keeps its word: seed %i', (seed) => {
    const life = new Life(seed);
    for (let step = 0; step < 300; step++) life.step();
    expect(life.outcomes).toBeGreaterThan(3);
    life.coordinator.tellAll();
    expect(life.coordinator.described.state).not.toMatch(/^Prepare/);
    expect([...life.coordinator.rows.keys()].length).toBeLessThanOrEqual(20);
  });
});
