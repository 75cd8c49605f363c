/**
 * A channel to a whole cluster: each request goes to the broker that answers it. The surprise: who
 * that is, is learned of the cluster when it is first asked and forgotten when a broker says that
 * it is another; whoever asked then asks again, as after any other error that passes.
 */
import { DecodeError } from '../../bytes/reader.ts';
import { ZERO_UUID } from '../../bytes/uuid.ts';
import { concat } from '../../bytes/writer.ts';
import { type Channel, disconnected } from '../../client/channel.ts';
import { persistently } from '../../client/waiting.ts';
import { apiVersions } from '../../protocol/apis/api-versions.ts';
import { findCoordinator } from '../../protocol/apis/find-coordinator.ts';
import { type MetadataResponse, metadata } from '../../protocol/apis/metadata.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { encodeResponseFrame, openRequest } from '../../protocol/header.ts';
import type { Api } from '../../protocol/schema.ts';
import { addressText } from '../../runtime/listeners.ts';
import { Refused } from '../usage.ts';
import type { Line } from './line.ts';
import {
  type CoordinatorKind,
  coordinatorOf,
  isByLeader,
  joined,
  joinedByTopic,
  type LeaderFields,
  type Message,
  type Route,
  routeOf,
  splitByLeader,
} from './routes.ts';

const lengthBytes = 4;
const askedVersion = 3;
/** For how long a coordinator may be on its way, as where a cluster makes its first group. */
const coordinatorMs = 15_000;
/** For records, where several brokers are asked at once. */
const longestWaitMs = 100;

/** Who was asked is not the one to ask. */
const elsewhere: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_TOPIC_ID,
]);

/** Nothing was done: who coordinates is not there yet, or not the one who was asked. */
const uncoordinated: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
]);

interface Request {
  readonly api: Api;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly body: Message;
  readonly isAnswered: boolean;
}

export type Dial = (address: string) => Promise<Line>;

/** A channel to the cluster that these brokers belong to; the first that answers is asked. */
export async function openCluster(bootstrap: readonly string[], dial: Dial): Promise<Channel> {
  return firstOf(bootstrap, async (address) => {
    const line = await dial(address);
    const [versions, view] = await firstLook(line);
    return new Router(line, { bootstrap, dial, versions, view });
  });
}

async function firstLook(line: Line): Promise<readonly [Versions, MetadataResponse]> {
  try {
    const versions = await versionsOf(line);
    return [versions, await line.ask(metadata, versions.of(metadata), { topics: [] })];
  } catch (error) {
    const { isOpen, address } = line;
    line.close();
    if (error instanceof DecodeError) {
      throw new Refused(`${address} does not speak as Kafka does (${error.message}).`);
    }
    if (isOpen) throw error;
    throw new Refused(
      `${(error as Error).message}: it may want to know who asks (--token, --username), or ` +
        "--tls, or is not Kafka's port.",
    );
  }
}

async function firstOf<T>(addresses: readonly string[], open: (one: string) => Promise<T>) {
  let why: unknown;
  for (const address of addresses) {
    try {
      return await open(address);
    } catch (error) {
      why = error;
    }
  }
  throw why ?? disconnected();
}

interface Versions {
  /** The newest one of an API that both know. */
  of(api: Api): number;
}

async function versionsOf(line: Line): Promise<Versions> {
  const asked = { clientSoftwareName: 'kedge-cli', clientSoftwareVersion: '0.1.0' };
  const { errorCode, apiKeys } = await line.ask(apiVersions, askedVersion, asked);
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
  return {
    of({ key, name, versions: [min, max] }) {
      const range = apiKeys.find(({ apiKey }) => apiKey === key);
      const version = Math.min(max, range?.maxVersion ?? -1);
      if (version >= Math.max(min, range?.minVersion ?? 0)) return version;
      throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `This cluster does not speak ${name}.`);
    },
  };
}

interface Known {
  readonly bootstrap: readonly string[];
  readonly dial: Dial;
  readonly versions: Versions;
  readonly view: MetadataResponse;
}

