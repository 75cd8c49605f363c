/**
 * What a gateway remembers of the cluster. Names and ids that are missing are looked up at once;
 * what is there is served from memory, since a partition that was deleted refuses by itself and
 * makes the gateway look again. The surprise: the memory is shared by every connection of an
 * isolate and is plain data, but promises are not: a Worker may not await what another request
 * started, so each connection has its own `MetadataCache` over the shared `ClusterMemory`.
 */
import type { TopicView } from '../core/cluster/commands.ts';
import type { Objects } from '../runtime/stubs.ts';
import { Weather } from '../runtime/weather.ts';
import { AclMemory } from './acl-memory.ts';
import type { ControllerWatch } from './controller-watch.ts';
import { CredentialMemory } from './credentials.ts';
import { QuotaMemory } from './quotas.ts';

/** How a request names a topic: by name, or from KIP-516 on by its id. */
export type TopicKey = { readonly name: string } | { readonly topicId: string };

export interface MetadataCache {
  clusterId(): Promise<string>;
  /** As `topic` or `topicById` would answer; undefined where it would have to ask somebody. */
  inMemory(key: TopicKey): TopicView | undefined;
  /** From memory, or looked up at once; undefined when there is no such topic. */
  topic(name: string): Promise<TopicView | undefined>;
  topicById(topicId: string): Promise<TopicView | undefined>;
  /** Every topic, at most a second old. */
  topics(): Promise<readonly TopicView[]>;
  /** The named topics, at most a second old: what Metadata answers. The unknown are absent. */
  recent(names: readonly string[]): Promise<ReadonlyMap<string, TopicView>>;
  /** The same by id. */
  recentById(topicIds: readonly string[]): Promise<ReadonlyMap<string, TopicView>>;
  /** The named topics as the controller has them now; those it does not know are absent. */
  refresh(names: readonly string[]): Promise<ReadonlyMap<string, TopicView>>;
  /** Forgets one topic, after a partition or the controller refused it. */
  forget(name: string): void;
  /** The named topic (or the one of this id) where it is known to be as it was, without asking. */
  standing(key: string): TopicView | undefined;
  /** When a topic was last noticed to have come, gone or grown; groups look again then. */
  readonly changedAt: number;
  /** Remembers what a change answered (create, add partitions). */
  learn(topics: readonly TopicView[]): void;
}

/** How old an answer to "which topics are there?" may be. */
export const recentMs = 1_000;
/**
 * How old a topic may be that appends and reads rely on: bounds how late a config change arrives.
 */
export const maxAgeMs = 60_000;

interface Entry {
  readonly topic: TopicView;
  /** When the controller last confirmed it. */
  readonly at: number;
}

/** One for each isolate: what its connections have learned of the cluster. Plain data only. */
export class ClusterMemory {
  clusterId: string | undefined;
  /** When the whole list was last asked for. */
  listedAt = Number.NEGATIVE_INFINITY;
  /** When a topic was last noticed to be another than before. */
  changedAt = 0;
  /** When the controller last said that something changed: what is older may not hold. */
  announcedAt = Number.NEGATIVE_INFINITY;
  readonly acls = new AclMemory();
  readonly quotas = new QuotaMemory();
  readonly credentials = new CredentialMemory();
  readonly #byName = new Map<string, Entry>();
  readonly #nameById = new Map<string, string>();

  byName(name: string): Entry | undefined {
    return this.#byName.get(name);
  }

  byId(topicId: string): Entry | undefined {
    const name = this.#nameById.get(topicId);
    return name === undefined ? undefined : this.#byName.get(name);
  }

