/**
 * `kedge/push`: the entrypoint of a Worker that records are pushed to. The surprise: a handler that
 * was written for Cloudflare Queues is one already; `consumer(worker)` calls its `queue` with
 * batches that look the same.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import { type Batch, type PushBatch, type Verdict, verdictOf } from './push/batch.ts';

export type { PushBatch, PushMessage, RetryOptions } from './push/batch.ts';

/** What takes batches: by one name or by the other. */
export interface PushHandler<Env, Body> {
  consume?(batch: PushBatch<Body>, env: Env, ctx: ExecutionContext): unknown;
  /** As a consumer of Cloudflare Queues has it. */
  queue?(batch: never, env: Env, ctx: ExecutionContext): unknown;
}

/** What Kedge calls. */
export interface ConsumerEntrypoint {
  consume(batch: Batch): Promise<Verdict>;
}

/**
 * The class to export, and to name as `entrypoint` in the binding of Kedge's Worker:
 * `export const Orders = consumer({ async consume(batch, env, ctx) { … } })`.
 */
export function consumer<Env = unknown, Body = unknown>(
  handler: PushHandler<Env, Body>,
): new (
  ctx: ExecutionContext,
  env: Env,
) => WorkerEntrypoint<Env> & ConsumerEntrypoint {
  const handle = (handler.consume ?? handler.queue) as PushHandler<Env, Body>['consume'];
  if (handle === undefined) throw new TypeError('a handler has a method consume, or queue');
  return class extends WorkerEntrypoint<Env> {
    consume(batch: Batch): Promise<Verdict> {
      const { env, ctx } = this;
      return verdictOf<Body>(batch, (handed) => handle.call(handler, handed, env, ctx));
    }
  };
}

/**
 * The same as a base class: `export default class extends PushConsumer<Env> { onBatch(…) {} }`,
 * where state of the entrypoint is wanted.
 */
export abstract class PushConsumer<Env = unknown, Body = unknown> extends WorkerEntrypoint<Env> {
  abstract onBatch(batch: PushBatch<Body>): unknown;

  consume(batch: Batch): Promise<Verdict> {
    return verdictOf<Body>(batch, (handed) => this.onBatch(handed));
  }
}
