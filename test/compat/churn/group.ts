/**
 * A group that has no peace, with all that it reads: members of several clients join, leave, are
 * killed, and stand still beyond their session's timeout; the broker is killed. Records are written
 * all the time. What happens when is chosen by a seed. In the end everything has been read, and the
 * members' logs hold no anomaly; what is one depends on the kind of group.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs';
import type { Random } from '../../simulation/world/random.ts';
import type { SuiteContext } from '../suite.ts';
import { unique } from '../words.ts';
import { Member, type Program } from './slot.ts';

const patient = { initialRetryTime: 20, maxRetryTime: 200, retries: 500 };
const PATIENCE_MS = 60_000;
/** How long it is quiet between two troubles, at most. */
const QUIET_MS = 2_000;
const LOOK_MS = 250;

type Trouble = 'left' | 'killed' | 'stalled';

export interface Churn {
  readonly partitions: number;
  /** The program of each member; one more life of it begins wherever one ends. */
  readonly members: readonly Program[];
  readonly troubleMs: number;
  /** How long members stand still, at least and at most. */
  readonly stallMs: readonly [number, number];
  /** How often the broker is killed. */
  readonly crashes: number;
}

export abstract class Group {
  readonly id = unique('churn');
  readonly topic = unique('churned');
  readonly admin: Admin;
  readonly #context: SuiteContext;
  readonly #churn: Churn;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  readonly #kafka: Kafka;
  readonly bootstrap: string;
  readonly #deck: Trouble[] = [];
  readonly #tally: Record<string, number> = {};
  readonly members: Member[];
  /** How many records have been written to each partition. */
  readonly sent: number[];
  #open = true;
  doing = 'starting';

  constructor(context: SuiteContext, churn: Churn, random: Random, signal: AbortSignal) {
    this.#context = context;
    this.#churn = churn;
    this.#random = random;
    this.#signal = signal;
    const { bootstrap } = context.broker;
    this.bootstrap = bootstrap;
    this.#kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: patient });
    this.admin = this.#kafka.admin();
    this.sent = Array.from({ length: churn.partitions }, () => 0);
    const args = [bootstrap, this.topic, this.id];
    this.members = churn.members.map((one, index) => new Member(one, index, args, signal));
  }

  get summary(): string {
    const read = this.members.reduce((sum, one) => sum + one.readCount, 0);
    const told = Object.entries(this.#tally).map(([what, count]) => `${what} ${count}`);
    const lives = this.members.reduce((sum, one) => sum + one.lives.length, 0);
    const records = this.sent.reduce((sum, one) => sum + one, 0);
    return `${records} records read ${read} times by ${lives} lives; ${told.join(', ')}`;
  }

  /** `trouble` is what happens while records are written, with all members there. */
  async run(trouble: () => Promise<void>): Promise<void> {
    await this.admin.connect();
    const numPartitions = this.#churn.partitions;
    await this.admin.createTopics({ topics: [{ topic: this.topic, numPartitions }] });
    await this.prepare();
    const writing = this.#write();
    const watching = this.#watch();
    writing.catch(() => {}); // told below
    watching.catch(() => {});
    try {
      this.doing = 'waiting for all to have joined';
      for (const one of this.members) one.start();
      await this.converged();
      this.doing = 'making trouble';
      await Promise.race([trouble(), writing, watching]);
      this.doing = 'waiting for the group to settle';
      await this.converged();
    } finally {
      this.#open = false;
    }
    await Promise.all([writing, watching]);
    this.doing = 'waiting for the last records';
    await this.until(
      () => this.caughtUp(),
      'all records to be read',
      () => this.behind,
    );
    await this.converged();
    this.doing = 'waiting for all to leave';
    await Promise.all(this.members.map((one) => one.leave()));
    await this.admin.disconnect();
    this.doing = 'looking at what happened';
    const anomalies = this.anomalies();
    if (anomalies.length === 0) return;
    throw new Error([`${anomalies.length} anomalies:`, ...anomalies.slice(0, 20)].join('\n'));
  }

  /** Before the first member comes. */
  protected async prepare(): Promise<void> {}
  /** Everybody takes part, and as they should. */
  protected abstract settled(): boolean;
  /** Looks at the group from outside. */
  protected abstract look(): Promise<void>;
  /** All that was written is done with. */
  protected abstract caughtUp(): boolean | Promise<boolean>;
  /** What is not, for the failure message. */
  protected abstract get behind(): string;
  /** What should not have happened. */
  protected abstract anomalies(): string[];

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

  /**
   * One member after the other becomes another program, in an order that chance decides. Whoever
   * takes the place of one that was killed waits for the end of its session: not in a short run.
   */
  async roll(to: (member: Member) => Program): Promise<void> {
    const waiting = [...this.members];
    while (waiting.length > 0 && !this.#signal.aborted) {
      const [member] = waiting.splice(this.#random.between(0, waiting.length - 1), 1);
      const isKilled = this.#context.long && this.#random.chance(0.3);
      await (isKilled ? member!.kill() : member!.leave());
      this.#count('moved');
      member!.start(to(member!));
      await this.until(() => member!.steady, `${member!.name} to take part`);
    }
  }

  async #disturb(member: Member): Promise<void> {
    const what = this.#draw();
    this.#count(what);
    if (what === 'stalled') return member.stall(this.#random.between(...this.#churn.stallMs));
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

  /** Waits until the group has been as it should be for a second. */
  async converged(): Promise<void> {
    let since = performance.now();
    const settled = () => {
      if (!this.settled()) since = performance.now();
      return performance.now() - since > 1_000;
    };
    const told = () => this.members.map((one) => `${one.name}: ${one.part}`).join('\n');
    await this.until(settled, 'the group to settle', told);
  }

  protected async until(
    done: () => boolean | Promise<boolean>,
    what: string,
    told: () => string = () => '',
  ): Promise<void> {
    const limit = performance.now() + PATIENCE_MS;
    while (!(await done())) {
      await delay(50, null, { signal: this.#signal });
      for (const one of this.members) one.mustLive();
      if (performance.now() > limit) throw new Error(`waited in vain for ${what}\n${told()}`);
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
      const from = this.sent[partition]!;
      const messages = Array.from({ length: count }, (_, at) => ({
        partition,
        value: `${from + at}`,
      }));
      await producer.send({ topic: this.topic, messages });
      this.sent[partition] = from + count;
    };
    for (let number = 0; this.#open && !this.#signal.aborted; number += 1) {
      await write(number % this.sent.length, 1 + (number % 7));
      await delay(10);
    }
    for (const partition of this.sent.keys()) await write(partition, 1);
    await producer.disconnect();
  }

  async #watch(): Promise<void> {
    while (this.#open && !this.#signal.aborted) {
      await this.look();
      await delay(LOOK_MS);
    }
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