class Router implements Channel {
  readonly #known: Known;
  /** Where what anybody answers goes; another one when it breaks. */
  #any: Promise<Line>;
  readonly #addresses = new Map<number, string>();
  readonly #lines = new Map<number, Promise<Line>>();
  /** By name and by id: who leads each partition. */
  readonly #leaders = new Map<string, ReadonlyMap<number, number>>();
  readonly #coordinators = new Map<string, number>();
  /** One broker answers everything, and where it was found is where it can be reached. */
  readonly #isAlone: boolean;
  #isOpen = true;

  constructor(line: Line, known: Known) {
    this.#isAlone = known.view.brokers.length < 2;
    this.#known = known;
    this.#any = Promise.resolve(line);
    this.#learnBrokers(known.view);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async request(chunks: readonly Uint8Array[], isAnswered: boolean): Promise<Uint8Array | null> {
    if (!this.#isOpen) throw disconnected();
    const frame = concat(chunks);
    const { header, body } = openRequest(frame);
    const { api, apiVersion: version, correlationId, clientId } = header;
    const pass = async () => (await this.#anyLine()).request([frame], isAnswered);
    if (api === undefined || (this.#isAlone && isByLeader(api.key))) return pass();
    const decoded = api.request.decode(version, body);
    const request = { api, version, correlationId, clientId, body: decoded, isAnswered };
    const route = routeOf(api.key, decoded);
    if (route === undefined || (this.#isAlone && route.to !== 'coordinator')) return pass();
    try {
      const answer = await this.#follow(route, request);
      if (!isAnswered) return null;
      this.#heed(answer);
      return bytesOf(api, version, correlationId, answer);
    } catch (error) {
      if (error instanceof KafkaError) this.#forget();
      throw error;
    }
  }

  close(): void {
    this.#isOpen = false;
    for (const line of [this.#any, ...this.#lines.values()]) {
      line.then((one) => one.close()).catch(() => {});
    }
  }

  async #follow(route: Route, request: Request): Promise<Message> {
    switch (route.to) {
      case 'broker':
        return this.#ask(route.nodeId, request);
      case 'coordinator':
        return this.#askCoordinator(route.kind, route.key, request);
      case 'all': {
        const nodes = [...this.#addresses.keys()];
        const answers = await Promise.all(nodes.map((nodeId) => this.#ask(nodeId, request)));
        return joined(answers, route.list);
      }
      case 'leaders':
        return this.#askLeaders(route.fields, request);
    }
  }

  /** Asks again where nobody coordinates yet, as where a cluster makes its first group. */
  async #askCoordinator(kind: CoordinatorKind, key: string, request: Request): Promise<Message> {
    let answer: Message;
    const ask = async () => {
      answer = await this.#ask(await this.#coordinator(kind, key), request);
      const code = errorsIn(answer).find((one) => uncoordinated.has(one));
      if (code === undefined) return;
      this.#coordinators.clear();
      throw new KafkaError(code);
    };
    await persistently(ask, { timeoutMs: coordinatorMs }).catch((error) => {
      // The caller knows best what to make of such an answer.
      if (answer === undefined) throw error;
    });
    return answer;
  }

  async #askLeaders(fields: LeaderFields, request: Request): Promise<Message> {
    const topics: Message[] = request.body[fields.topics];
    await this.#learnTopics(topics);
    const [anybody] = this.#addresses.keys();
    const parts = splitByLeader(request.body, fields, ({ name, topicId }, partition) => {
      const leader = this.#leaders.get(keyOf(name, topicId))?.get(partition) ?? -1;
      return this.#addresses.has(leader) ? leader : anybody;
    });
    // Nobody leads what is not asked about; the answer has its form from whoever gives it.
    if (parts.size === 0) parts.set(anybody, request.body);
    // An answer with records is not to wait long for one without.
    const hurry =
      parts.size > 1 && 'maxWaitMs' in request.body
        ? { maxWaitMs: Math.min(request.body.maxWaitMs, longestWaitMs) }
        : {};
    const answers = await Promise.all(
      [...parts].map(([nodeId, body]) =>
        this.#ask(nodeId, { ...request, body: { ...body, ...hurry } }),
      ),
    );
    return request.isAnswered ? joinedByTopic(answers, fields) : undefined;
  }

  async #ask(nodeId: number, request: Request): Promise<Message> {
    const { api, version, body, isAnswered } = request;
    const line = await this.#lineTo(nodeId);
    return line.exchange(api, version, request, body, isAnswered);
  }

  async #coordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const known = this.#coordinators.get(`${kind} ${key}`);
    if (known !== undefined) return known;
    const version = this.#known.versions.of(findCoordinator);
    const keyType = coordinatorOf[kind];
    const found = await persistently(
      async () => {
        const line = await this.#anyLine();
        const asked = { key, keyType, coordinatorKeys: [key] };
        const answer = await line.ask(findCoordinator, version, forVersion(asked, version));
        const { errorCode, nodeId, host, port } = answer.coordinators[0] ?? answer;
        if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
        if (!this.#isAlone) this.#addresses.set(nodeId, addressText({ host, port }));
        return nodeId;
      },
      { timeoutMs: coordinatorMs },
    );
    this.#coordinators.set(`${kind} ${key}`, found);
    return found;
  }

  /** Asks who leads what of these topics is not known. */
  async #learnTopics(topics: readonly Message[]): Promise<void> {
    const unknown = topics
      .map((topic) => ({ name: topic.name ?? topic.topic ?? null, topicId: topic.topicId }))
      .filter(({ name, topicId }) => !this.#leaders.has(keyOf(name, topicId)));
    if (unknown.length === 0) return;
    const asked = unknown.map(({ name, topicId }) => (name ? { name } : { name: null, topicId }));
    const line = await this.#anyLine();
    const version = this.#known.versions.of(metadata);
    const zero = { topicId: ZERO_UUID };
    const view = await line.ask(metadata, version, {
      topics: asked.map((one) => ({ ...zero, ...one })),
      allowAutoTopicCreation: false,
    });
    this.#learnBrokers(view);
    for (const { name, topicId, partitions, errorCode } of view.topics) {
      if (errorCode !== ErrorCode.NONE) continue;
      const leaders = new Map(
        partitions.map(({ partitionIndex, leaderId }) => [partitionIndex, leaderId]),
      );
      if (name !== null) this.#leaders.set(name, leaders);
      this.#leaders.set(topicId, leaders);
    }
  }

  #learnBrokers({ brokers }: MetadataResponse): void {
    const before = new Map(this.#addresses);
    this.#addresses.clear();
    for (const { nodeId, host, port } of brokers) {
      const address = addressText({ host, port });
      this.#addresses.set(nodeId, address);
      if (before.get(nodeId) !== address) this.#lines.delete(nodeId);
    }
  }

  /** An answer that says that another is to be asked. */
  #heed(answer: Message): void {
    if (errorsIn(answer).some((code) => elsewhere.has(code))) this.#forget();
  }

  #forget(): void {
    this.#leaders.clear();
    this.#coordinators.clear();
  }

  async #anyLine(): Promise<Line> {
    const line = await this.#any.catch(() => undefined);
    if (line?.isOpen) return line;
    const { bootstrap, dial } = this.#known;
    const others = this.#isAlone ? [] : this.#addresses.values();
    this.#any = firstOf([...others, ...bootstrap], dial);
    return this.#any;
  }

  async #lineTo(nodeId: number): Promise<Line> {
    if (this.#isAlone) return this.#anyLine();
    const known = await this.#lines.get(nodeId)?.catch(() => undefined);
    if (known?.isOpen) return known;
    const address = this.#addresses.get(nodeId);
    if (address === undefined) {
      throw new KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, `There is no broker ${nodeId}.`);
    }
    const line = this.#known.dial(address);
    this.#lines.set(nodeId, line);
    return line;
  }
}

function keyOf(name: string | null | undefined, topicId: string | undefined): string {
  return name || topicId || '';
}

/** Before version 4 one key is asked for, after it a list. */
function forVersion(
  { key, keyType, coordinatorKeys }: { key: string; keyType: number; coordinatorKeys: string[] },
  version: number,
) {
  return version < 4 ? { key, keyType } : { keyType, coordinatorKeys };
}

function bytesOf(api: Api, version: number, correlationId: number, answer: Message): Uint8Array {
  return concat(encodeResponseFrame(api, version, correlationId, answer)).subarray(lengthBytes);
}

/** Every `errorCode` in it, however deep. */
function errorsIn(value: unknown): number[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'errorCode' ? [inner as number] : errorsIn(inner),
  );
}
