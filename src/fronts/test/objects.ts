/**
 * The objects there are, so that each can be told that the clock was moved, or be wiped. The
 * surprise: what was made before this process began is known to the host alone, by the files.
 */
import { eachBounded } from '../../runtime/each-bounded.ts';
import type { Env } from '../../runtime/worker-objects.ts';
import type { ControlledObject } from './controlled-object.ts';
import type { Host, ObjectIds } from './host.ts';

const namespaceOf: Readonly<Record<string, keyof Env>> = {
  Partition: 'PARTITION',
  GroupCoordinator: 'GROUP_COORDINATOR',
  TransactionCoordinator: 'TRANSACTION_COORDINATOR',
  ClusterController: 'CLUSTER_CONTROLLER',
  RestConsumer: 'REST_CONSUMER',
  Subscription: 'SUBSCRIPTION',
  StreamSubscription: 'STREAM_SUBSCRIPTION',
};

interface Known {
  readonly className: string;
  readonly id: string;
}

const atOnce = 50;

export class ControlledObjects {
  readonly #env: Env;
  readonly #host: Host;
  readonly #known = new Map<string, Known>();
  #hasAskedHost = false;

  constructor(env: Env, host: Host) {
    this.#env = env;
    this.#host = host;
  }

  met(className: string, id: string): void {
    if (!this.#known.has(id)) this.#known.set(id, { className, id });
  }

  /** How many there are that were not wiped. */
  get count(): number {
    return this.#known.size;
  }

  /**
   * The clock is ahead by so much more. Settles when all that became due was done, and all that
   * became due by that.
   */
  async leap(byMs: number): Promise<void> {
    await this.#askHost();
    let rang = true;
    for (let round = 0; rang && round < mostRounds; round++) {
      const more = round === 0 ? byMs : 0;
      const rings = await this.#each((object) => object.leap(more));
      rang = rings.some((one) => one === true);
    }
  }

  /** Wipes those of generations before this one, and has their files go. */
  async wipe(before: number): Promise<void> {
    await this.#askHost();
    const all = [...this.#known.values()];
    const wiped = await this.#each((object) => object.wipe(before));
    const gone = all.filter((_, index) => wiped[index] === true);
    await eachBounded(gone, (one) => this.#stub(one).end().catch(nothing), { atOnce });
    const ids: Record<string, string[]> = {};
    for (const { className, id } of gone) {
      this.#known.delete(id);
      ids[className] ??= [];
      ids[className].push(id);
    }
    if (gone.length > 0) await this.#host.forget(ids satisfies ObjectIds);
  }

  /** What each answered; undefined: it could not. */
  #each<T>(ask: (object: ControlledObject) => Promise<T>): Promise<readonly (T | undefined)[]> {
    const one = async (known: Known): Promise<T | undefined> => {
      try {
        return await ask(this.#stub(known));
      } catch (error) {
        console.warn(`${known.className} ${known.id}: ${error}`);
        return undefined;
      }
    };
    return eachBounded([...this.#known.values()], one, { atOnce });
  }

  #stub({ className, id }: Known): ControlledObject {
    const namespace = this.#env[namespaceOf[className]] as unknown as DurableObjectNamespace;
    // The classes behind the namespaces are ours: they have these methods.
    return namespace.get(namespace.idFromString(id)) as unknown as ControlledObject;
  }

  async #askHost(): Promise<void> {
    if (this.#hasAskedHost) return;
    this.#hasAskedHost = true;
    for (const [className, ids] of Object.entries(await this.#host.objects())) {
      if (className in namespaceOf) for (const id of ids) this.met(className, id);
    }
  }
}

/** What is still due then is left to ring by itself. */
const mostRounds = 5;

/** It is gone, which is what was wanted. */
function nothing(): void {}
