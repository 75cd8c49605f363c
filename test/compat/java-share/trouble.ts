/**
 * A queue whose workers are killed, and its broker with them. In the end each record was accepted,
 * and none whose acceptance was confirmed was given to anybody again. What became of a record is
 * not known where a worker, or the broker, was killed while it was being accepted; such a record
 * may come again and may not.
 *
 * A worker is a program that is given `<bootstrap> <topic> <group>`, lets the group begin with the
 * first record and be patient with each, and prints, with the time in milliseconds before each,
 * `given`, `accepting` and `accepted` and the records, as `0:17`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { Random } from '../../simulation/world/random.ts';
import type { Worker } from '../exactly-once.ts';
import { Running } from '../processes.ts';
import type { Case, SuiteContext } from '../suite.ts';
import { unique } from '../words.ts';

const WORKERS = 3;
const KILLS = 1;
const RESTARTS = 2;
const PARTITIONS = 2;
const patient = { initialRetryTime: 20, maxRetryTime: 200, retries: 500 };

export function queueUnderTrouble(worker: Worker): Case {
  return {
    name: 'share-trouble',
    timeoutMs: 120_000,
    run: async (context, signal) => {
      const seed = Number(process.env.COMPAT_SEED ?? Math.floor(Math.random() * 1e9));
      const trouble = new Trouble(context, worker, new Random(seed), signal);
      try {
        await trouble.run();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`COMPAT_SEED=${seed} (${trouble.summary}): ${message}`);
      } finally {
        await trouble.close();
      }
      context.note(`a queue under trouble, seed ${seed}: ${trouble.summary}`);
    },
  };
}

/** What the workers said of one record. */
interface Story {
  accepting: number;
  readonly accepted: number[];
  readonly given: number[];
}

class Trouble {
  readonly #context: SuiteContext;
  readonly #worker: Worker;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  readonly #kafka: Kafka;
  readonly #topic = unique('jobs');
  readonly #group = unique('crew');
  readonly #all: Running[] = [];
  readonly #sent: string[] = [];
  #gaveUp = 0;
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
    const stories = [...this.#stories().values()];
    const again = stories.filter(({ given }) => given.length > 1).length;
    const unknown =
      this.#sent.length - stories.filter(({ accepted }) => accepted.length > 0).length;
    const told = `${again} given more than once, ${unknown} not known to be accepted`;
    return `${this.#sent.length} records, ${told}, gave up ${this.#gaveUp} times`;
  }

  async run(): Promise<void> {
    await this.#prepare();
    const lives = Array.from({ length: WORKERS }, () => this.#live());
    const ended = Promise.all(lives.map((one) => one.ended));
    let troubled = true;
    const killed = Promise.all([...lives.map((one) => one.killed), this.#restartBroker()]);
    const trouble = killed.finally(() => {
      troubled = false;
    });
    const feeding = this.#feed(() => troubled);
    await Promise.race([Promise.all([trouble, feeding]), ended]);
    await Promise.race([this.#settled(), ended]);
    this.#ending = true;
    for (const one of this.#all) one.closeInput();
    await ended;
    this.#check();
  }

  async close(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#all.map((one) => one.stop('SIGKILL')));
  }

  async #prepare(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: this.#topic, numPartitions: PARTITIONS }] });
    await admin.disconnect();
  }

  /** One worker after the other: some are killed, the last goes on to the end. */
  #live(): { killed: Promise<void>; ended: Promise<void> } {
    const { promise: killed, resolve } = Promise.withResolvers<void>();
    const life = async (number: number) => {
      const { command, args } = this.#worker;
      const names = [this.#context.broker.bootstrap, this.#topic, this.#group];
      const worker = new Running(command, [...args, ...names], { signal: this.#signal });
      this.#all.push(worker);
      if (number < KILLS) {
        await worker.until(({ stdout }) => stdout.includes(' given '), 'a record', 60_000);
        await delay(this.#random.between(100, 2_000));
        await worker.stop('SIGKILL');
        return true;
      }
      resolve();
      const code = await worker.exited;
      if (code === 3) this.#gaveUp += 1;
      else if (code !== 0 || !this.#ending) throw new Error(`ended with ${code}\n${worker.stderr}`);
      return false;
    };
    const all = async () => {
      for (let number = 0; !this.#ending; ) if (await life(number)) number += 1;
    };
    const ended = all();
    ended.catch(() => {}); // told by whoever waits for it
    return { killed: Promise.race([killed, ended]), ended };
  }

  async #restartBroker(): Promise<void> {
    if (!this.#context.broker.restartable) return;
    for (let time = 0; time < RESTARTS; time += 1) {
      await delay(this.#random.between(1_000, 3_000));
      await this.#context.broker.restart();
    }
  }

  async #feed(more: () => boolean): Promise<void> {
    const producer = this.#kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const next = Array.from({ length: PARTITIONS }, () => 0);
    for (let number = 0; more() && !this.#signal.aborted; number += 1) {
      const partition = number % PARTITIONS;
      const values = ['a', 'b', 'c', 'd', 'e'];
      await producer.send({
        topic: this.#topic,
        messages: values.map((value) => ({ partition, value })),
      });
      for (const _ of values) this.#sent.push(`${partition}:${next[partition]!++}`);
      await delay(20);
    }
    await producer.disconnect();
  }

  #stories(): Map<string, Story> {
    const stories = new Map<string, Story>(
      this.#sent.map((name) => [name, { accepting: 0, accepted: [], given: [] }]),
    );
    for (const { stdout } of this.#all) {
      for (const line of stdout.split('\n').slice(0, -1)) {
        const [time, what, ...names] = line.split(' ');
        for (const name of names) {
          const story = stories.get(name);
          if (what === 'accepting') story!.accepting += 1;
          else if (what === 'given' || what === 'accepted') story?.[what].push(Number(time));
        }
      }
    }
    return stories;
  }

  /** Every record was accepted, as far as is known, and for some time nothing has been given. */
  async #settled(): Promise<void> {
    for (let before = ''; !this.#signal.aborted; ) {
      await delay(1_500);
      const stories = [...this.#stories().values()];
      const now = stories.map(({ given }) => given.length).join();
      if (stories.every(({ accepting }) => accepting > 0) && now === before) return;
      before = now;
    }
  }

  #check(): void {
    const anomalies: string[] = [];
    for (const [name, { accepting, accepted, given }] of this.#stories()) {
      if (accepting === 0) anomalies.push(`${name} was given to nobody who accepted it`);
      if (accepted.length > 1) anomalies.push(`${name} was accepted ${accepted.length} times`);
      const late = given.filter((time) => time > accepted[0]!);
      if (late.length > 0) anomalies.push(`${name} was given again after it was accepted`);
    }
    if (anomalies.length > 0) throw new Error(anomalies.slice(0, 20).join('\n'));
  }
}
