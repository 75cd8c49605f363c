/**
 * What somebody waits for who waits for many things. The surprise: a ring that nobody heard is kept
 * for the next who listens.
 */

/** Rings when something happened; the last ring says that the wait is over. */
export class Bell {
  #ringing = Promise.withResolvers<void>();
  last = false;

  ring(last = false): void {
    this.last ||= last;
    this.#ringing.resolve();
  }

  /** Resolves at the next ring, or at once for one that nobody has waited for. */
  async rung(): Promise<void> {
    await this.#ringing.promise;
    this.#ringing = Promise.withResolvers<void>();
  }
}

/** How long who has no memory for records waits before it looks for some again. */
const pauseMs = 20;

export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, pauseMs);
  });
}
