/**
 * A place in a group that always somebody fills: one member after the other, each with its own end.
 * The surprise: a static member's successor may start while the former one still lives, and thinks
 * itself a member.
 */
import { Crashed, type SimulatedTopic, type Surroundings } from '../clients/client.ts';
import type { Random } from '../world/random.ts';
import { Fatal } from './group-client.ts';
import { rebalanceTimeoutMs } from './member.ts';

/** What a slot asks of whoever fills it. */
export interface Tenant {
  readonly isClosing: boolean;
  live(): Promise<void>;
  crash(): void;
  close(): void;
  freeze(ms: number): void;
  occupy(ms: number): void;
  release(): void;
  hangUp(): void;
  resubscribe(topics: readonly SimulatedTopic[]): void;
}

export interface SlotOptions<T extends Tenant> {
  readonly name: string;
  /** Whether members have an instance id, so that one may replace another. */
  readonly isStatic: boolean;
  /** Mean time between what befalls it. */
  readonly incidentEveryMs: number;
  create(process: string): T;
  /** An operator puts out whoever has this place. */
  expel?(): Promise<void>;
  onBug(text: string): void;
}

export class Slot<T extends Tenant> {
  readonly #around: Surroundings;
  readonly #options: SlotOptions<T>;
  readonly #random: Random;
  readonly #all = new Set<T>();
  #current: T | undefined;
  #lives = 0;
  #replaced = Promise.withResolvers<void>();
  #awayMs = 0;
  #ended = false;

  constructor(around: Surroundings, options: SlotOptions<T>) {
    this.#around = around;
    this.#options = options;
    this.#random = around.world.random.fork(`slot ${options.name}`);
  }

  /** Undefined while nobody is there who means to stay. */
  get tenant(): T | undefined {
    return this.#current?.isClosing ? undefined : this.#current;
  }

  /** Until `end`; whoever is still there then is waited for. */
  async run(): Promise<void> {
    const { time } = this.#around.world;
    await time.sleep(this.#random.delay(3_000));
    void this.#incidents();
    const lives: Promise<void>[] = [];
    while (!this.#ended) {
      const tenant = this.#options.create(`${this.#options.name}.${this.#lives++}`);
      this.#current = tenant;
      this.#replaced = Promise.withResolvers();
      const life = this.#live(tenant);
      lives.push(life);
      await Promise.race([life, this.#replaced.promise]);
      if (this.#current === tenant) this.#current = undefined;
      if (this.#ended) break;
      await time.sleep(this.#around.isWindingDown() ? 500 : this.#awayMs);
      this.#awayMs = 1_000;
    }
    await Promise.all(lives);
  }

  async #live(tenant: T): Promise<void> {
    this.#all.add(tenant);
    try {
      await tenant.live();
    } catch (error) {
      if (error instanceof Fatal) this.#around.world.count(`gave up: ${error.message}`);
      else if (!(error instanceof Crashed)) {
        this.#options.onBug(error instanceof Error ? (error.stack ?? error.message) : `${error}`);
      }
      tenant.crash();
    } finally {
      this.#all.delete(tenant);
    }
  }

  async #incidents(): Promise<void> {
    const { world } = this.#around;
    for (;;) {
      await world.time.sleep(this.#random.delay(this.#options.incidentEveryMs));
      if (this.#around.isWindingDown()) return;
      if (this.#current !== undefined) this.#befall(this.#current);
    }
  }

  #befall(tenant: T): void {
    const random = this.#random;
    const kind = random.pick(incidents);
    this.#around.world.count(`member: ${kind}`);
    this.#awayMs = random.delay(random.pick([500, 5_000, 15_000]));
    switch (kind) {
      case 'leave':
        tenant.close();
        break;
      case 'crash':
        tenant.crash();
        break;
      case 'freeze':
        tenant.freeze(random.between(1_000, 3 * rebalanceTimeoutMs));
        break;
      case 'occupy':
        tenant.occupy(random.between(3_000, 2 * rebalanceTimeoutMs));
        break;
      case 'hang up':
        tenant.hangUp();
        break;
      case 'resubscribe':
        tenant.resubscribe(
          this.#around.topics.filter(({ name }) => name === 'orders' || random.chance(0.5)),
        );
        break;
      case 'replace':
        if (this.#options.isStatic) this.#replaced.resolve();
        else tenant.close();
        break;
      case 'expel':
        void this.#options.expel?.();
    }
  }

  /** Nothing befalls it any more; those whom a successor has replaced are gone. */
  calm(): void {
    for (const tenant of this.#all) {
      tenant.release();
      tenant.resubscribe(this.#around.topics);
      if (tenant !== this.#current) tenant.crash();
    }
  }

  /** The last one, too, ends in order. */
  end(): void {
    this.#ended = true;
    this.#current?.close();
  }
}

const incidents = [
  'leave',
  'leave',
  'crash',
  'crash',
  'freeze',
  'freeze',
  'occupy',
  'hang up',
  'resubscribe',
  'replace',
  'replace',
  'expel',
] as const;
