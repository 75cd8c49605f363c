/**
 * One consumer instance of the REST Proxy. The surprise: it keeps what an instance is and who may
 * use it, and consumes nothing itself; only when nobody has come for long does it act, to leave
 * the group on behalf of a client that is gone.
 */
import { DurableObject } from 'cloudflare:workers';
import type { RestConsumerCalls } from '../core/rest-consumer/calls.ts';
import { timeNow } from '../runtime/clock.ts';
import { meteredAlarm, ObjectMeter } from '../runtime/meters.ts';
import {
  forgetIfIdle,
  type RestConsumerHost,
  restConsumerHost,
} from '../runtime/rest-consumer-host.ts';
import { sqliteRows } from '../runtime/rows.ts';
import { type Env, workerObjects } from '../runtime/worker-objects.ts';

export class RestConsumer extends DurableObject<Env> {
  /** To be read by whoever looks into the object. */
  readonly meter = new ObjectMeter(timeNow);
  readonly #host: RestConsumerHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#host = restConsumerHost({
      rows: sqliteRows(ctx.storage, this.meter),
      now: timeNow,
      setAlarm: meteredAlarm(ctx.storage, this.meter),
    });
  }

  call<K extends keyof RestConsumerCalls>(
    kind: K,
    command: RestConsumerCalls[K]['command'],
  ): Promise<RestConsumerCalls[K]['reply']> {
    return this.meter.during('call', () => this.#host.call(kind, command));
  }

  override alarm(): Promise<void> {
    return this.meter.during('alarm', () =>
      forgetIfIdle(this.#host, workerObjects(this.env), timeNow()),
    );
  }
}
