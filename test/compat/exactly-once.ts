/**
 * A pipeline that reads, changes and writes records exactly once, in a client's own language, while
 * everything goes wrong: its workers are killed at chosen steps of their transactions, and so is
 * the broker. In the end each input is in the output once, in order, and the group has committed
 * the whole input. What is chosen is chosen by a seed; COMPAT_SEED repeats it.
 *
 * A worker is a program that is given
 *
 *     <bootstrap> <input> <output> <group> <transactional id> <instance id> <step> <transaction>
 *
 * and copies each input record to the partition of the same number of the output, with `!` at the
 * end of its value. It commits what it polled in one transaction, aborts every fifth one instead
 * and reads its input again; the instance id may be empty. At that step (`started`, `polled`,
 * `sent`, `offsets`, `committing`, `committed`) of that transaction, counted from one, it prints a
 * line `dying` and, but for `committing`, does nothing more. When its standard input ends it
 * finishes its transaction and exits. A worker that was fenced, or cannot go on, exits with 3.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { Random } from '../simulation/world/random.ts';
import { Running, type SpawnOptions } from './processes.ts';
import type { Case, SuiteContext } from './suite.ts';
import { unique } from './words.ts';

const LIMIT_MS = 120_000;
const partitions = [0, 1, 2, 3];
const steps = ['started', 'polled', 'sent', 'offsets', 'committing', 'committed'];
const patient = { initialRetryTime: 20, maxRetryTime: 200, retries: 500 };

export interface Worker {
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: SpawnOptions;
}

export interface Trouble {
  /** How many workers there are, and how often each is killed. */
  readonly workers: number;
  readonly kills: number;
  /** How often the broker is stopped and started, if it can be. */
  readonly restarts: number;
  /** One comes back under another name: the group waits some seconds until it misses the first. */
  readonly stranger: boolean;
}

export function exactlyOnce(worker: Worker, trouble: Trouble): Case {
  return {
    name: 'exactly-once',
    timeoutMs: LIMIT_MS,
    run: async (context, signal) => {
      const seed = Number(process.env.COMPAT_SEED ?? Math.floor(Math.random() * 1e9));
      const pipeline = new Pipeline(context, worker, new Random(seed), signal);
      try {
        await Promise.race([pipeline.run(trouble), pipeline.tooLate()]);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`COMPAT_SEED=${seed} (${pipeline.summary}): ${message}`);
      } finally {
        await pipeline.close();
      }
      context.note(`exactly once, seed ${seed}: ${pipeline.summary}`);
    },
  };
}

class Pipeline {
  readonly #context: SuiteContext;
  readonly #worker: Worker;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  readonly #kafka: Kafka;
  readonly #input = unique('input');
  readonly #output = unique('output');
  readonly #group = unique('pipeline');
  readonly #living = new Set<Running>();
  /** What was sent to each partition, in order. */
  readonly #sent: string[][] = partitions.map(() => []);
  #steps: string[] = [];
  #gaveUp = 0;
  #doing = 'starting';
  #ending = false;

  constructor(context: SuiteContext, worker: Worker, random: Random, signal: AbortSignal) {
    this.#context = context;
    this.#worker = worker;
    this.#random = random;
    this.#signal = signal;
    const brokers = [context.broker.bootstrap];
    this.#kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: patient });
  }

  get summary(): string {
    const count = this.#sent.reduce((sum, values) => sum + values.length, 0);
    return `${count} records, killed at ${this.#steps.join(' ')}, gave up ${this.#gaveUp} times`;
  }

