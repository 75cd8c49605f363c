/**
 * Walks the records of one batch, given their decompressed bytes, and checks every length on the
 * way. The surprise: it allocates nothing; a record is where the cursor stands, and only
 * `decodeRecords` makes objects of it.
 */
import { ErrorCode, KafkaError } from '../errors.ts';

/** Steps from record to record. Throws INVALID_RECORD at the first thing that does not fit. */
export class RecordCursor {
  readonly bytes: Uint8Array;
  /** What the record says its length is, which does not count itself. */
  length = 0;
  offsetDelta = 0;
  timestampDelta = 0;
  /** Where the key's length stands, behind everything that places the record. */
  fieldsStart = 0;
  keyStart = 0;
  /** -1: null. */
  keyLength = -1;
  valueStart = 0;
  /** -1: null. */
  valueLength = -1;
  headersStart = 0;
  headerCount = 0;
  #at = 0;
  /** Where the record under the cursor ends: no field may reach beyond. */
  #end = 0;

  constructor(recordBytes: Uint8Array) {
    this.bytes = recordBytes;
  }

  /** Where the record under the cursor ends. */
  get end(): number {
    return this.#end;
  }

  /** All bytes are behind the cursor. */
  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  /** Where the next record starts: one past the one under the cursor. */
  get position(): number {
    return this.#at;
  }

  next(): void {
    this.#end = this.bytes.length;
    const length = this.#varint();
    if (length < 0 || length > this.bytes.length - this.#at)
      throw invalid('a length that overruns');
    this.length = length;
    this.#end = this.#at + length;
    this.#skip(1); // attributes, all unused
    this.timestampDelta = this.#varlong();
    this.offsetDelta = this.#varint();
    this.fieldsStart = this.#at;
    this.keyLength = this.#length();
    this.keyStart = this.#skip(this.keyLength);
    this.valueLength = this.#length();
    this.valueStart = this.#skip(this.valueLength);
    this.headerCount = this.#varint();
    if (this.headerCount < 0 || this.headerCount > this.#end - this.#at) {
      throw invalid(`${this.headerCount} headers`);
    }
    this.headersStart = this.#at;
    for (let i = 0; i < this.headerCount; i++) this.#skipHeader();
    if (this.#at !== this.#end) throw invalid('a length that its fields do not fill');
  }

  /** The headers of the record under the cursor, as views: key, value, key, value, … */
  headers(): (Uint8Array | null)[] {
    const end = this.#at;
    this.#at = this.headersStart;
    const fields: (Uint8Array | null)[] = [];
    for (let i = 0; i < 2 * this.headerCount; i++) {
      const length = this.#length();
      const start = this.#skip(length);
      fields.push(length < 0 ? null : this.bytes.subarray(start, start + length));
    }
    this.#at = end;
    return fields;
  }

  #skipHeader(): void {
    const keyLength = this.#length();
    if (keyLength < 0) throw invalid('a header without a key');
    this.#skip(keyLength);
    this.#skip(this.#length());
  }

  /** A length of bytes; every negative one is null. */
  #length(): number {
    const length = this.#varint();
    return length < 0 ? -1 : length;
  }

  /** Passes over `length` bytes (null: none) and returns where they start. */
  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw invalid('a field that overruns');
    if (length > 0) this.#at = start + length;
    return start;
  }

  /** Zigzag, at most 5 bytes, 32 bits. */
  #varint(): number {
    const { bytes } = this;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= this.#end) break;
      const byte = bytes[this.#at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw invalid('a number without an end');
  }

  /** Zigzag, at most 10 bytes, 64 bits, of which a `number` keeps 53. */
  #varlong(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      if (this.#at >= this.#end) break;
      const byte = this.bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte >= 0x80) continue;
      if (!Number.isSafeInteger(value)) throw invalid('a timestamp out of all bounds');
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw invalid('a number without an end');
  }
}

function invalid(what: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_RECORD, `a record has ${what}`);
}
