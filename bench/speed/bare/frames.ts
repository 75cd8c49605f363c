/**
 * Follows frames through what is read, wherever reads begin and end. Only the first bytes of each
 * are looked at; nothing is copied but these.
 */
import { readMarker, readRequestLength } from './dialect.ts';

/** A frame that came to its end. */
export interface Frame {
  readonly correlationId: number;
  /** Present when it asks for what was kept. */
  readonly read?: { readonly from: number; readonly maxBytes: number };
}

const lengthBytes = 4;

export class Frames {
  readonly #head = new Uint8Array(readRequestLength);
  readonly #view = new DataView(this.#head.buffer);
  /** Bytes of the head that are there. */
  #filled = 0;
  /** Bytes of the frame to come behind its head. */
  #rest = 0;

  /** The frames that end in these bytes. */
  take(bytes: Uint8Array): Frame[] {
    const ended: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#filled < this.#headLength()) {
        const part = bytes.subarray(at, at + this.#headLength() - this.#filled);
        this.#head.set(part, this.#filled);
        this.#filled += part.length;
        at += part.length;
        if (this.#filled === lengthBytes || this.#filled < this.#headLength()) continue;
        this.#rest = lengthBytes + this.#view.getInt32(0) - this.#filled;
      }
      const taken = Math.min(this.#rest, bytes.length - at);
      this.#rest -= taken;
      at += taken;
      if (this.#rest === 0) {
        ended.push(this.#frame());
        this.#filled = 0;
      }
    }
    return ended;
  }

  #headLength(): number {
    if (this.#filled < lengthBytes) return lengthBytes;
    return Math.min(readRequestLength, lengthBytes + this.#view.getInt32(0));
  }

  #frame(): Frame {
    const correlationId = this.#view.getInt32(8);
    if (this.#filled < readRequestLength || this.#view.getInt32(4) !== readMarker) {
      return { correlationId };
    }
    const [from, maxBytes] = [Number(this.#view.getBigInt64(12)), this.#view.getInt32(20)];
    return { correlationId, read: { from, maxBytes } };
  }
}
