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

export interface MetadataCache {
  clusterId(): Promise<string>;
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
): MetadataCache {
  return new CachedMetadata(memory, objects, now);
}

class CachedMetadata implements MetadataCache {
  readonly #memory: ClusterMemory;
  readonly #objects: Objects;
  readonly #now: () => number;
  /** Look-ups under way that this connection started itself, by what is looked up. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(memory: ClusterMemory, objects: Objects, now: () => number) {
    this.#memory = memory;
    this.#objects = objects;
    this.#now = now;
  }

  get changedAt(): number {
    return this.#memory.changedAt;
  }

  async clusterId(): Promise<string> {
    if (this.#memory.clusterId === undefined) await this.#lookUp([], []);
    return this.#memory.clusterId!;
  }

  async topic(name: string): Promise<TopicView | undefined> {
    const known = this.#memory.byName(name);
    if (known && this.#now() - known.at < maxAgeMs) return known.topic;
    const lookUp = () => this.#once(`name ${name}`, () => this.#lookUp([name], []));
    await this.#orElseStale(known !== undefined, lookUp);
    return this.#memory.byName(name)?.topic;
  }

  async topicById(topicId: string): Promise<TopicView | undefined> {
    const known = this.#memory.byId(topicId);
    if (known && this.#now() - known.at < maxAgeMs) return known.topic;
    const lookUp = () => this.#once(`id ${topicId}`, () => this.#lookUp([], [topicId]));
    await this.#orElseStale(known !== undefined, lookUp);
    return this.#memory.byId(topicId)?.topic;
  }

  async topics(): Promise<readonly TopicView[]> {
    const { listedAt } = this.#memory;
    if (this.#now() - listedAt >= recentMs) {
      const lookUp = () => this.#once('all', () => this.#lookUpAll());
      await this.#orElseStale(Number.isFinite(listedAt), lookUp);
    }
    return this.#memory.all();
  }

  async recent(names: readonly string[]): Promise<ReadonlyMap<string, TopicView>> {
    const old = names.filter((name) => !this.#isRecent(this.#memory.byName(name)));
    const known = old.every((name) => this.#memory.byName(name));
    if (old.length > 0) await this.#orElseStale(known, () => this.#lookUp(old, []));
    return this.#pick(names, (name) => this.#memory.byName(name));
  }

  async recentById(topicIds: readonly string[]): Promise<ReadonlyMap<string, TopicView>> {
    const old = topicIds.filter((topicId) => !this.#isRecent(this.#memory.byId(topicId)));
    const known = old.every((topicId) => this.#memory.byId(topicId));
    if (old.length > 0) await this.#orElseStale(known, () => this.#lookUp([], old));
    return this.#pick(topicIds, (topicId) => this.#memory.byId(topicId));
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
    this.#memory.replaceAll(reply.topics, asked);
  }
}
