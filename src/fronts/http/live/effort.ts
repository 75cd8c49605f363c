/**
 * What a stream has cost its invocation so far: calls to objects, and work. The surprise: a Worker
 * is ended without a word when it has made too many of one or computed too long, so a stream ends
 * itself before, when its client can still be told to come again.
 */

import type { Kafka } from '../kafka.ts';
import type { HttpContext } from '../routes.ts';

export interface EffortLimits {
  readonly maxCalls: number;
  /** Pieces of work; each 256 KiB that is moved counts as one more. */
  readonly maxRequests: number;
}

const bytesOfRequest = 256 * 1_024;

export class Effort {
  readonly #kafka: Kafka;
  readonly #limits: EffortLimits;
  #requests = 0;

  constructor(kafka: Kafka, limits: EffortLimits) {
    this.#kafka = kafka;
    this.#limits = limits;
  }

  /** A piece of work was done, which moved so much. */
  add(bytes: number): void {
    this.#requests += 1 + bytes / bytesOfRequest;
  }

  /** Whether it is time for the client to come again. */
  get isSpent(): boolean {
    const { maxCalls, maxRequests } = this.#limits;
    return this.#kafka.calls >= maxCalls || this.#requests >= maxRequests;
  }
}

export function effortOf(c: HttpContext): Effort {
  return new Effort(c.get('kafka'), c.env);
}
