/**
 * Cuts a byte stream into length-prefixed frames, without IO: bytes come in as the network cuts
 * them, frames go out whole. A frame that lies in one chunk is a view of that chunk; one that is
 * spread over several is gathered in a buffer that grows with what has arrived, never with what the
 * length claims.
 */
import { DecodeError } from '../bytes/reader.ts';

const nothing = new Uint8Array(0);
/** The first buffer of a gathered frame; it doubles from there. */
const FIRST_BUFFER = 4096;

export class FrameReader {
  /** The largest frame accepted, in bytes (`socket.request.max.bytes`). May change at any time. */
  limit: number;
  #chunk: Uint8Array = nothing;
  /** How far the chunk has been taken. */
  #at = 0;
  #length = 0;
  #lengthBytes = 0;
  #gathered: Uint8Array = nothing;
  #filled = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether a frame has begun and not ended: closing now cuts it. */
  get isMidFrame(): boolean {
    return this.#lengthBytes > 0;
  }

  /** Hands over the next bytes; `next()` must have taken everything out of the last ones. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) throw new Error('frames are left in the last chunk');
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * The next whole frame, without its length; undefined when more bytes are needed. The frame may
   * be a view of the chunk: use it, or copy it, before the chunk is written to. Throws DecodeError
   * for a length below 0 or above the limit, and again at every later call: the stream is lost.
   */
  next(): Uint8Array | undefined {
    if (!this.#hasLength()) return this.#wait();
    const length = this.#length;
    if (length < 0 || length > this.limit) {
      throw new DecodeError(`a frame of ${length} bytes: the limit is ${this.limit}`);
    }
    const available = this.#chunk.length - this.#at;
    if (this.#filled === 0 && available >= length) {
      this.#at += length;
      return this.#finish(this.#chunk.subarray(this.#at - length, this.#at));
    }
    this.#gather(Math.min(available, length - this.#filled));
    if (this.#filled < length) return this.#wait();
    return this.#finish(this.#gathered.subarray(0, length));
  }

  /** The chunk is used up: an idle connection does not keep its last one alive. */
  #wait(): undefined {
    this.#chunk = nothing;
    this.#at = 0;
  }

  #hasLength(): boolean {
    while (this.#lengthBytes < 4) {
      if (this.#at === this.#chunk.length) return false;
      this.#length = (this.#length << 8) | this.#chunk[this.#at++];
      this.#lengthBytes++;
    }
    return true;
  }

  #gather(count: number): void {
    if (count === 0) return;
    const filled = this.#filled + count;
    if (filled > this.#gathered.length) {
      const size = Math.max(filled, 2 * this.#gathered.length, FIRST_BUFFER);
      const larger = new Uint8Array(Math.min(size, this.#length));
      larger.set(this.#gathered.subarray(0, this.#filled));
      this.#gathered = larger;
    }
    this.#gathered.set(this.#chunk.subarray(this.#at, this.#at + count), this.#filled);
    this.#filled = filled;
    this.#at += count;
  }

  #finish(frame: Uint8Array): Uint8Array {
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#gathered = nothing;
    this.#filled = 0;
    return frame;
  }
}
