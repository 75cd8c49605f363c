/**
 * Transactions at random: what no one thought of writing down. Each walk is made of its number
 * alone, so a walk that differs can be played again, and any other: `--case walk-4711`. Where it
 * goes does not depend on answers, but for the epochs and sequences a producer must know.
 */
import { describeTransactions, offsetFetch, txnOffsetCommit } from '../apis.ts';
import type { Player, Script, Topic } from '../player.ts';
import { add, addOffsets, end, init, type Producer, seen, send, settled } from '../producers.ts';
import { Chance } from '../random.ts';

const STEPS = 40;

/** One transactional id: who has it, who had it before, and how far each partition is. */
interface Seat {
  readonly label: string;
  now: Producer;
  before: Producer;
  readonly sequences: Map<string, number>;
}

class Walk {
  readonly #on: Player;
  readonly #chance: Chance;
  readonly #seats: Seat[] = [];
  readonly #topics: Topic[] = [];

  constructor(on: Player, seed: number) {
    this.#on = on;
    this.#chance = new Chance(seed);
  }

  async play(): Promise<void> {
    for (const label of ['one', 'two']) this.#topics.push(await this.#on.topic(label));
    for (const label of ['a', 'b']) {
      const now = await init(this.#on, label, { version: this.#chance.one([4, 5]) });
      this.#seats.push({ label, now, before: now, sequences: new Map() });
    }
    for (let step = 0; step < STEPS; step += 1) await this.#step();
    for (const seat of this.#seats) {
      await end(this.#on, seat.now, false, 4);
      await this.#over(seat);
    }
    for (const topic of this.#topics) await seen(this.#on, topic);
  }

  #step(): Promise<void> {
    const seat = this.#chance.one(this.#seats);
    const producer = this.#producer(seat);
    const chance = this.#chance.next();
    if (chance < 0.2)
      return add(this.#on, producer, this.#chance.one(this.#topics), {
        version: this.#chance.one([0, 1, 2, 3]),
      });
    // A batch of an epoch to come would be remembered by Kafka although it is refused.
    const isKnown = producer.producerEpoch <= seat.now.producerEpoch;
    if (chance < 0.55) return this.#send(seat, isKnown ? producer : seat.now);
    if (chance < 0.62) return addOffsets(this.#on, producer, 'group', this.#chance.one([0, 3, 4]));
    if (chance < 0.72) return this.#commit(producer);
    if (chance < 0.9) return this.#end(seat, producer);
    if (chance < 0.97) return this.#init(seat);
    return seen(this.#on, this.#chance.one(this.#topics));
  }

  /** Mostly who has the seat now; or who had it before, or somebody who is wrong about it. */
  #producer({ now, before }: Seat): Producer {
    const chance = this.#chance.next();
    if (chance < 0.9) return now;
    if (chance < 0.96) return before;
    if (chance < 0.98) return { ...now, producerEpoch: now.producerEpoch + 1 };
    return { ...now, transactionalId: this.#chance.one(this.#seats).now.transactionalId };
  }

  async #send(seat: Seat, producer: Producer): Promise<void> {
    const topic = this.#chance.one(this.#topics);
    const key = `${producer.producerId} ${producer.producerEpoch} ${topic.name}`;
    const expected = seat.sequences.get(key) ?? 0;
    const sequence = expected > 0 && this.#chance.next() < 0.05 ? expected + 1 : expected;
    const version = this.#chance.one([3, 9, 11, 12, 12, 12]);
    const { errorCode } = await send(this.#on, producer, topic, sequence, { version });
    if (errorCode === 0) seat.sequences.set(key, sequence + 1);
  }

  async #commit(producer: Producer): Promise<void> {
    const on = this.#on;
    const partitions = [
      {
        partitionIndex: 0,
        committedOffset: Math.floor(this.#chance.next() * 9),
        committedMetadata: '',
      },
    ];
    const topics = [{ name: this.#topics[0]!.name, partitions }];
    const request = { ...producer, groupId: on.name('group'), topics };
    await on.until(txnOffsetCommit, this.#chance.one([3, 4, 5]), request, (answer) =>
      answer.topics.every((one) => one.partitions.every(settled)),
    );
  }

  async #end(seat: Seat, producer: Producer): Promise<void> {
    const next = await end(
      this.#on,
      producer,
      this.#chance.next() < 0.5,
      this.#chance.one([3, 4, 5, 5]),
    );
    if (producer === seat.now) this.#take(seat, next);
    await this.#over(seat);
  }

  async #init(seat: Seat): Promise<void> {
    const { producerId, producerEpoch } = this.#chance.next() < 0.3 ? seat.before : seat.now;
    const known = this.#chance.next() < 0.5 ? { producerId, producerEpoch } : {};
    const next = await init(this.#on, seat.label, {
      version: this.#chance.one([3, 4, 5]),
      ...known,
    });
    if (next.producerId >= 0) this.#take(seat, next);
    await this.#over(seat);
  }

  #take(seat: Seat, next: Producer): void {
    if (next === seat.now) return;
    seat.before = seat.now;
    seat.now = next;
  }

  /** Waits until what the coordinator has decided is done everywhere. */
  async #over({ now: { transactionalId } }: Seat): Promise<void> {
    const on = this.#on;
    const question = { transactionalIds: [transactionalId] };
    await on.until(
      describeTransactions,
      0,
      question,
      ({ transactionStates: [state] }) => !state.transactionState.startsWith('Prepare'),
    );
    const topics = [{ name: this.#topics[0]!.name, partitionIndexes: [0] }];
    await on.ask(offsetFetch, 7, { groupId: on.name('group'), topics, requireStable: false });
  }
}

/** The walk of this number through transactions. */
export function walkOf(seed: number): Script {
  return { name: `walk-${seed}`, play: (on) => new Walk(on, seed).play(), alone: true };
}
