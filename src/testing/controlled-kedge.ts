/**
 * A Kedge that a test controls: what happens inside it by the routes under `/test`, its process by
 * whoever holds that. The surprise: `reset` does not only empty it but makes again what it was
 * started with, so every test begins as the first did.
 */
import { Admin } from '../client/admin/admin.ts';
import { Controls } from './controls.ts';
import { millisecondsOf } from './duration.ts';
import type { Fault, FaultSpec } from './faults.ts';
import type { Kedge, KedgeAddress } from './kedge.ts';
import { readSeed, type Seed, sow, topicOf } from './seed.ts';

/** The process of a Kedge, or whoever can do these things to it. */
export interface Host {
  /** `kill -9`; unless `restart`, it stays away. */
  crash(restart: boolean): Promise<void>;
  restart(): Promise<void>;
  snapshot(file: string): Promise<void>;
  restore(file: string): Promise<void>;
  stop(): Promise<void>;
}

/** What it begins with, and after each reset. */
export interface Beginning {
  readonly seeds: readonly (Seed | string)[];
  readonly snapshot?: string | undefined;
}

export class ControlledKedge implements Kedge {
  readonly address: KedgeAddress;
  readonly admin: Admin;
  readonly #host: Host;
  readonly #controls: Controls;
  readonly #beginning: Beginning;
  #stopped: Promise<void> | undefined;

  constructor(address: KedgeAddress, host: Host, beginning: Beginning) {
    this.address = address;
    this.#host = host;
    this.#controls = new Controls(address);
    this.#beginning = beginning;
    this.admin = new Admin(address.url, { token: address.token, clientId: 'kedge-testing' });
  }

  get bootstrapServers(): string {
    return this.address.bootstrapServers;
  }

  get url(): string {
    return this.address.url;
  }

  get host(): string {
    return this.bootstrapServers.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  }

  get port(): number {
    return Number(/\d+$/.exec(this.bootstrapServers)![0]);
  }

  get client(): string {
    return this.url.replace(/^http/, 'ws');
  }

  /** Makes what it is to begin with. */
  async begin(): Promise<void> {
    const { seeds, snapshot } = this.#beginning;
    if (snapshot !== undefined) await this.#host.restore(snapshot);
    for (const one of seeds) {
      await sow(await this.#withoutThoseThere(await read(one)), this.#controls, this.admin);
    }
  }

  /** Clients that stay may have a topic made at once: so those of the options are there before. */
  async reset(): Promise<void> {
    if (this.#beginning.snapshot !== undefined) return this.begin();
    const seeds = await Promise.all(this.#beginning.seeds.map(read));
    const topics = seeds.flatMap((seed) => (seed.topics ?? []).map(topicOf));
    // The first to name a topic says what it is like.
    const byName = new Map(topics.reverse().map((topic) => [topic.name, topic]));
    await this.#controls.post('/reset', { topics: [...byName.values()] });
    for (const seed of seeds) await sow({ ...seed, topics: [] }, this.#controls, this.admin);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.admin.close().then(() => this.#host.stop());
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async fault(spec: FaultSpec): Promise<Fault> {
    const controls = this.#controls;
    const { id } = await controls.post<{ id: string }>('/faults', spec);
    const hits = async () => {
      const { faults } = await controls.get<{ faults: { id: string; hits: number }[] }>('');
      return faults.find((fault) => fault.id === id)?.hits ?? 0;
    };
    const remove = () => controls.delete(`/faults/${id}`);
    return { id, hits, remove, [Symbol.asyncDispose]: remove };
  }

  clearFaults(): Promise<void> {
    return this.#controls.delete('/faults');
  }

  async advanceClock(by: number | string): Promise<number> {
    const advanceMs = millisecondsOf(by);
    return (await this.#controls.post<{ now: number }>('/clock', { advanceMs })).now;
  }

  async now(): Promise<number> {
    return (await this.#controls.get<{ now: number }>('')).now;
  }

  rebalance(groupId: string): Promise<void> {
    return this.#controls.post('/rebalance', { group: groupId });
  }

  crash({ restart = true }: { readonly restart?: boolean } = {}): Promise<void> {
    return this.#host.crash(restart);
  }

  restart(): Promise<void> {
    return this.#host.restart();
  }

  async seed(seed: Seed | string): Promise<void> {
    await sow(await read(seed), this.#controls, this.admin);
  }

  snapshot(file: string): Promise<void> {
    return this.#host.snapshot(file);
  }

  restore(file: string): Promise<void> {
    return this.#host.restore(file);
  }

  /** In a directory that is kept there may be topics from last time. */
  async #withoutThoseThere({ topics = [], ...rest }: Seed): Promise<Seed> {
    const there = topics.length > 0 ? await this.admin.listTopics() : [];
    return { ...rest, topics: topics.map(topicOf).filter(({ name }) => !there.includes(name)) };
  }
}

async function read(seed: Seed | string): Promise<Seed> {
  return typeof seed === 'string' ? readSeed(seed) : seed;
}
