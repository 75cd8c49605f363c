/**
 * One transactional id: its producer id and epoch, and the transaction that is open. The surprise:
 * it is asked by partitions and groups before their first write of a transaction, so it knows
 * everyone who has to hear how it ended, and its alarm tells those who could not be reached.
 */
import { DurableObject } from 'cloudflare:workers';
import type { TransactionCalls } from '../core/transaction/calls.ts';
import { timeNow } from '../runtime/clock.ts';
import { brokerConfigOf } from '../runtime/config.ts';
import { meteredAlarm, ObjectMeter } from '../runtime/meters.ts';
import { sqliteRows } from '../runtime/rows.ts';
import { TransactionHost } from '../runtime/transaction-host.ts';
import type { Env } from '../runtime/worker-objects.ts';
import { workerObjects } from '../runtime/worker-objects.ts';

export class TransactionCoordinator extends DurableObject<Env> {
  /** To be read by whoever looks into the object. */
  readonly meter = new ObjectMeter(timeNow);
  readonly #host: TransactionHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#host = new TransactionHost({
      config: brokerConfigOf(env),
      rows: sqliteRows(ctx.storage, this.meter),
      objects: workerObjects(env),
      now: timeNow,
      setAlarm: meteredAlarm(ctx.storage, this.meter),
    });
  }

  call<K extends keyof TransactionCalls>(
    kind: K,
    command: TransactionCalls[K]['command'],
  ): Promise<TransactionCalls[K]['reply']> {
    return this.meter.during('call', () => this.#host.call(kind, command));
  }

  override alarm(): Promise<void> {
    return this.meter.during('alarm', () => this.#host.expire());
  }
}
