/**
 * Writes Kafka's big-endian types into one buffer that doubles as it fills. Large byte ranges are
 * not copied: the buffer is sealed before them and they become chunks of their own, so the result
 * is a list of chunks, to be sent in order.
 */
import { INT64_MAX, INT64_MIN } from './reader.ts';
import { isUuid, writeUuid } from './uuid.ts';

/** A value that cannot be written: a bug of whoever made the value, never the peer's fault. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
  /** Where in a message it happened, as in DecodeError. */
  path = '';
}

/** Ranges up to this size are copied, since a chunk of their own would cost more than the copy. */
const COPY_LIMIT = 1024;
const utf8 = new TextEncoder();

export class Writer {
  #sealed: Uint8Array[] = [];
  #sealedLength = 0;
  #buffer: Uint8Array;
  /** Where in the buffer the chunk being written begins. */
  #start = 0;
  #position = 0;

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Bytes written so far, in all chunks. */
  get length(): number {
    return this.#sealedLength + this.#position - this.#start;
  }

  /** Everything written, in order. The writer must not be used afterwards. */
  chunks(): Uint8Array[] {
    this.#seal();
    return this.#sealed;
  }

  /** Everything written, joined: copies, so for small things and tests. */
  joined(): Uint8Array {
    return concat(this.chunks());
  }

  boolean(value: boolean): void {
    const at = this.#reserve(1);
    this.#buffer[at] = value ? 1 : 0;
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw outOf('int8', value);
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw outOf('int16', value);
    const at = this.#reserve(2);
    this.#buffer[at] = value >> 8;
    this.#buffer[at + 1] = value;
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw outOf('uint16', value);
    const at = this.#reserve(2);
    this.#buffer[at] = value >> 8;
    this.#buffer[at + 1] = value;
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw outOf('int32', value);
    this.#putInt32(this.#reserve(4), value);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw outOf('uint32', value);
    this.#putInt32(this.#reserve(4), value | 0);
  }

  /**
   * Whole numbers up to ±(2^53 − 1), and INT64_MAX and INT64_MIN, which stand for Long.MAX_VALUE
   * and MIN_VALUE.
   */
  int64(value: number): void {
    if (Number.isSafeInteger(value)) {
      const at = this.#reserve(8);
      this.#putInt32(at, Math.floor(value / 0x1_0000_0000));
      this.#putInt32(at + 4, value | 0);
    } else if (value === INT64_MAX || value === INT64_MIN) {
      const at = this.#reserve(8);
      this.#putInt32(at, value > 0 ? 0x7fff_ffff : -0x8000_0000);
      this.#putInt32(at + 4, value > 0 ? -1 : 0);
    } else {
      throw outOf('int64', value);
    }
  }

  float64(value: number): void {
    if (typeof value !== 'number') throw outOf('float64', value);
    const at = this.#reserve(8);
    new DataView(this.#buffer.buffer).setFloat64(at, value);
  }

  uuid(value: string): void {
    if (!isUuid(value)) throw outOf('uuid', value);
    const at = this.#reserve(16);
    writeUuid(value, this.#buffer, at);
  }

  unsignedVarint(value: number): void {
    if (value >>> 0 !== value) throw outOf('unsigned varint', value);
    let at = this.#reserve(5);
    while (value > 0x7f) {
      this.#buffer[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.#buffer[at++] = value;
    this.#position = at;
  }

  /** A zigzag varint of 32 bits, as in records. */
  varint(value: number): void {
    if ((value | 0) !== value) throw outOf('varint', value);
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A zigzag varint of a whole number up to ±(2^53 − 1), as in records. */
  varlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw outOf('varlong', value);
    // Zigzag doubles, more than a number can hold: the lowest seven bits are made apart.
    const magnitude = value < 0 ? -value - 1 : value;
    let lowest = (magnitude % 64) * 2 + (value < 0 ? 1 : 0);
    let rest = Math.floor(magnitude / 64);
    let at = this.#reserve(10);
    while (rest > 0) {
      this.#buffer[at++] = lowest | 0x80;
      lowest = rest % 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[at++] = lowest;
    this.#position = at;
  }

  /** Copies the bytes. */
  copy(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Appends the bytes as a view when they are many: they must not change before they are sent. */
  view(bytes: Uint8Array): void {
    if (bytes.length <= COPY_LIMIT) {
      this.copy(bytes);
      return;
    }
    this.#seal();
    this.#sealed.push(bytes);
    this.#sealedLength += bytes.length;
  }

  /** Appends everything another writer holds. */
  append(other: Writer): void {
    for (const chunk of other.chunks()) this.view(chunk);
  }

  /** UTF-8 behind its length as an int16. Lone surrogates become U+FFFD. */
  text(value: string): void {
    this.#lengthAndText(value, false);
  }

  /** UTF-8 behind its length plus one as an unsigned varint. */
  compactText(value: string): void {
    this.#lengthAndText(value, true);
  }

  #lengthAndText(value: string, compact: boolean): void {
    const units = value.length;
    if (units <= 64) {
      this.#textLength(units, compact);
      const at = this.#reserve(units);
      let i = 0;
      for (; i < units; i++) {
        const unit = value.charCodeAt(i);
        if (unit > 0x7f) break;
        this.#buffer[at + i] = unit;
      }
      if (i === units) return;
      this.#position -= units + (compact ? 1 : 2);
    }
    const bytes = utf8.encode(value);
    this.#textLength(bytes.length, compact);
    this.copy(bytes);
  }

  #textLength(length: number, compact: boolean): void {
    if (length > 0x7fff) throw new EncodeError(`text of ${length} bytes: 32767 is the limit`);
    if (compact) this.unsignedVarint(length + 1);
    else this.int16(length);
  }

  #reserve(length: number): number {
    const at = this.#position;
    if (at + length > this.#buffer.length) return this.#grow(length);
    this.#position = at + length;
    return at;
  }

  /** Sealed chunks keep the old buffer; only what is still being written moves to the new one. */
  #grow(length: number): number {
    const open = this.#buffer.subarray(this.#start, this.#position);
    this.#buffer = new Uint8Array(Math.max(2 * this.#buffer.length, open.length + length));
    this.#buffer.set(open);
    this.#start = 0;
    this.#position = open.length + length;
    return open.length;
  }

  #seal(): void {
    if (this.#position === this.#start) return;
    const chunk = this.#buffer.subarray(this.#start, this.#position);
    this.#sealed.push(chunk);
    this.#sealedLength += chunk.length;
    this.#start = this.#position;
  }

  #putInt32(at: number, value: number): void {
    const buffer = this.#buffer;
    buffer[at] = value >> 24;
    buffer[at + 1] = value >> 16;
    buffer[at + 2] = value >> 8;
    buffer[at + 3] = value;
  }
}

/** One array of all the chunks; a single chunk is returned as it is. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

function outOf(type: string, value: unknown): EncodeError {
  return new EncodeError(`${String(value)} is not an ${type}`);
}
