/**
 * A cluster of Connect workers as its operator sees it: processes that are started and killed,
 * files that are read and written, and the REST interface, asked again while workers rebalance.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { freePort } from '../broker.ts';
import { jarsOf, jvm } from '../maven.ts';
import { Running } from '../processes.ts';
import type { SuiteContext } from '../suite.ts';
import { unique } from '../words.ts';

export const NAME = 'kafka-connect';
/** Of one case. */
export const LIMIT_MS = 120_000;
const patient = { initialRetryTime: 20, maxRetryTime: 200, retries: 500 };
/** Answers that say: not now. A worker that rebalances, starts or cannot reach its leader. */
const later = [404, 409, 500, 503];

export type Config = Readonly<Record<string, string>>;

export interface ConnectorStatus {
  readonly connector: { readonly state: string; readonly worker_id: string };
  readonly tasks: readonly { readonly state: string; readonly worker_id: string }[];
}

/** One worker. It is known by its address, which it keeps when it is started again. */
export class Worker {
  readonly id: string;
  readonly #url: string;
  readonly #folder: string;
  readonly #properties: string;
  readonly #signal: AbortSignal;
  /** Told what the worker was asked and what it said. */
  readonly #heard: (what: string) => void;
  #process: Running | null = null;

  constructor(
    port: number,
    settings: Config,
    folder: string,
    signal: AbortSignal,
    heard: (what: string) => void,
  ) {
    this.#heard = heard;
    this.id = `127.0.0.1:${port}`;
    this.#url = `http://${this.id}`;
    this.#folder = folder;
    this.#properties = join(folder, `worker-${port}.properties`);
    this.#signal = signal;
    const lines = Object.entries({ ...settings, listeners: this.#url }).map((one) => one.join('='));
    writeFileSync(this.#properties, `${lines.join('\n')}\n`);
  }

  /** Starts it; it is up once it has read the cluster's configs and joined its group. */
  async start(): Promise<void> {
    const start = [...jvm, `-Djava.io.tmpdir=${this.#folder}`, '-cp', jarsOf(NAME)];
    const main = 'org.apache.kafka.connect.cli.ConnectDistributed';
    this.#process = new Running('java', [...start, main, this.#properties]);
    await this.ask('GET', '/health');
  }

  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }

  /** As its operator stops it; one that hangs in its own shutdown (FINDINGS.md) is killed. */
  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM');
  }

  /** Asks until it is answered; a refusal that will not go away fails. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    for (;;) {
      if (this.#process?.exitCode !== null) throw new Error('the worker ended');
      const { status, text } = await this.#once(method, path, body);
      this.#heard(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
      if (status >= 200 && status < 300) return (text === '' ? null : JSON.parse(text)) as T;
      if (!later.includes(status)) throw new Error(`${method} ${path}: ${status} ${text}`);
      await delay(100, null, { signal: this.#signal });
    }
  }

  async #once(method: string, path: string, body: unknown) {
    const headers = { 'Content-Type': 'application/json' };
    const json = body === undefined ? undefined : JSON.stringify(body);
    try {
      const answer = await fetch(`${this.#url}${path}`, { method, headers, body: json });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return { status: 503, text: 'it does not listen' };
    }
  }

  create(name: string, config: Config): Promise<unknown> {
    return this.ask('PUT', `/connectors/${name}/config`, config);
  }

  async status(connector: string): Promise<ConnectorStatus> {
    return this.ask('GET', `/connectors/${connector}/status`);
  }

  /** Waits until the connector and its one task run. */
  async running(connector: string): Promise<ConnectorStatus> {
    const states = ({ connector: { state }, tasks }: ConnectorStatus) =>
      [state, ...tasks.map((task) => task.state)].join();
    return this.#until(
      () => this.status(connector),
      (one) => states(one) === 'RUNNING,RUNNING',
    );
  }

  /** Waits until the connector has committed all its offsets, by what it says of the last one. */
  async committed(connector: string, key: string, last: number): Promise<void> {
    type Offsets = { offsets: { offset: Record<string, number> }[] };
    await this.#until(
      () => this.ask<Offsets>('GET', `/connectors/${connector}/offsets`),
      ({ offsets }) => offsets.length === 1 && offsets[0]!.offset[key] === last,
    );
  }

  async #until<T>(look: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
    for (;;) {
      const seen = await look();
      if (done(seen)) return seen;
      await delay(100, null, { signal: this.#signal });
    }
  }

  /** The end of what it has complained of, for the failure message. */
  get words(): string {
    return `${this.#process?.stderr.slice(-2500)}`;
  }
}

export class ConnectCluster {
  readonly id = unique('connect');
  /** The names of the connectors: their consumer groups are called after them. */
  readonly source = `${this.id}-source`;
  readonly sink = `${this.id}-sink`;
  /** Where the source puts what it reads and the sink finds what it writes. */
  readonly topic = `${this.id}-lines`;
  readonly admin: Admin;
  readonly #kafka: Kafka;
  readonly #context: SuiteContext;
  readonly #signal: AbortSignal;
  readonly #folder: string;
  readonly #workers: Worker[] = [];
  /** The last that was waited for or heard. */
  #last = 'nothing yet';

