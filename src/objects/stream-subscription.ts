/**
 * One subscription to streams. The surprise: the class is finished elsewhere. What it needs of the
 * world, the rights of users and the webhooks, stands on higher floors, so the Worker's wiring
 * hands it in.
 */
import { DurableObject } from 'cloudflare:workers';
import type { StreamSubscriptionCalls } from '../core/stream-subscription/calls.ts';
import { timeNow } from '../runtime/clock.ts';
import { meteredAlarm, ObjectMeter } from '../runtime/meters.ts';
import { sqliteRows } from '../runtime/rows.ts';
import {
  StreamSubscriptionHost,
  type StreamSubscriptionOutside,
} from '../runtime/stream-subscription/host.ts';
import { type Env, workerObjects } from '../runtime/worker-objects.ts';

export abstract class StreamSubscriptionObject extends DurableObject<Env> {
  /** To be read by whoever looks into the object. */
  readonly meter = new ObjectMeter(timeNow);
  readonly #host: StreamSubscriptionHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#host = new StreamSubscriptionHost({
      rows: sqliteRows(ctx.storage, this.meter),
      objects: workerObjects(env),
      outside: this.outside(),
      now: timeNow,
      setAlarm: meteredAlarm(ctx.storage, this.meter),
    });
  }

  /** The rights of users, and the webhooks. Called by the constructor. */
  protected abstract outside(): StreamSubscriptionOutside;

  call<K extends keyof StreamSubscriptionCalls>(
    kind: K,
    command: StreamSubscriptionCalls[K]['command'],
  ): Promise<StreamSubscriptionCalls[K]['reply']> {
    return this.meter.during('call', () => this.#host.call(kind, command));
  }

  override alarm(): Promise<void> {
    return this.meter.during('alarm', () => this.#host.expire());
  }
}
