/**
 * One push subscription. The surprise: the class is finished elsewhere. What it needs of the world,
 * a Kafka client of the cluster and the targets, stands on higher floors, so the Worker's wiring
 * hands it in.
 */
import { DurableObject } from 'cloudflare:workers';
import type { SubscriptionCalls } from '../core/push/calls.ts';
import { timeNow } from '../runtime/clock.ts';
import { meteredAlarm, ObjectMeter } from '../runtime/meters.ts';
import type { PushOutside } from '../runtime/push/outside.ts';
import { SubscriptionHost } from '../runtime/push/subscription-host.ts';
import { sqliteRows } from '../runtime/rows.ts';
import { type Env, workerObjects } from '../runtime/worker-objects.ts';

export abstract class SubscriptionObject extends DurableObject<Env> {
  /** To be read by whoever looks into the object. */
  readonly meter = new ObjectMeter(timeNow);
  readonly #host: SubscriptionHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#host = new SubscriptionHost({
      rows: sqliteRows(ctx.storage, this.meter),
      objects: workerObjects(env),
      outside: this.outside(),
      now: timeNow,
      setAlarm: meteredAlarm(ctx.storage, this.meter),
    });
  }

  /** The cluster and the targets. Called by the constructor. */
  protected abstract outside(): PushOutside;

  call<K extends keyof SubscriptionCalls>(
    kind: K,
    command: SubscriptionCalls[K]['command'],
  ): Promise<SubscriptionCalls[K]['reply']> {
    return this.meter.during('call', () => this.#host.call(kind, command));
  }

  override alarm(): Promise<void> {
    return this.meter.during('alarm', () => this.#host.expire());
  }
}
