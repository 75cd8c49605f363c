/**
 * What may be changed now and then in bursts, as Kafka's token bucket (KIP-599). The surprise: the
 * last change may take more than is there; the ones after it wait until that is paid back.
 */

/** A burst is what comes together in so many seconds: `controller.quota.window.num` of them. */
const burstSeconds = 11;

export class TokenBucket {
  #tokens = 0;
  #at = 0;

  /** For how many milliseconds nothing may be taken; 0: something may. */
  throttleMs(perSecond: number, now: number): number {
    this.#refill(perSecond, now);
    return this.#tokens < 0 ? Math.round((-this.#tokens / perSecond) * 1_000) : 0;
  }

  take(count: number, perSecond: number, now: number): void {
    this.#refill(perSecond, now);
    this.#tokens -= count;
  }

  #refill(perSecond: number, now: number): void {
    const came = (perSecond * (now - this.#at)) / 1_000;
    this.#tokens = Math.min(burstSeconds * perSecond, this.#tokens + came);
    this.#at = now;
  }
}
