/**
 * A cursor over received bytes, in Kafka's big-endian types. Every read is checked against the end
 * before it happens and fails with a DecodeError, so hostile bytes can neither read past a frame
 * nor crash it. Byte ranges are views, not copies.
 */
import { uuidFromBytes } from './uuid.ts';

/**
 * The bytes do not say what they should: cut short, a length that cannot be, a value out of range.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /**
   * Where in a message it happened, outermost field first: ` topics.partitions`. Filled while the
   * error travels up.
   */
  path = '';
}

/**
 * Kafka's Long.MAX_VALUE, which clients send to mean "no limit"; as a number it is 2^63, and it is
 * written back exactly.
 */
export const INT64_MAX = 2 ** 63;
/** Kafka's Long.MIN_VALUE. */
export const INT64_MIN = -(2 ** 63);

const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });
/** Below this, spelling ASCII out by hand is quicker than a call to TextDecoder. */
const SHORT_TEXT = 48;

export class Reader {
  readonly bytes: Uint8Array;
  /** The next byte to be read. */
  offset: number;
  /** One past the last byte that may be read. */
  end: number;
  /**
   * How many array elements may still be decoded: bounds the memory that few bytes can turn into.
   */
  elementsLeft = Number.POSITIVE_INFINITY;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    if (offset < 0 || end > bytes.length || offset > end) throw new DecodeError('no such range');
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Moves over `length` bytes and says where they begin. */
  take(length: number): number {
    const start = this.offset;
    if (length < 0 || length > this.end - start) {
      throw new DecodeError(
        `${length} bytes wanted at offset ${start}, ${this.end - start} are left`,
      );
    }
    this.offset = start + length;
    return start;
  }

  boolean(): boolean {
    return this.bytes[this.take(1)] !== 0;
  }

  int8(): number {
    return (this.bytes[this.take(1)] << 24) >> 24;
  }

  uint8(): number {
    return this.bytes[this.take(1)];
  }

  int16(): number {
    const at = this.take(2);
    return ((this.bytes[at] << 24) | (this.bytes[at + 1] << 16)) >> 16;
  }

  uint16(): number {
    const at = this.take(2);
    return (this.bytes[at] << 8) | this.bytes[at + 1];
  }

  int32(): number {
    return this.#int32At(this.take(4));
  }

  uint32(): number {
    return this.#int32At(this.take(4)) >>> 0;
  }

  /**
   * Refuses what a number cannot hold exactly, except Long.MAX_VALUE and Long.MIN_VALUE (see
   * INT64_MAX).
   */
  int64(): number {
    const at = this.take(8);
    const high = this.#int32At(at);
    const low = this.#int32At(at + 4) >>> 0;
    const value = high * 0x1_0000_0000 + low;
    if (Number.isSafeInteger(value)) return value;
    if (high === 0x7fff_ffff && low === 0xffff_ffff) return INT64_MAX;
    if (high === -0x8000_0000 && low === 0) return INT64_MIN;
    throw new DecodeError(`an int64 at offset ${at} is beyond 2^53 - 1`);
  }

  float64(): number {
    const at = this.take(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0);
  }

  uuid(): string {
    return uuidFromBytes(this.bytes, this.take(16));
  }

  /**
   * An unsigned varint of at most 32 bits; longer spellings of small values are accepted, as in
   * Kafka.
   */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.bytes[this.take(1)];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.bytes[this.take(1)];
    if (last > 0x0f) throw new DecodeError(`a varint before offset ${this.offset} is too long`);
    return value + last * 0x1000_0000;
  }

  /** A zigzag varint of 32 bits, as in records. */
  varint(): number {
    const raw = this.unsignedVarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** A zigzag varint of up to 64 bits, as in records; refused beyond ±(2^53 − 1). */
  varlong(): number {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.bytes[this.take(1)];
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    let high = 0;
    for (let scale = 1; scale <= 2 ** 35; scale *= 128) {
      const byte = this.bytes[this.take(1)];
      high += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        const half = high * 2 ** 27 + (low >>> 1);
        const value = (low & 1) === 0 ? half : -half - 1;
        if (high < 2 ** 36 && Number.isSafeInteger(value)) return value;
        break;
      }
    }
    throw new DecodeError(`a varlong before offset ${this.offset} is beyond 2^53 - 1`);
  }

  /** A view of the next `length` bytes: it stays valid as long as the frame does. */
  view(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** Text of `length` bytes; bytes that are not UTF-8 become U+FFFD, as in Kafka. */
  text(length: number): string {
    const start = this.take(length);
    const end = start + length;
    if (length > SHORT_TEXT) return utf8.decode(this.bytes.subarray(start, end));
    let text = '';
    for (let at = start; at < end; at++) {
      const byte = this.bytes[at];
      if (byte > 0x7f) return utf8.decode(this.bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #int32At(at: number): number {
    const bytes = this.bytes;
    return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
}
