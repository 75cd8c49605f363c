/**
 * The Durable Object of one topic-partition: a shell around its log. The surprise: a WebSocket to
 * it is a watch that sleeps with the object, so a waiting consumer costs nothing until something is
 * appended.
 */
import { DurableObject } from 'cloudflare:workers';
import type { PartitionCalls } from '../core/log/calls.ts';
import { timeNow } from '../runtime/clock.ts';
import { brokerConfigOf } from '../runtime/config.ts';
import { deleteTopic } from '../runtime/delete-topic.ts';
import { ioTurn } from '../runtime/io-turn.ts';
import { alarmOf, meteredAlarm, ObjectMeter } from '../runtime/meters.ts';
import { PartitionHost } from '../runtime/partition-host.ts';
import {
  announcementOf,
  droppedCloseCode,
  Enclosures,
  withRecords,
} from '../runtime/partition-watch.ts';
import { SqliteStore } from '../runtime/sqlite-store.ts';
import { acceptWatch, giveSignsOfLife, questionOf, tellWatchers } from '../runtime/watch.ts';
import { type Env, workerObjects } from '../runtime/worker-objects.ts';

export class Partition extends DurableObject<Env> {
  /** To be read by whoever looks into the object. */
  readonly meter = new ObjectMeter(timeNow);
  readonly #host: PartitionHost;
  #dropped: boolean;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    giveSignsOfLife(ctx);
    const { messageMaxBytes, producerIdExpirationMs } = brokerConfigOf(env);
    const store = new SqliteStore(ctx.storage, this.meter);
    const objects = workerObjects(env);
    const enclosures = new Enclosures(timeNow);
    this.#dropped = store.dropped;
    this.#host = new PartitionHost({
      store: () => store,
      settings: { messageMaxBytes, producerIdExpirationMs },
      now: timeNow,
      durable: () => ctx.storage.sync(),
      announce: (ends, records) => {
        for (const piece of enclosures.of(records)) {
          tellWatchers(ctx, (watcher) => watcher.send(piece), withRecords);
        }
        tellWatchers(ctx, (watcher) => watcher.send(announcementOf(ends)));
      },
      enlist: (transactionalId, question) =>
        objects.transaction(transactionalId).call('enlist', question),
      wake: (reader, place, lastStableOffset) =>
        objects.subscription(reader).call('wake', { place, lastStableOffset }),
      dropped: () => {
        this.#dropped = true;
        tellWatchers(ctx, (watcher) => watcher.close(droppedCloseCode, 'dropped'));
      },
      deleteTopic: (topicId) => deleteTopic(objects, topicId),
      alarm: () => alarmOf(ctx.storage),
      setAlarm: meteredAlarm(ctx.storage, this.meter),
      pause: ioTurn,
    });
  }

  call<K extends keyof PartitionCalls>(
    kind: K,
    command: PartitionCalls[K]['command'],
  ): Promise<PartitionCalls[K]['reply']> {
    return this.meter.during('call', () => this.#host.call(kind, command));
  }

  override alarm(): Promise<void> {
    return this.meter.during('alarm', () => this.#host.ring());
  }

  /** A watch: says where the log ends, now and whenever that changes. */
  override fetch(request: Request): Promise<Response> {
    return this.meter.during('watchOpened', async () => this.#watch(request));
  }

  #watch(request: Request): Response {
    // Without a body: one that nobody reads would keep the object awake.
    if (this.#dropped) return new Response(null, { status: 410 });
    const tags = questionOf(request.url) === withRecords ? [withRecords] : [];
    return acceptWatch(this.ctx, request, announcementOf(this.#host.ends), null, tags);
  }
}
