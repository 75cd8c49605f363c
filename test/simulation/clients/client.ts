/**
 * What every simulated client has: a name, a connection that is made anew when it breaks, and an
 * end that may come at any moment. The surprise: a client that crashes says nothing and finishes
 * nothing; its next life is another process.
 */
import type { Api, Fields, Infer } from '../../../src/protocol/schema.ts';
import type { SimulatedCluster } from '../world/cluster.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import type { Recorder } from './recorder.ts';
import { Disconnected, Wire } from './wire.ts';

/** One topic's partitions, by number. */
export interface SimulatedTopic {
  readonly name: string;
  readonly partitions: number;
  /** It gets more partitions, of which not everybody knows at once. */
  readonly growing?: boolean;
  /** It is deleted and made again all the time. */
  readonly fleeting?: boolean;
  /** Its first records are deleted now and then. */
  readonly trimmed?: boolean;
  /** Of each key the last value stays. */
  readonly compacted?: boolean;
}

export interface Surroundings {
  readonly world: World;
  readonly cluster: SimulatedCluster;
  readonly recorder: Recorder;
  readonly topics: readonly SimulatedTopic[];
  /** A value nobody else has. */
  newValue(): string;
  /** No new work is begun; what is under way is finished. */
  isWindingDown(): boolean;
}

/** Whoever made the client ended its life. */
export class Crashed extends Error {
  override readonly name = 'Crashed';
}

export class Client {
  readonly around: Surroundings;
  readonly process: string;
  readonly random: Random;
  #wire: Wire | undefined;
  #crashed = false;

  constructor(around: Surroundings, process: string) {
    this.around = around;
    this.process = process;
    this.random = around.world.random.fork(process);
  }

  get world(): World {
    return this.around.world;
  }

  /** The connection, made anew if there is none. */
  get wire(): Wire {
    this.checkAlive();
    const { world, cluster } = this.around;
    if (!this.#wire?.isOpen) {
      this.#wire = new Wire(world, cluster, this.process, (at) => this.wireLost(at));
    }
    return this.#wire;
  }

  crash(): void {
    this.#crashed = true;
    this.#wire?.close();
  }

  /** Told at once, whatever the client is about. */
  protected wireLost(_at: number): void {}

  /** Its connection breaks; the next request makes another. */
  hangUp(): void {
    this.#wire?.close();
  }

  checkAlive(): void {
    if (this.#crashed) throw new Crashed();
  }

  async sleep(ms: number): Promise<void> {
    await this.world.time.sleep(ms);
    this.checkAlive();
  }

  /** Asks; undefined when the connection broke. */
  async ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Partial<Infer<Q>>,
    timeoutMs?: number,
  ): Promise<Infer<R> | undefined> {
    try {
      const answer = await this.wire.ask(api, version, request, timeoutMs);
      this.checkAlive();
      return answer;
    } catch (error) {
      this.checkAlive();
      if (!(error instanceof Disconnected)) throw error;
      await this.sleep(this.random.delay(50));
      return undefined;
    }
  }

  anyPartition(): { topic: SimulatedTopic; index: number } {
    const topic = this.random.pick(this.around.topics);
    return { topic, index: this.random.between(0, topic.partitions - 1) };
  }
}

/** With the topic's id: the partition of this incarnation alone. */
export function partitionName(topic: string, index: number, topicId?: string): string {
  return topicId === undefined ? `${topic}-${index}` : `${topic}-${index}@${topicId}`;
}
