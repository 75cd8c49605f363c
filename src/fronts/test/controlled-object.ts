/**
 * What every object of a Kedge for tests does besides its own work: it lives in one generation,
 * moves its alarm with the clock, and can be wiped. The surprise: one that is reached by its id
 * does not know its name, so it has written down which generation it is of.
 */
import type { DurableObject } from 'cloudflare:workers';
import { machineNow } from '../../runtime/clock.ts';
import type { Env } from '../../runtime/worker-objects.ts';
import { generationNamed } from './generation.ts';

/** What an object asks of the controls around it. */
export interface ObjectControls {
  /** The bindings of a generation. */
  envOf(generation: number): Env;
  /** There is such an object. */
  met(className: string, id: string, generation: number): void;
}

/** What the controls ask of an object. */
export interface ControlledObject {
  /** The clock is ahead by so much more. Answers whether that made something due, which is done. */
  leap(byMs: number): Promise<boolean>;
  /** Forgets everything, if it is of a generation before this one; answers whether it is. */
  wipe(before: number): Promise<boolean>;
  /** Ends it at once: whoever waits for it waits in vain. */
  end(): Promise<void>;
}

type Alarmed = DurableObject<Env> & { alarm(): Promise<void> };

// biome-ignore lint/suspicious/noExplicitAny: a mixin's constructor has these parameters
type ObjectClass<T> = new (...args: any[]) => T;

const generationKey = 'kedge-test-generation';
/** An alarm that is always due again is left to ring by itself. */
const mostRings = 100;
const patienceMs = 5_000;

function generationOf({ id, storage }: DurableObjectState): number {
  if (id.name === undefined) return Number(storage.kv.get(generationKey) ?? 0);
  const generation = generationNamed(id.name);
  if (generation > 0 && storage.kv.get(generationKey) === undefined) {
    storage.kv.put(generationKey, generation);
  }
  return generation;
}

/** Somebody outside takes long to answer: a webhook. The object goes on, and nobody waits. */
async function patience(): Promise<false> {
  await new Promise((resolve) => setTimeout(resolve, patienceMs));
  return false;
}

/** @param className as the namespace of the objects calls it */
export function controlled<T extends Alarmed>(
  controls: ObjectControls,
  className: string,
  Base: ObjectClass<T>,
): ObjectClass<T & ControlledObject> {
  // The class is the base's by all it does; TypeScript cannot extend what is only known by a type.
  const AnyBase = Base as unknown as ObjectClass<Alarmed>;
  class Controlled extends AnyBase implements ControlledObject {
    readonly #generation: number;

    constructor(ctx: DurableObjectState, _env: Env) {
      const generation = generationOf(ctx);
      super(ctx, controls.envOf(generation));
      this.#generation = generation;
      controls.met(className, ctx.id.toString(), generation);
    }

    async leap(byMs: number): Promise<boolean> {
      const { storage } = this.ctx;
      let alarmTime = await storage.getAlarm();
      if (alarmTime === null) return false;
      if (byMs !== 0) {
        alarmTime -= byMs;
        await storage.setAlarm(alarmTime);
      }
      let rings = 0;
      while (alarmTime !== null && alarmTime <= machineNow() && rings < mostRings) {
        rings++;
        if (!(await this.#ring())) break;
        alarmTime = await storage.getAlarm();
      }
      return rings > 0;
    }

    /** False: there is no point in looking whether it is due again. */
    async #ring(): Promise<boolean> {
      const { storage } = this.ctx;
      await storage.deleteAlarm();
      const rung = Promise.resolve(this.alarm()).then(
        () => true,
        async (error) => {
          console.warn(`${className}: ${error}`);
          // The platform would ring again, and so it does.
          await storage.setAlarm(machineNow());
          return false;
        },
      );
      this.ctx.waitUntil(rung);
      return Promise.race([rung, patience()]);
    }

    async wipe(before: number): Promise<boolean> {
      if (this.#generation >= before) return false;
      await this.ctx.storage.deleteAlarm();
      await this.ctx.storage.deleteAll();
      return true;
    }

    async end(): Promise<void> {
      this.ctx.abort('this Kedge was reset');
    }
  }
  return Controlled as unknown as ObjectClass<T & ControlledObject>;
}
