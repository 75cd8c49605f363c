/**
 * WordCount as its user sees it: topics with lines and with counts, and instances that are started,
 * killed and started again. What was sent is known, so it is known what every count must be.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs';
import { cacheOf } from '../install.ts';
import { jarsOf, jvm } from '../maven.ts';
import { Running } from '../processes.ts';
import type { SuiteContext } from '../suite.ts';
import { unique } from '../words.ts';

const NAME = 'kafka-streams';
const vocabulary = 'all streams lead to kafka and every word counts once'.split(' ');
const partitions = [0, 1, 2];
const END = 'the end';
/** The kind of resource a topic is, where configs are asked for. */
const TOPIC = 2;
/** Where a config comes from that was set for one topic. */
const OWN = 1;
/** Of one case. */
export const LIMIT_MS = 120_000;
const patient = { initialRetryTime: 20, maxRetryTime: 200, retries: 500 };

export const classes = join(cacheOf(NAME), 'classes');

/** How often each word was seen. */
export type Counts = Record<string, number>;

interface Settings {
  readonly guarantee: 'exactly_once_v2' | 'at_least_once';
  readonly store: 'rocksdb' | 'memory' | 'windowed';
}

/** One process of the application, with its state in a folder of its own. */
export class Instance {
  readonly #args: readonly string[];
  readonly #directory: string;
  #process: Running | null = null;

  constructor(args: readonly string[], directory: string) {
    this.#args = args;
    this.#directory = directory;
  }

