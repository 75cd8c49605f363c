/**
 * Cuts a byte stream into length-prefixed frames, without IO: bytes come in as the network cuts
 * them, frames go out whole. A frame that lies in one chunk is a view of that chunk; one that is
 * spread over several is joined when it is whole. The surprise: what waits for the rest takes up to
 * twice what has arrived, whatever the length claims: large chunks stay where they are, small ones
 * are gathered in a buffer that doubles.
 */
import { DecodeError } from '../bytes/reader.ts';
import { concat } from '../bytes/writer.ts';

const nothing = new Uint8Array(0);
/** The first buffer of gathered bytes; it doubles from there. */
const FIRST_BUFFER = 4096;
/** From this size on a part of a frame stays where it is, if it is most of what lies there. */
const LARGE_PART = 32 * 1024;

export class FrameReader {
  /** The largest frame accepted, in bytes (`socket.request.max.bytes`). May change at any time. */
  limit: number;
  #chunk: Uint8Array = nothing;
  /** How far the chunk has been taken. */
  #at = 0;
  #length = 0;
  #lengthBytes = 0;
  /** What has arrived of a frame: parts, and behind them what was gathered. */
  #parts: Uint8Array[] = [];
  #gathered: Uint8Array = nothing;
  #filled = 0;
  /** Bytes in both. */
  #arrived = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether a frame has begun and not ended: closing now cuts it. */
  get isMidFrame(): boolean {
    return this.#lengthBytes > 0;
  }

  /**
   * Hands over the next bytes; `next()` must have taken everything out of the last ones. They must
   * not be written to until the frames they are part of were taken.
   */
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
    const start = this.#at;
    const end = Math.min(this.#chunk.length, start + length - this.#arrived);
    const part = this.#chunk.subarray(start, end);
    this.#at = end;
    if (part.length === length) return this.#finish(part);
    this.#arrived += part.length;
    if (this.#arrived < length) {
      this.#keep(part);
      return this.#wait();
    }
    return this.#finish(this.#joined(part));
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

  #keep(part: Uint8Array): void {
    if (part.length < LARGE_PART || 2 * part.length < part.buffer.byteLength) this.#gather(part);
    else this.#parts.push(...this.#takeGathered(), part);
  }

  #gather(part: Uint8Array): void {
    const filled = this.#filled + part.length;
    if (filled > this.#gathered.length) {
      const size = Math.max(filled, 2 * this.#gathered.length, FIRST_BUFFER);
      const larger = new Uint8Array(Math.min(size, this.#length));
      larger.set(this.#gathered.subarray(0, this.#filled));
      this.#gathered = larger;
    }
    this.#gathered.set(part, this.#filled);
    this.#filled = filled;
  }

  #takeGathered(): Uint8Array[] {
    if (this.#filled === 0) return [];
    const gathered = this.#gathered.subarray(0, this.#filled);
    this.#gathered = nothing;
    this.#filled = 0;
    return [gathered];
  }

  /** The whole frame, of which this is the last part. */
  #joined(part: Uint8Array): Uint8Array {
    if (this.#parts.length > 0) return concat([...this.#parts, ...this.#takeGathered(), part]);
    this.#gather(part);
    return this.#gathered.subarray(0, this.#length);
  }

  #finish(frame: Uint8Array): Uint8Array {
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#arrived = 0;
    this.#filled = 0;
    this.#gathered = nothing;
    // Few frames are in parts.
    if (this.#parts.length > 0) this.#parts = [];
    return frame;
  }
}