  all(): readonly TopicView[] {
    return [...this.#byName.values()].map(({ topic }) => topic);
  }

  /** An answer that was asked for before something newer was learned changes nothing. */
  learn(topic: TopicView, at: number): void {
    const known = this.#byName.get(topic.name);
    if (known && known.at > at) return;
    if (known) this.#nameById.delete(known.topic.topicId);
    const { topicId, partitions } = known?.topic ?? {};
    if (topicId !== topic.topicId || partitions !== topic.partitions) this.changedAt = at;
    this.#byName.set(topic.name, { topic, at });
    this.#nameById.set(topic.topicId, topic.name);
  }

  /** The controller says that a topic or something's configs have changed. */
  announce(at: number): void {
    this.announcedAt = this.changedAt = at;
    this.acls.changedAt = this.credentials.changedAt = at;
  }

  /** Forgets what was known at `at`; what was learned since stays. */
  forget(name: string, at = Number.POSITIVE_INFINITY): void {
    const known = this.#byName.get(name);
    if (!known || known.at > at) return;
    this.#byName.delete(name);
    this.#nameById.delete(known.topic.topicId);
  }

  /** The controller's whole list: what is not in it is gone. */
  replaceAll(topics: readonly TopicView[], at: number): void {
    const listed = new Set(topics.map(({ name }) => name));
    for (const name of [...this.#byName.keys()]) if (!listed.has(name)) this.forget(name, at);
    for (const topic of topics) this.learn(topic, at);
    this.listedAt = at;
  }
}

/** A connection's view (or an HTTP request's) of its isolate's memory. */
export function metadataCache(
  memory: ClusterMemory,
  objects: Objects,
  now: () => number,
  changes?: ControllerWatch,
): MetadataCache {
  return new CachedMetadata(memory, objects, now, changes);
}

class CachedMetadata implements MetadataCache {
  readonly #memory: ClusterMemory;
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #changes: ControllerWatch | undefined;
  /** Look-ups under way that this connection started itself, by what is looked up. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(
    memory: ClusterMemory,
    objects: Objects,
    now: () => number,
    changes: ControllerWatch | undefined,
  ) {
    this.#memory = memory;
    this.#objects = objects;
    this.#now = now;
    this.#changes = changes;
  }

  get changedAt(): number {
    return this.#memory.changedAt;
  }

  async clusterId(): Promise<string> {
    if (this.#memory.clusterId === undefined) await this.#lookUp([], []);
    return this.#memory.clusterId!;
  }

  inMemory(key: TopicKey): TopicView | undefined {
    const known = 'name' in key ? this.#memory.byName(key.name) : this.#memory.byId(key.topicId);
    return known && this.#isGood(known) ? known.topic : undefined;
  }

  async topic(name: string): Promise<TopicView | undefined> {
    const known = this.#memory.byName(name);
    if (known && this.#isGood(known)) return known.topic;
    const lookUp = () => this.#once(`name ${name}`, () => this.#lookUp([name], []));
    await this.#orElseStale(known !== undefined, lookUp);
    return this.#memory.byName(name)?.topic;
  }

  async topicById(topicId: string): Promise<TopicView | undefined> {
    const known = this.#memory.byId(topicId);
    if (known && this.#isGood(known)) return known.topic;
    const lookUp = () => this.#once(`id ${topicId}`, () => this.#lookUp([], [topicId]));
    await this.#orElseStale(known !== undefined, lookUp);
    return this.#memory.byId(topicId)?.topic;
  }

  async topics(): Promise<readonly TopicView[]> {
    const listedAt = () => [this.#memory.listedAt];
    const isRecent = this.#now() - this.#memory.listedAt < recentMs;
    const proof = !isRecent && this.#proof(listedAt);
    if (!isRecent && !(proof && (await proof))) {
      const lookUp = () => this.#once('all', () => this.#lookUpAll());
      await this.#orElseStale(Number.isFinite(this.#memory.listedAt), lookUp);
    }
    return this.#memory.all();
  }

  recent(names: readonly string[]): Promise<ReadonlyMap<string, TopicView>> {
    const lookUp = (old: readonly string[]) => this.#lookUp(old, []);
    return this.#recent(names, (name) => this.#memory.byName(name), lookUp);
  }

  recentById(topicIds: readonly string[]): Promise<ReadonlyMap<string, TopicView>> {
    const lookUp = (old: readonly string[]) => this.#lookUp([], old);
    return this.#recent(topicIds, (topicId) => this.#memory.byId(topicId), lookUp);
  }

  async #recent(
    keys: readonly string[],
    get: (key: string) => Entry | undefined,
    lookUp: (old: readonly string[]) => Promise<void>,
  ): Promise<ReadonlyMap<string, TopicView>> {
    const old = keys.filter((key) => !this.#isRecent(get(key)));
    if (old.length === 0) return this.#pick(keys, get);
    const proof = this.#proof(() => old.map((key) => get(key)?.at ?? -Infinity));
    if (!(proof && (await proof))) {
      const known = old.every(get);
      await this.#orElseStale(known, () => lookUp(old));
    }
    return this.#pick(keys, get);
  }

  async refresh(names: readonly string[]): Promise<ReadonlyMap<string, TopicView>> {
    if (names.length > 0) await this.#lookUp(names, []);
    return this.#pick(names, (name) => this.#memory.byName(name));
  }

  forget(name: string): void {
    this.#memory.forget(name);
  }

  learn(topics: readonly TopicView[]): void {
    for (const topic of topics) this.#memory.learn(topic, this.#now());
  }

  standing(key: string): TopicView | undefined {
    const entry = this.#memory.byName(key) ?? this.#memory.byId(key);
    return entry && this.#stands(entry.at) ? entry.topic : undefined;
  }

  /** Whether what was asked then still holds, as far as the controller has said. */
  #stands(at: number): boolean {
    return at > (this.#changes?.unchangedSince ?? Infinity);
  }

  /** The same for all of these, to the moment; false where it is known not to be so. */
  #proof(ats: () => readonly number[]): Promise<boolean> | false {
    const controller = this.#changes;
    if (controller === undefined) return false;
    const stand = () => ats().every((at) => at > controller.heardSince);
    if (!stand()) return false;
    return controller.prove().then((proven) => proven && stand());
  }

  #isGood({ at }: Entry): boolean {
    return this.#now() - at < maxAgeMs || this.#stands(at);
  }

  #isRecent(entry: Entry | undefined): boolean {
    return entry !== undefined && this.#now() - entry.at < recentMs;
  }

