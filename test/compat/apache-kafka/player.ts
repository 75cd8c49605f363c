/**
 * Plays one script to one broker: sends its requests by Kedge's own codec and keeps what came back.
 * A request names only the fields that matter; the rest has its defaults. The surprise: setting up
 * a topic waits until the broker knows it, since Kafka answers CreateTopics a moment before that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Reader } from '../../../src/bytes/reader.ts';
import { createTopics } from '../../../src/protocol/apis/create-topics.ts';
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { decodeResponseHeader } from '../../../src/protocol/header.ts';
import {
  type Api,
  decodeResponse,
  defaultsOf,
  type Field,
  type Fields,
  type Infer,
} from '../../../src/protocol/schema.ts';
import { frameOf, Wire } from '../../kafka/wire.ts';
import { Normaliser, type Step } from './transcript.ts';

/** A script: its name, and what is sent, in order. It must send the same whatever is answered. */
export interface Script {
  readonly name: string;
  play(on: Player): Promise<void>;
  /** Nothing else may go on in the meantime. */
  readonly alone?: boolean;
}

/** The scripts of one subject; their names begin with it. */
export function scripts(
  subject: string,
  all: Readonly<Record<string, (on: Player) => Promise<void>>>,
): Script[] {
  return Object.entries(all).map(([name, play]) => ({ name: `${subject}-${name}`, play }));
}

/**
 * Scripts that Kafka answers by chance while others go on: it verifies the partitions of many
 * transactions with one request, and words a refusal as the first of them would have it.
 */
export function alone(all: readonly Script[]): Script[] {
  return all.map((one) => ({ ...one, alone: true }));
}

/** A value of which fields may be left out, at every depth. */
export type Sparse<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Sparse<E>[]
    : T extends object
      ? { readonly [K in keyof T]?: Sparse<T[K]> }
      : T;

export interface Topic {
  readonly name: string;
  readonly topicId: string;
}

export interface Address {
  readonly host: string;
  readonly kafkaPort: number;
}

/** How long one answer may take, and how long a broker may take to know what it was told. */
const PATIENCE_MS = 15_000;

export class Player {
  readonly steps: Step[];
  readonly #address: Address;
  readonly #prefix: string;
  readonly #normaliser: Normaliser;
  readonly #opened: Wire[];
  readonly #from: string | undefined;
  #wire: Wire | null = null;
  #correlationId = 0;

  /** `prefix` begins every name the script uses, so that it meets no other script. */
  constructor(address: Address, prefix: string, shared?: Player, from?: string) {
    this.#address = address;
    this.#prefix = prefix;
    this.#from = from;
    this.steps = shared ? shared.steps : [];
    this.#normaliser = shared ? shared.#normaliser : new Normaliser(prefix);
    this.#opened = shared ? shared.#opened : [];
  }