  /** Starts it; it runs once it has been given its partitions and has restored their state. */
  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true });
    const [bootstrap, application, input, output, guarantee, store] = this.#args;
    const args = [bootstrap, application, input, output, this.#directory, guarantee, store];
    const start = [...jvm, `-Djava.io.tmpdir=${this.#directory}`];
    const path = `${classes}:${jarsOf(NAME)}`;
    const words = ['-cp', path, 'WordCount', ...args.map((one) => one!)];
    this.#process = new Running('java', [...start, ...words]);
    await this.running();
  }

  async running(): Promise<void> {
    await this.#living.until(({ stdout }) => stateOf(stdout) === 'RUNNING', 'running', 60_000);
  }

  /** As a power cut does it, and the disk is gone as well. */
  async killAndWipe(): Promise<void> {
    await this.#process?.stop('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** As its user stops it: it commits, leaves its group and ends with 0. */
  async stop(): Promise<void> {
    this.#living.closeInput();
    await this.#living.finished(30_000);
  }

  /** How many records it has read from changelogs since it was last started. */
  get restored(): number {
    const told = [...this.#living.stdout.matchAll(/^restored (\d+) records/gm)];
    return told.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** What is in its store. */
  async counts(): Promise<Counts> {
    const before = this.#living.stdout.length;
    this.#living.write('counts\n');
    const answer = ({ stdout }: Running) => /^counts (.*)\n/m.exec(stdout.slice(before))?.[1];
    await this.#living.until((one) => answer(one) !== undefined, 'its counts');
    return JSON.parse(answer(this.#living)!) as Counts;
  }

  /** The end of what it has said, for the failure message. */
  get words(): string {
    return `${this.#process?.stdout.slice(-500)}\n${this.#process?.stderr.slice(-1500)}`;
  }

  get #living(): Running {
    if (this.#process === null) throw new Error('it was never started');
    return this.#process;
  }
}

function stateOf(stdout: string): string | undefined {
  return [...stdout.matchAll(/^state (\w+)$/gm)].at(-1)?.[1];
}

export class Application {
  readonly id = unique('wordcount');
  readonly input = unique('lines');
  readonly output = unique('counts');
  readonly admin: Admin;
  readonly sent: Counts = {};
  readonly #kafka: Kafka;
  readonly #context: SuiteContext;
  readonly #settings: Settings;
  readonly #signal: AbortSignal;
  readonly #folder: string;
  readonly #instances: Instance[] = [];

  private constructor(
    context: SuiteContext,
    settings: Settings,
    signal: AbortSignal,
    folder: string,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#signal = signal;
    this.#folder = folder;
    const brokers = [context.broker.bootstrap];
    this.#kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: patient });
    this.admin = this.#kafka.admin();
  }

  /** Runs `body` with the topics made and nothing started; ends everything after it. */
  static async with(
    context: SuiteContext,
    signal: AbortSignal,
    settings: Settings,
    body: (application: Application) => Promise<void>,
  ): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'kedge-streams-'));
    const application = new Application(context, settings, signal, folder);
    const said = () => application.#instances.map((one) => one.words).join('\n');
    try {
      await Promise.race([application.#run(body), tooLate(signal)]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}\n${said()}`);
    } finally {
      await Promise.all(application.#instances.map((one) => one.killAndWipe()));
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #run(body: (application: Application) => Promise<void>): Promise<void> {
    await this.admin.connect();
    try {
      const numPartitions = partitions.length;
      const topics = [this.input, this.output].map((topic) => ({ topic, numPartitions }));
      await this.admin.createTopics({ topics });
      await body(this);
    } finally {
      await this.admin.disconnect();
    }
  }

  /** An instance that has not been started. */
  instance(): Instance {
    const { guarantee, store } = this.#settings;
    const { bootstrap } = this.#context.broker;
    const args = [bootstrap, this.id, this.input, this.output, guarantee, store];
    const directory = join(this.#folder, randomUUID());
    const instance = new Instance(args, directory);
    this.#instances.push(instance);
    return instance;
  }

  /** Sends lines of five words, fifty a second, for as long as it is told to. */
  async feed(more: (lines: number) => boolean): Promise<void> {
    const producer = await this.#producer();
    for (let line = 0; more(line) && !this.#signal.aborted; line += 1) {
      const words = Array.from({ length: 5 }, (_, at) => {
        return vocabulary[(line * 7 + at * (line % 3)) % vocabulary.length]!;
      });
      const partition = line % partitions.length;
      await producer.send({ topic: this.input, messages: [{ partition, value: words.join(' ') }] });
      for (const word of words) this.sent[word] = (this.sent[word] ?? 0) + 1;
      await delay(20);
    }
    await producer.disconnect();
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

  /** Waits until the instances' stores, taken together, have seen every word that was sent. */
  async caughtUp(instances: readonly Instance[]): Promise<Counts> {
    for (;;) {
      const counts: Counts = {};
      for (const instance of instances) {
        for (const [word, count] of Object.entries(await instance.counts())) {
          if (word in counts) throw new Error(`two instances count the word ${word}`);
          counts[word] = count;
        }
      }
      const behind = Object.keys(this.sent).some((word) => (counts[word] ?? 0) < this.sent[word]!);
      if (!behind || this.#signal.aborted) return counts;
      await delay(100);
    }
  }

  /** Waits until every partition has state that is committed, for somebody to lose. */
  async committed(): Promise<void> {
    const what = { groupId: this.id, topics: [`${this.id}-words-repartition`] };
    for (let done = false; !done; await delay(100, null, { signal: this.#signal })) {
      const [offsets] = await this.admin.fetchOffsets(what);
      done = offsets!.partitions.every(({ offset }) => Number(offset) > 0);
    }
  }

  /** The committed counts of each word, in the order they were written; nothing may run now. */
  async written(): Promise<Record<string, number[]>> {
    const producer = await this.#producer();
    const messages = partitions.map((partition) => ({ partition, value: END }));
    await producer.send({ topic: this.output, messages });
    await producer.disconnect();
    const consumer = this.#kafka.consumer({ groupId: unique('auditor'), maxWaitTimeInMs: 100 });
    const { promise: complete, resolve, reject } = Promise.withResolvers<void>();
    const all: Record<string, number[]> = {};
    let open = partitions.length;
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topic: this.output, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const [word, value] = [`${message.key}`, `${message.value}`];
        if (value !== END) all[word] = [...(all[word] ?? []), Number(value)];
        else if (--open === 0) resolve();
      },
    });
    await complete;
    await consumer.disconnect();
    return all;
  }

  /** The configs the topic was created with. */
  async configsOf(topic: string): Promise<Record<string, string>> {
    const { resources } = await this.admin.describeConfigs({
      resources: [{ type: TOPIC, name: topic }],
      includeSynonyms: false,
    });
    const own = resources[0]!.configEntries.filter(({ configSource }) => configSource === OWN);
    return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
  }

  /** The topics the application has made for itself, without its name. */
  async internalTopics(): Promise<string[]> {
    const topics = await this.admin.listTopics();
    const mine = topics.filter((topic) => topic.startsWith(`${this.id}-`));
    return mine.map((topic) => topic.slice(this.id.length + 1)).sort();
  }
}

/** Fails before the limit of the case does, which could not say what was going on. */
async function tooLate(signal: AbortSignal): Promise<never> {
  await delay(LIMIT_MS - 5_000, null, { signal });
  throw new Error('it takes too long');
}