  #pick(
    keys: readonly string[],
    get: (key: string) => Entry | undefined,
  ): ReadonlyMap<string, TopicView> {
    const found = new Map<string, TopicView>();
    for (const key of keys) {
      const entry = get(key);
      if (entry) found.set(key, entry.topic);
    }
    return found;
  }

  /** What is merely old goes on being served while the controller cannot be reached. */
  async #orElseStale(known: boolean, lookUp: () => Promise<void>): Promise<void> {
    if (known) this.#changes?.follow();
    try {
      await lookUp();
    } catch (error) {
      if (!known || !(error instanceof Weather)) throw error;
    }
  }

  #once(key: string, lookUp: () => Promise<void>): Promise<void> {
    const running = this.#underWay.get(key);
    if (running) return running;
    const started = lookUp().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, started);
    return started;
  }

  async #lookUp(names: readonly string[], topicIds: readonly string[]): Promise<void> {
    const asked = this.#now();
    const reply = await this.#objects.controller().call('getTopics', { names, topicIds });
    this.#memory.clusterId = reply.clusterId;
    this.#memory.quotas.version = reply.quotas;
    const found = new Set(reply.topics.map(({ name }) => name));
    for (const name of names) if (!found.has(name)) this.#memory.forget(name, asked);
    for (const topicId of topicIds) {
      const known = this.#memory.byId(topicId);
      if (known && !reply.topics.some((topic) => topic.topicId === topicId)) {
        this.#memory.forget(known.topic.name, asked);
      }
    }
    for (const topic of reply.topics) this.#memory.learn(topic, asked);
  }

  async #lookUpAll(): Promise<void> {
    const asked = this.#now();
    const reply = await this.#objects
      .controller()
      .call('getTopics', { names: null, topicIds: null });
    this.#memory.clusterId = reply.clusterId;
    this.#memory.quotas.version = reply.quotas;
    this.#memory.replaceAll(reply.topics, asked);
  }
}
