/**
 * The one object that knows which topics there are. The surprise: it is asked rarely, because
 * gateways remember, and it does nothing by itself except to tell partitions that their topic is
 * gone or configured anew, for which its alarm wakes it until all have answered.
 */
import { DurableObject } from 'cloudflare:workers';
import type { ClusterCalls } from '../core/cluster/commands.ts';
import { timeNow } from '../runtime/clock.ts';
import type { ClusterHost } from '../runtime/cluster-host.ts';
import { clusterHost, runErrands } from '../runtime/cluster-host.ts';
import { brokerConfigOf } from '../runtime/config.ts';
import { meteredAlarm, ObjectMeter } from '../runtime/meters.ts';
import { sqliteRows } from '../runtime/rows.ts';
import { acceptWatch, giveSignsOfLife, tellWatchers } from '../runtime/watch.ts';
import type { Env } from '../runtime/worker-objects.ts';
import { workerObjects } from '../runtime/worker-objects.ts';

export class ClusterController extends DurableObject<Env> {
  /** To be read by whoever looks into the object. */
  readonly meter = new ObjectMeter(timeNow);
  readonly #host: ClusterHost;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    giveSignsOfLife(ctx);
    this.#host = clusterHost({
      config: brokerConfigOf(env),
      rows: sqliteRows(ctx.storage, this.meter),
      now: timeNow,
      setAlarm: meteredAlarm(ctx.storage, this.meter),
      announce: () => tellWatchers(ctx, (watcher) => watcher.send('changed')),
    });
  }

  call<K extends keyof ClusterCalls>(
    kind: K,
    command: ClusterCalls[K]['command'],
  ): Promise<ClusterCalls[K]['reply']> {
    return this.meter.during('call', () => this.#host.call(kind, command));
  }

  /** A watch: says when what gateways remember may be others' past. */
  override fetch(request: Request): Promise<Response> {
    return this.meter.during('watchOpened', async () => acceptWatch(this.ctx, request, 'watching'));
  }

  override alarm(): Promise<void> {
    return this.meter.during('alarm', () =>
      runErrands(this.#host, workerObjects(this.env), timeNow()),
    );
  }
}
