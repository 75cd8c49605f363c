/**
 * Chance from a seed. The surprise: each part of the simulated world draws from a stream of its
 * own, so that one more fault does not change what a client sends.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)];
  }

  /** A delay in milliseconds: mostly about the mean, now and then many times as long. */
  delay(mean: number): number {
    return -mean * Math.log(1 - this.next() * 0.999);
  }

  bytes(array: Uint8Array): Uint8Array {
    for (let i = 0; i < array.length; i++) array[i] = this.between(0, 255);
    return array;
  }

  /** Another stream, the same for the same name. */
  fork(name: string): Random {
    let hash = this.#state ^ 0x811c9dc5;
    for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    return new Random(hash);
  }
}
