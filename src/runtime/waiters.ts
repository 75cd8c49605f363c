/**
 * Held callers: the promises behind the tickets of a machine. A ticket whose caller has gone costs
 * one map entry until the machine answers it, which every machine does by some deadline.
 */
import type { Ticket } from '../core/machine.ts';

export class Waiters<Reply> {
  readonly #waiting = new Map<Ticket, PromiseWithResolvers<Reply>>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Holds a caller until `answer` or `failAll`. A ticket holds one caller. */
  hold(ticket: Ticket): Promise<Reply> {
    if (this.#waiting.has(ticket)) throw new Error(`ticket ${ticket} already holds a caller`);
    const waiting = Promise.withResolvers<Reply>();
    // A caller that has gone does not listen: its rejection must not count as unhandled.
    waiting.promise.catch(() => {});
    this.#waiting.set(ticket, waiting);
    return waiting.promise;
  }

  answer(ticket: Ticket, reply: Reply): void {
    const waiting = this.#waiting.get(ticket);
    if (!waiting) throw new Error(`no caller is held under ticket ${ticket}`);
    this.#waiting.delete(ticket);
    waiting.resolve(reply);
  }

  /** Everyone is refused with the same error: the machine they waited on is gone. */
  failAll(error: Error): void {
    const everyone = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of everyone) waiting.reject(error);
  }
}
