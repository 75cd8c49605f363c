/**
 * Keeps one consumer instance: hands its state to one door at a time and forgets it when nobody
 * asks for long. The surprise: a poll that read nothing writes nothing, so how long an instance
 * has been idle is known exactly only while the object stays in memory; after a reload it gets up
 * to half a timeout more, never less.
 */
import type { CallOf, Machine, Outcome, ReplyOf, Row, Ticket } from '../machine.ts';
import type { CheckedOut, RestConsumerCalls, RestConsumerState } from './calls.ts';

export type RestConsumerCommand = CallOf<RestConsumerCalls>;
export type RestConsumerReply = ReplyOf<RestConsumerCalls>;

interface Stored {
  readonly state: RestConsumerState;
  readonly revision: number;
  /** When the instance was used, as of the last row written. */
  readonly usedAtMs: number;
}

export type RestConsumerRow = Row<'instance', Stored>;

interface Lease {
  readonly id: number;
  readonly until: number;
}

const nobody: ReadonlyMap<Ticket, RestConsumerReply> = new Map();

export class RestConsumerMachine
  implements Machine<RestConsumerCommand, RestConsumerReply, RestConsumerRow>
{
  #stored: Stored | null = null;
  /** When an instance that nobody uses is forgotten. */
  #idleAfterMs = 0;
  /** False until the first call: what was loaded may be older than the last use. */
  #seenUse = false;
  #lease: Lease | null = null;
  #lastLease = 0;
  #nextTicket: Ticket = 1;
  /** Who waits for the state, in order, and the lease they want. */
  readonly #queue: { ticket: Ticket; leaseMs: number }[] = [];

  get deadline(): number | undefined {
    if (this.#stored === null) return undefined;
    return this.#lease === null ? this.#idleAfterMs : this.#lease.until;
  }

  /** The state that is about to be forgotten because nobody used it, or undefined. */
  expiring(now: number): RestConsumerState | undefined {
    const idle = this.#stored !== null && this.#lease === null && this.#idleAfterMs <= now;
    return idle ? this.#stored!.state : undefined;
  }

  decide(call: RestConsumerCommand, now: number): Outcome<RestConsumerReply, RestConsumerRow> {
    this.#seenUse = true;
    switch (call.kind) {
      case 'create':
        return this.#create(call.command.state, now);
      case 'checkOut':
        return this.#checkOut(call.command.leaseMs, now);
      case 'checkIn':
        return this.#checkIn(call.command, now);
    }
  }

  replay({ value }: RestConsumerRow): void {
    this.#stored = value;
    if (value === null) return;
    const { instanceTimeoutMs } = value.state.config;
    const unrecordedMs = this.#seenUse ? 0 : instanceTimeoutMs / 2;
    this.#idleAfterMs = value.usedAtMs + instanceTimeoutMs + unrecordedMs;
  }

  expire(now: number): Outcome<RestConsumerReply | undefined, RestConsumerRow> {
    if (this.expiring(now)) {
      return { rows: [{ key: 'instance', value: null }], reply: undefined, wake: nobody };
    }
    if (this.#lease === null || this.#lease.until > now) {
      return { rows: [], reply: undefined, wake: nobody };
    }
    this.#lease = null;
    return { rows: [], reply: undefined, wake: this.#wakeNext(this.#stored, now) };
  }

  #create(state: RestConsumerState, now: number): Outcome<RestConsumerReply, RestConsumerRow> {
    if (this.#stored !== null) return { rows: [], reply: { created: false }, wake: nobody };
    const value = { state, revision: 0, usedAtMs: now };
    return { rows: [{ key: 'instance', value }], reply: { created: true }, wake: nobody };
  }

  #checkOut(leaseMs: number, now: number): Outcome<RestConsumerReply, RestConsumerRow> {
    if (this.#stored === null) return { rows: [], reply: { out: null }, wake: nobody };
    if (this.#lease !== null && this.#lease.until > now) {
      const ticket = this.#nextTicket++;
      this.#queue.push({ ticket, leaseMs });
      return { rows: [], reply: { parked: ticket }, wake: nobody };
    }
    return { rows: [], reply: { out: this.#grant(this.#stored, leaseMs, now) }, wake: nobody };
  }

  #checkIn(
    { lease, revision, state }: RestConsumerCalls['checkIn']['command'],
    now: number,
  ): Outcome<RestConsumerReply, RestConsumerRow> {
    const stored = this.#stored;
    const overtaken = this.#lease !== null && this.#lease.id !== lease;
    if (stored === null || overtaken || stored.revision !== revision) {
      return { rows: [], reply: { kept: false }, wake: nobody };
    }
    this.#lease = null;
    const next = state && { state, revision: revision + 1, usedAtMs: now };
    const { instanceTimeoutMs } = stored.state.config;
    const unchanged = JSON.stringify(state) === JSON.stringify(stored.state);
    const remembered = unchanged && now - stored.usedAtMs < instanceTimeoutMs / 2;
    if (remembered) this.#idleAfterMs = now + instanceTimeoutMs;
    return {
      rows: remembered ? [] : [{ key: 'instance', value: next }],
      reply: { kept: true },
      wake: this.#wakeNext(remembered ? stored : next, now),
    };
  }

  /** Lends the state to the first in the queue, or tells everyone that it is gone. */
  #wakeNext(stored: Stored | null, now: number): ReadonlyMap<Ticket, RestConsumerReply> {
    if (stored === null) {
      return new Map(this.#queue.splice(0).map(({ ticket }) => [ticket, { out: null }]));
    }
    const next = this.#queue.shift();
    if (!next) return nobody;
    return new Map([[next.ticket, { out: this.#grant(stored, next.leaseMs, now) }]]);
  }

  #grant(stored: Stored, leaseMs: number, now: number): CheckedOut {
    // Larger than any lease of an earlier life of this object, whose holders may still come back.
    this.#lastLease = Math.max(this.#lastLease + 1, now);
    this.#lease = { id: this.#lastLease, until: now + leaseMs };
    this.#idleAfterMs = Math.max(this.#idleAfterMs, now + stored.state.config.instanceTimeoutMs);
    return { state: stored.state, lease: this.#lease.id, revision: stored.revision };
  }
}
