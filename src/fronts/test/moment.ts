/**
 * Something that happens in one request and is waited for in others. The surprise: a promise must
 * be made by the request that awaits it, or the platform takes that for hung; so each gets its own.
 */
export class Moment {
  #hasCome = false;
  readonly #waiting = new Set<() => void>();

  get hasCome(): boolean {
    return this.#hasCome;
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#waiting.size;
  }

  come(): void {
    this.#hasCome = true;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Settles when it has come. Dispose of it when it is not waited for any more. */
  awaited(): Waiting {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#hasCome) resolve();
    else this.#waiting.add(resolve);
    return { promise, [Symbol.dispose]: () => void this.#waiting.delete(resolve) };
  }
}

export interface Waiting extends Disposable {
  readonly promise: Promise<void>;
}