  private constructor(context: SuiteContext, signal: AbortSignal, folder: string) {
    this.#context = context;
    this.#signal = signal;
    this.#folder = folder;
    const brokers = [context.broker.bootstrap];
    this.#kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: patient });
    this.admin = this.#kafka.admin();
  }

  /** Runs `body` with nothing started; ends everything after it. */
  static async with(
    context: SuiteContext,
    signal: AbortSignal,
    body: (cluster: ConnectCluster) => Promise<void>,
  ): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'kedge-connect-'));
    const cluster = new ConnectCluster(context, signal, folder);
    try {
      await cluster.admin.connect();
      await Promise.race([body(cluster), tooLate(signal)]);
    } catch (error) {
      const message = error instanceof Error ? error.stack : String(error);
      const words = cluster.#workers.map((one) => one.words);
      throw new Error([message, `At last: ${cluster.#last}`, ...words].join('\n'));
    } finally {
      await Promise.all(cluster.#workers.map((one) => one.kill()));
      await cluster.admin.disconnect();
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** A worker that has not been started. */
  async worker(settings: Config = {}): Promise<Worker> {
    const internal = (['config', 'offset', 'status'] as const).flatMap((kind) => [
      [`${kind}.storage.topic`, `${this.id}-${kind}`],
      [`${kind}.storage.replication.factor`, '1'],
    ]);
    const all = {
      'bootstrap.servers': this.#context.broker.bootstrap,
      'group.id': this.id,
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'offset.flush.interval.ms': '500',
      'session.timeout.ms': '6000',
      'heartbeat.interval.ms': '500',
      'consumer.session.timeout.ms': '6000',
      'consumer.heartbeat.interval.ms': '500',
      'scheduled.rebalance.max.delay.ms': '0',
      'plugin.discovery': 'service_load',
      ...Object.fromEntries(internal),
      ...settings,
    };
    const heard = (what: string) => {
      this.#last = what;
    };
    const worker = new Worker(await freePort(), all, this.#folder, this.#signal, heard);
    this.#workers.push(worker);
    return worker;
  }

  /** Where it can be done. */
  async restartBroker(): Promise<void> {
    if (this.#context.broker.restartable) await this.#context.broker.restart();
  }

  /** From the file `in` to the topic. */
  createSource(worker: Worker, config: Config = {}): Promise<unknown> {
    return worker.create(this.source, {
      'connector.class': 'FileStreamSource',
      file: join(this.#folder, 'in'),
      topic: this.topic,
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '1',
      ...config,
    });
  }

  /** From the topic to the file `out`. */
  createSink(worker: Worker): Promise<unknown> {
    const file = join(this.#folder, 'out');
    const config = { 'connector.class': 'FileStreamSink', file, topics: this.topic };
    return worker.create(this.sink, config);
  }

  /** Adds lines to what the source reads. */
  async write(lines: readonly string[]): Promise<void> {
    await appendFile(join(this.#folder, 'in'), lines.map((line) => `${line}\n`).join(''));
  }

  /** All that the sink has written, once it ends like this. */
  async linesUpTo(end: string): Promise<string[]> {
    for (;;) {
      const text = textOf(join(this.#folder, 'out'));
      const lines = text.trimEnd().split('\n');
      if (text.endsWith(`${end}\n`)) return lines;
      this.#last = `the sink has written ${lines.length} lines, but not ${end}`;
      await delay(50, null, { signal: this.#signal });
    }
  }

  /** What is committed in the topic's one partition, up to its first record of this value. */
  async valuesUpTo(last: string): Promise<string[]> {
    const records = await this.#read(this.topic, ({ value }) => `${value}` === last);
    return records.map(({ value }) => `${value}`);
  }

  /** Waits until the workers' configs hold no more than so many records of a key. */
  async compacted(wanted: string, most: number): Promise<void> {
    const topic = `${this.id}-config`;
    for (;;) {
      const [end] = await this.admin.fetchTopicOffsets(topic);
      const last = Number(end!.high) - 1;
      const records = await this.#read(topic, ({ offset }) => Number(offset) >= last);
      const count = records.filter(({ key }) => `${key}` === wanted).length;
      if (count <= most) return;
      this.#last = `${topic} holds ${count} records of ${wanted}, of ${records.length} in all`;
      await delay(1_000, null, { signal: this.#signal });
    }
  }

  /** All records of a topic with one partition, up to the first one that is the last. */
  async #read(topic: string, isLast: (one: KafkaMessage) => boolean): Promise<KafkaMessage[]> {
    const consumer = this.#kafka.consumer({ groupId: unique('auditor'), maxWaitTimeInMs: 100 });
    const { promise: complete, resolve, reject } = Promise.withResolvers<void>();
    const all: KafkaMessage[] = [];
    this.#last = `${topic} is read from its beginning`;
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        all.push(message);
        if (isLast(message)) resolve();
      },
    });
    await complete;
    await consumer.disconnect();
    return all;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // nobody has written it yet
  }
}

/** Fails before the limit of the case does, which could not say what was going on. */
async function tooLate(signal: AbortSignal): Promise<never> {
  await delay(LIMIT_MS - 5_000, null, { signal });
  throw new Error('it takes too long');
}
