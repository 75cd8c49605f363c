/**
 * The memory in which an isolate waits for what busy clients send next. The surprise: a buffer is
 * held from before its first byte is there, and by connections that were busy a moment ago and may
 * be silent for an hour; so what all of them hold is bounded, and when it runs short they wait with
 * small buffers, as idle ones do.
 */

/** Of the 128 MB of an isolate. */
const mostBytes = 16 * 1024 * 1024;
/** One buffer gets this part of what is left. */
const partOfRest = 8;

/** One for each isolate. */
export class ReadMemory {
  #used = 0;

  /** Bytes beyond what every connection has in any case. */
  get used(): number {
    return this.#used;
  }

  /** Reads into a buffer of `least` bytes, or of up to `wanted` if there is room for them. */
  async during<T>(least: number, wanted: number, read: (size: number) => Promise<T>): Promise<T> {
    const room = Math.floor((mostBytes - this.#used) / partOfRest);
    const size = Math.max(least, Math.min(wanted, room));
    this.#used += size - least;
    try {
      return await read(size);
    } finally {
      this.#used -= size - least;
    }
  }
}