  /**
   * The same script over a connection of its own, for what goes on at the same time; `from` another
   * address of this machine, for who is told apart by that.
   */
  another(from?: string): Player {
    return new Player(this.#address, this.#prefix, this, from);
  }

  /** A name of a topic, group or transactional id that is this script's alone. */
  name(label: string): string {
    return `${this.#prefix}-${label}`;
  }

  /** Asks, and keeps the answer. Throws when the broker closes the connection instead. */
  async ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Sparse<Infer<Q>>,
  ): Promise<Infer<R>> {
    const step = this.#begin(`${api.name} v${version}`);
    const answer = await this.#exchange(api, version, request).catch((error: unknown) => {
      step.answer = error instanceof Error ? error.message : String(error);
      throw error;
    });
    step.answer = this.#normaliser.of(answer, api.name);
    return answer;
  }

  /** Asks what is to be refused by closing the connection, and keeps whether it was. */
  async refused<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Sparse<Infer<Q>>,
  ): Promise<void> {
    await this.ask(api, version, request).catch(() => {});
    this.#wire?.close();
    this.#wire = null;
  }

  /** Sends what has no answer. */
  async tell<Q extends Fields>(
    api: Api<Q>,
    version: number,
    request: Sparse<Infer<Q>>,
  ): Promise<void> {
    (await this.#connected()).write(this.#frame(api, version, request));
  }

  /** Sends these bytes as they are, and keeps the first bytes of the frame that comes back. */
  async raw(label: string, bytes: Uint8Array, first?: number): Promise<Uint8Array | null> {
    const step = this.#begin(label);
    const wire = await this.#connected();
    wire.write(bytes);
    const frame = await patiently(wire.take()).catch(() => null);
    if (frame === null) this.#wire = null;
    const hex = Buffer.from(frame?.subarray(0, first) ?? []).toString('hex');
    step.answer = frame === null ? 'the connection was closed' : hex;
    return frame;
  }

  /** Asks again until the answer will do; keeps the last one. */
  async until<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Sparse<Infer<Q>>,
    done: (answer: Infer<R>) => boolean,
  ): Promise<Infer<R>> {
    const step = this.#begin(`${api.name} v${version}`);
    const answer = await this.quietlyUntil(api, version, request, done);
    step.answer = this.#normaliser.of(answer, api.name);
    return answer;
  }

  /** Asks without keeping the answer. */
  async quietly<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Sparse<Infer<Q>>,
  ): Promise<Infer<R>> {
    return this.#exchange(api, version, request);
  }

  /** Asks again until the answer will do or time is up, and keeps nothing. */
  async quietlyUntil<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Sparse<Infer<Q>>,
    done: (answer: Infer<R>) => boolean,
    patienceMs = PATIENCE_MS,
  ): Promise<Infer<R>> {
    const limit = Date.now() + patienceMs;
    for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
      const answer = await this.#exchange(api, version, request);
      if (done(answer) || Date.now() > limit) return answer;
      await delay(pause);
    }
  }

  /** Keeps what the script found out in another way. */
  note(label: string, value: unknown): void {
    this.#begin(label).answer = this.#normaliser.of(value);
  }

  /** Gives a producer id the script made up a name, whatever comes first in the answers. */
  producer(producerId: number): void {
    this.#normaliser.name('producer id', producerId, `producer ${producerId}`);
  }

  /** A new topic that the broker knows, made without keeping the answers. */
  async topic(
    label = 'topic',
    configs: Readonly<Record<string, string>> = {},
    numPartitions = 1,
  ): Promise<Topic> {
    const name = this.name(label);
    const given = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    const topics = [{ name, numPartitions, replicationFactor: 1, configs: given }];
    const made = await this.quietly(createTopics, 7, { topics });
    const { errorCode, errorMessage, topicId } = made.topics[0];
    if (errorCode !== 0) throw new Error(`no topic ${name}: ${errorCode} ${errorMessage}`);
    this.#normaliser.name('topic id', topicId, `the id of ${label}`);
    await this.known(name, numPartitions);
    return { name, topicId };
  }

  /** Waits until the broker knows the topic and hosts so many partitions of it. */
  async known(name: string, partitions: number): Promise<void> {
    const indexes = Array.from({ length: partitions }, (_, partitionIndex) => partitionIndex);
    const wanted = indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -2 }));
    const request = { replicaId: -1, topics: [{ name, partitions: wanted }] };
    await this.quietlyUntil(listOffsets, 5, request, ({ topics: [topic] }) =>
      topic.partitions.every(({ errorCode }) => errorCode === 0),
    );
  }

  close(): void {
    for (const wire of this.#opened) wire.close();
  }

  #begin(label: string): Step {
    const step: Step = { label, answer: 'no answer' };
    this.steps.push(step);
    return step;
  }

  async #connected(): Promise<Wire> {
    if (this.#wire?.isClosed) this.#wire = null;
    if (this.#wire === null) {
      this.#wire = await Wire.open(this.#address, this.#from);
      this.#opened.push(this.#wire);
    }
    return this.#wire;
  }

  #frame<Q extends Fields>(api: Api<Q>, version: number, request: Sparse<Infer<Q>>): Uint8Array {
    const whole = completed(api.request.fields, request) as Infer<Q>;
    this.#correlationId += 1;
    return frameOf(api, version, whole, this.#correlationId);
  }

  async #exchange<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Sparse<Infer<Q>>,
  ): Promise<Infer<R>> {
    const wire = await this.#connected();
    wire.write(this.#frame(api, version, request));
    const reader = new Reader(await patiently(wire.take()));
    if (decodeResponseHeader(api, version, reader) !== this.#correlationId) {
      throw new Error('responses are out of order');
    }
    const answer = decodeResponse(api, version, reader);
    if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes after the answer`);
    return answer;
  }
}

async function patiently<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = delay(PATIENCE_MS, null, { signal: late.signal, ref: false }).then(() => {
    throw new Error('no answer in time');
  });
  timeout.catch(() => {});
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    late.abort();
  }
}

/** The value with every field it leaves out at its default. */
function completed(fields: Fields, sparse: unknown): unknown {
  const given = sparse as Readonly<Record<string, unknown>>;
  const whole: Record<string, unknown> = { ...defaultsOf(fields) };
  for (const [name, value] of Object.entries(given))
    whole[name] = completedField(fields[name], value);
  return whole;
}

function completedField({ spec }: Field<unknown>, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (spec.kind === 'struct') return completed(spec.fields!, value);
  if (spec.kind !== 'array') return value;
  return (value as readonly unknown[]).map((one) => completedField(spec.element!, one));
}
