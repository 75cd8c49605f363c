/**
 * A group that has no peace, with all that it reads: members of several clients join, leave, are
 * killed, and stand still beyond their session's timeout; the broker is killed. Records are written
 * all the time. What happens when is chosen by a seed. In the end the members that are left share
 * the partitions and have read and committed everything, and their logs hold no anomaly.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs';
import type { Random } from '../../simulation/world/random.ts';
import type { SuiteContext } from '../suite.ts';
import { unique } from '../words.ts';
import { anomaliesIn, type Known } from './audit.ts';
import { microseconds } from './log.ts';
import { Member, type Program } from './slot.ts';

const patient = { initialRetryTime: 20, maxRetryTime: 200, retries: 500 };
/** Longer than a session: 6 s. */
const STALL_MS = [7_500, 10_000] as const;
const PATIENCE_MS = 60_000;
/** How long it is quiet between two troubles, at most. */
const QUIET_MS = 2_000;
const SAMPLE_MS = 250;

type Trouble = 'left' | 'killed' | 'stalled';

export interface Churn {
  readonly partitions: number;
  /** The program of each member; one more life of it begins wherever one ends. */
  readonly members: readonly Program[];
  readonly troubleMs: number;
  /** How often the broker is killed. */
  readonly crashes: number;
}

export class Group {
  readonly id = unique('churn');
  readonly topic = unique('churned');
  readonly admin: Admin;
  readonly #context: SuiteContext;
  readonly #churn: Churn;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  readonly #kafka: Kafka;
  readonly #sent: number[];
  readonly #seen: Known[][];
  readonly #deck: Trouble[] = [];
  readonly #tally: Record<string, number> = {};
  readonly members: Member[];
  #open = true;
  doing = 'starting';

  constructor(context: SuiteContext, churn: Churn, random: Random, signal: AbortSignal) {
    this.#context = context;
    this.#churn = churn;
    this.#random = random;
    this.#signal = signal;
    const { bootstrap } = context.broker;
    this.#kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: patient });
    this.admin = this.#kafka.admin();
    this.#sent = Array.from({ length: churn.partitions }, () => 0);
    this.#seen = this.#sent.map(() => []);
    const args = [bootstrap, this.topic, this.id];
    this.members = churn.members.map((one, index) => new Member(one, index, args, signal));
  }