  async run({ workers, kills, restarts, stranger }: Trouble): Promise<void> {
    await this.#createTopics();
    let troubled = true;
    this.#doing = 'making trouble';
    const feeding = this.#feed(() => troubled);
    const lives = Array.from({ length: workers }, (_, slot) => {
      return this.#live(slot, kills, stranger && slot === 1);
    });
    try {
      await Promise.race([
        feeding,
        Promise.all([...lives.map(({ killed }) => killed), this.#restartBroker(restarts)]),
      ]);
    } finally {
      troubled = false;
    }
    this.#doing = 'sending the last input';
    await feeding;
    this.#doing = 'waiting for the output';
    await Promise.race([this.#caughtUp(), ...lives.map(({ ended }) => ended)]);
    this.#doing = 'waiting for the workers to end';
    this.#ending = true;
    for (const one of this.#living) one.closeInput();
    await Promise.all(lives.map(({ ended }) => ended));
    this.#doing = 'reading the output';
    await this.#check();
  }

  /** Says what it hangs in, which the limit of the case would not. */
  async tooLate(): Promise<never> {
    await delay(LIMIT_MS - 5_000, null, { signal: this.#signal });
    const said = [...this.#living].map(
      ({ command, stderr }) => `$ ${command}\n${stderr.slice(-1000)}`,
    );
    throw new Error(`stuck while ${this.#doing}\n${said.join('\n')}`);
  }

  async close(): Promise<void> {
    this.#ending = true;
    await Promise.all([...this.#living].map((one) => one.stop('SIGKILL')));
  }

  async #createTopics(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    const topics = [this.#input, this.#output];
    const numPartitions = partitions.length;
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions })) });
    await admin.disconnect();
  }

  /** A producer that loses and doubles nothing itself, whatever becomes of the broker. */
  async #producer() {
    const producer = this.#kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    return producer;
  }

  async #feed(more: () => boolean): Promise<void> {
    const producer = await this.#producer();
    for (let number = 0; more() && !this.#signal.aborted; number += 1) {
      const partition = number % partitions.length;
      const values = [`${number} a`, `${number} b`, `${number} c`];
      const messages = values.map((value) => ({ partition, value }));
      await producer.send({ topic: this.#input, messages });
      this.#sent[partition]!.push(...values);
      await delay(25);
    }
    await producer.disconnect();
  }

  /** One worker after the other under the same transactional id. */
  #live(
    slot: number,
    kills: number,
    stranger: boolean,
  ): { killed: Promise<void>; ended: Promise<void> } {
    const { promise: killed, resolve } = Promise.withResolvers<void>();
    const life = async (number: number) => {
      const instance = stranger && number === 1 ? '' : `worker-${slot}`;
      const step = number < kills ? this.#random.pick(steps) : 'never';
      const transaction = step === 'started' ? 1 : this.#random.between(1, 4);
      const reaction = step === 'committing' ? this.#random.between(0, 12) : 0;
      const worker = this.#start(slot, [instance, step, `${transaction}`]);
      const died = await this.#diesOrExits(worker);
      if (died) {
        this.#steps.push(step);
        await delay(reaction);
        await worker.stop('SIGKILL');
      } else if (worker.exitCode === 3) {
        this.#gaveUp += 1;
      } else if (!this.#ending || worker.exitCode !== 0) {
        const said = `${worker.stdout}\n${worker.stderr}`.slice(-3000);
        throw new Error(`a worker ended with exit code ${worker.exitCode}\n${said}`);
      }
      this.#living.delete(worker);
      return died;
    };
    const all = async () => {
      for (let number = 0; !this.#ending; ) {
        if (number >= kills) resolve();
        if (await life(number)) number += 1;
      }
    };
    const ended = all();
    ended.catch(() => {}); // told by whoever waits for it
    return { killed: Promise.race([killed, ended]), ended };
  }

  #start(slot: number, life: readonly string[]): Running {
    const { command, args, options } = this.#worker;
    const { bootstrap } = this.#context.broker;
    const names = [bootstrap, this.#input, this.#output, this.#group, `${this.#group}-${slot}`];
    const worker = new Running(command, [...args, ...names, ...life], {
      ...options,
      signal: this.#signal,
    });
    this.#living.add(worker);
    return worker;
  }

  async #diesOrExits(worker: Running): Promise<boolean> {
    const { promise: dying, resolve } = Promise.withResolvers<boolean>();
    worker.onOutput = () => {
      if (worker.stdout.includes('dying')) resolve(true);
    };
    return Promise.race([dying, worker.exited.then(() => false)]);
  }

  async #restartBroker(times: number): Promise<void> {
    if (!this.#context.broker.restartable) return;
    for (let time = 0; time < times; time += 1) {
      await delay(this.#random.between(2_000, 4_000));
      this.#steps.push('(broker)');
      await this.#context.broker.restart();
    }
  }

  /** The group commits in the transactions: when it has committed all of its input, all is done. */
  async #caughtUp(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    const { groupId, topic } = { groupId: this.#group, topic: this.#input };
    for (let done = false; !done && !this.#signal.aborted; ) {
      await delay(100);
      const fetched = admin.fetchOffsets({ groupId, topics: [topic] });
      const [committed] = await fetched.catch(() => []); // the coordinator may not be back yet
      const ends = new Map(committed?.partitions.map((one) => [one.partition, one.offset]));
      done = partitions.every((one) => ends.get(one) === `${this.#sent[one]!.length}`);
    }
    await admin.disconnect();
  }

  async #check(): Promise<void> {
    const producer = await this.#producer();
    const messages = partitions.map((partition) => ({ partition, value: 'the end' }));
    await producer.send({ topic: this.#output, messages });
    await producer.disconnect();
    const written = await this.#readOutput();
    const anomalies = partitions.flatMap((partition) => {
      const expected = this.#sent[partition]!.map((value) => `${value}!`);
      return anomaliesOf(written[partition]!, expected).map((one) => `${partition}: ${one}`);
    });
    if (anomalies.length > 0) throw new Error(anomalies.join('\n'));
  }

  /** The committed records of each partition up to the last one, in the order of their offsets. */
  async #readOutput(): Promise<string[][]> {
    const consumer = this.#kafka.consumer({ groupId: unique('auditor'), maxWaitTimeInMs: 100 });
    const { promise: complete, resolve, reject } = Promise.withResolvers<void>();
    const all: string[][] = partitions.map(() => []);
    let open = partitions.length;
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topic: this.#output, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const value = `${message.value}`;
        if (value !== 'the end') all[partition]!.push(value);
        else if (--open === 0) resolve();
      },
    });
    await complete;
    await consumer.disconnect();
    return all;
  }
}

function anomaliesOf(written: readonly string[], expected: readonly string[]): string[] {
  const at = (value: string) => `${value} (input ${expected.indexOf(value)})`;
  const [seen, known] = [new Set(written), new Set(expected)];
  const missing = expected.filter((value) => !seen.has(value));
  const doubled = written.filter((value, index) => written.indexOf(value) !== index);
  const strange = written.filter((value) => !known.has(value));
  const told = { missing, doubled, strange };
  const anomalies = Object.entries(told).flatMap(([name, values]) =>
    values.length > 0 ? [`${name}: ${values.map(at).join(', ')}`] : [],
  );
  const ordered = written.every((value, index) => value === expected[index]);
  return anomalies.length > 0 || ordered ? anomalies : ['not in order'];
}
