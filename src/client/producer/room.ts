/**
 * The memory that records may take while they wait to be stored, as `buffer.memory`. The surprise:
 * who waits for room is let in in turn, also where a smaller one would fit, so that records keep
 * their order.
 */
export class Room {
  readonly #capacity: number;
  #used = 0;
  readonly #waiting: { readonly bytes: number; enter(): void }[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Undefined when there is room; one alone may be larger than all there is. */
  enter(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#used += bytes;
      return undefined;
    }
    return new Promise((enter) => this.#waiting.push({ bytes, enter }));
  }

  leave(bytes: number): void {
    this.#used -= bytes;
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0].bytes)) {
      const { bytes: wanted, enter } = this.#waiting.shift()!;
      this.#used += wanted;
      enter();
    }
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#capacity;
  }
}