  get summary(): string {
    const read = this.members.reduce((sum, one) => sum + one.readCount, 0);
    const told = Object.entries(this.#tally).map(([what, count]) => `${what} ${count}`);
    const lives = this.members.reduce((sum, one) => sum + one.lives.length, 0);
    const records = this.#sent.reduce((sum, one) => sum + one, 0);
    return `${records} records read ${read} times by ${lives} lives; ${told.join(', ')}`;
  }

  /** `trouble` is what happens while records are written, with all members there. */
  async run(trouble: (group: Group) => Promise<void>): Promise<void> {
    await this.admin.connect();
    const numPartitions = this.#churn.partitions;
    await this.admin.createTopics({ topics: [{ topic: this.topic, numPartitions }] });
    const writing = this.#write();
    const watching = this.#watch();
    writing.catch(() => {}); // told below
    watching.catch(() => {});
    try {
      this.doing = 'waiting for all to have joined';
      for (const one of this.members) one.start();
      await this.converged();
      this.doing = 'making trouble';
      await Promise.race([trouble(this), writing, watching]);
      this.doing = 'waiting for the group to settle';
      await this.converged();
    } finally {
      this.#open = false;
    }
    await Promise.all([writing, watching]);
    this.doing = 'waiting for the last records';
    await this.#caughtUp();
    await this.converged();
    this.doing = 'waiting for all to leave';
    await Promise.all(this.members.map((one) => one.leave()));
    await this.admin.disconnect();
    this.doing = 'looking at what happened';
    this.#check();
  }

  /** Trouble of all kinds, for as long as it is told to. */
  async churn(): Promise<void> {
    const { troubleMs, crashes } = this.#churn;
    const end = performance.now() + troubleMs;
    const crashing = this.#crash(crashes, troubleMs / (crashes + 1));
    const busy = new Set<Promise<void>>();
    while (performance.now() < end && !this.#signal.aborted) {
      const ready = this.members.filter((one) => one.steady);
      // Most of them stay, or there would be no group to disturb.
      if (busy.size < this.members.length / 3 && ready.length > 0) {
        const doing = this.#disturb(this.#random.pick(ready));
        busy.add(doing);
        doing.then(
          () => busy.delete(doing),
          () => {}, // told below
        );
      }
      await Promise.race([delay(this.#random.between(100, QUIET_MS)), ...busy, crashing.failed]);
    }
    await Promise.all([...busy, crashing.done]);
  }

  /** One member after the other becomes another program, in an order that chance decides. */
  async roll(to: (member: Member) => Program): Promise<void> {
    const waiting = [...this.members];
    while (waiting.length > 0 && !this.#signal.aborted) {
      const [member] = waiting.splice(this.#random.between(0, waiting.length - 1), 1);
      const ending = this.#random.chance(0.3) ? member!.kill() : member!.leave();
      await ending;
      this.#count('moved');
      member!.start(to(member!));
      await this.#until(() => member!.steady, `${member!.name} to take part`);
    }
  }

  /** What the group is to those who know the classic protocol alone. */
  async isClassic(): Promise<boolean> {
    const { groups } = await this.admin.describeGroups([this.id]);
    return groups[0]!.state !== 'Dead';
  }

  async #disturb(member: Member): Promise<void> {
    const what = this.#draw();
    this.#count(what);
    if (what === 'stalled') return member.stall(this.#random.between(...STALL_MS));
    await (what === 'left' ? member.leave() : member.kill());
    await delay(this.#random.between(200, 2_500));
    member.start();
  }

  /** Each trouble comes as often as the others, in an order that chance decides. */
  #draw(): Trouble {
    if (this.#deck.length === 0) this.#deck.push('left', 'killed', 'stalled');
    return this.#deck.splice(this.#random.between(0, this.#deck.length - 1), 1)[0]!;
  }

  #crash(times: number, every: number): { done: Promise<void>; failed: Promise<never> } {
    const { promise: failed, reject } = Promise.withResolvers<never>();
    const crash = async () => {
      if (!this.#context.broker.restartable) return;
      for (let time = 0; time < times && !this.#signal.aborted; time += 1) {
        await delay(every * (0.8 + this.#random.next() * 0.2));
        await this.crashBroker();
      }
    };
    const done = crash();
    done.catch(reject);
    failed.catch(() => {});
    return { done, failed };
  }

  async crashBroker(): Promise<void> {
    this.#count('broker killed');
    await this.#context.broker.restart('SIGKILL');
  }

  #count(what: string): void {
    this.#tally[what] = (this.#tally[what] ?? 0) + 1;
  }

  /** Waits until each partition has one owner, everybody has one at least, and it stays so. */
  async converged(): Promise<void> {
    let since = performance.now();
    const settled = () => {
      const held = this.members.map((one) => [...one.held]);
      const all = new Set(held.flat());
      const exact = held.flat().length === all.size && all.size === this.#sent.length;
      if (!exact || held.some((one) => one.length === 0)) since = performance.now();
      return performance.now() - since > 1_000;
    };
    await this.#until(settled, 'each partition to have one owner');
  }

  async #until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const limit = performance.now() + PATIENCE_MS;
    while (!(await done())) {
      await delay(50, null, { signal: this.#signal });
      for (const one of this.members) one.mustLive();
      if (performance.now() > limit) {
        const told = this.members.map((one) => `${one.name} holds ${[...one.held].join(' ')}`);
        throw new Error(`waited in vain for ${what}:\n${told.join('\n')}`);
      }
    }
  }

  /** Each record's value is its offset; the last ones are written when there is no more trouble. */
  async #write(): Promise<void> {
    const producer = this.#kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const write = async (partition: number, count: number) => {
      const from = this.#sent[partition]!;
      const messages = Array.from({ length: count }, (_, at) => ({
        partition,
        value: `${from + at}`,
      }));
      await producer.send({ topic: this.topic, messages });
      this.#sent[partition] = from + count;
    };
    for (let number = 0; this.#open && !this.#signal.aborted; number += 1) {
      await write(number % this.#sent.length, 1 + (number % 7));
      await delay(10);
    }
    for (const partition of this.#sent.keys()) await write(partition, 1);
    await producer.disconnect();
  }

  /** Looks at the committed offsets from outside. */
  async #watch(): Promise<void> {
    while (this.#open && !this.#signal.aborted) {
      await this.#committed();
      await delay(SAMPLE_MS);
    }
  }

  /** Null where the coordinator is not back yet. */
  async #committed(): Promise<number[] | null> {
    const from = microseconds();
    const asked = this.admin.fetchOffsets({ groupId: this.id, topics: [this.topic] });
    const told = await asked.catch(() => null);
    if (told === null) return null;
    const to = microseconds();
    const offsets = this.#sent.map(() => -1);
    for (const { partition, offset } of told[0]?.partitions ?? []) {
      offsets[partition] = Number(offset);
      const known = { from, to, offset: Number(offset), by: 'an observer' };
      if (known.offset >= 0) this.#seen[partition]!.push(known);
    }
    return offsets;
  }

  /** Waits until the group has committed all that was written. */
  async #caughtUp(): Promise<void> {
    let last: readonly number[] = [];
    const done = async () => {
      last = (await this.#committed()) ?? last;
      return this.#sent.every((sent, partition) => last[partition] === sent);
    };
    await this.#until(done, `the last commits`).catch((error: Error) => {
      throw new Error(`${error.message}\nwritten ${this.#sent}\ncommitted ${last}`);
    });
  }

  #check(): void {
    const lives = this.members.flatMap((one) => one.lives);
    const anomalies = anomaliesIn({ sent: this.#sent, lives, seen: this.#seen });
    if (anomalies.length === 0) return;
    const told = anomalies.slice(0, 20).join('\n');
    throw new Error(`${anomalies.length} anomalies:\n${told}`);
  }

  /** All that the members have said and complained of. */
  get log(): string {
    return this.members.map((one) => one.log).join('\n');
  }

  async close(): Promise<void> {
    this.#open = false;
    await Promise.all(this.members.map((one) => one.kill()));
  }
}
