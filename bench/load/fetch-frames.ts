/**
 * A consumer's side of Fetch: says what to ask next, and follows the offsets through what comes, by
 * the headers of batches; records are not looked at. The surprise: where the broker keeps a fetch
 * session, as clients have it, only partitions that moved on are named again; where it keeps none,
 * all are, and those that were answered come last.
 */
import { crc32c } from '../../src/bytes/crc32c.ts';
import type { Reader } from '../../src/bytes/reader.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { concat } from '../../src/bytes/writer.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { errorInfo } from '../../src/protocol/errors.ts';
import { encodeRequestFrame } from '../../src/protocol/header.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { correlationIdAt, putInt32 } from './connection.ts';
import { skipTagged } from './produce-frames.ts';

/** What Java's consumer of 4.x speaks, but for what replicas say: topics by id. */
const version = 17;
const clientId = 'load';
/** Behind the header: how long, how little, how much, which isolation; then id and epoch. */
const sessionAt = correlationIdAt + 4 + 2 + clientId.length + 1 + 4 + 4 + 4 + 1;
/** Each partition in a request has as many bytes; the last of them says that nothing is tagged. */
const entryBytes = 33;
/** Behind the last partition: tags, no forgotten topics, no rack, tags. */
const tailBytes = 4;
/** Before the records of a batch. */
const headerBytes = 61;

export interface FetchOptions {
  readonly topicId: string;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  /** How long an answer may wait for records. */
  readonly maxWaitMs: number;
}

interface Place {
  readonly partition: number;
  /** The next to be read. */
  offset: number;
  /** As far as it is known; -1 before the first answer. */
  highWatermark: number;
  /** Whether the broker's session, if there is one, is to be told. */
  isChanged: boolean;
}

export class FetchFrames {
  /** Of the last answer. */
  records = 0;
  bytes = 0;
  readonly #options: FetchOptions;
  readonly #places: Map<number, Place>;
  #order: Place[];
  #frame: Uint8Array = new Uint8Array();
  #named = -1;
  #sessionId = 0;
  #sessionEpoch = 0;
  #correlationId = 0;
  #isFirst = true;

  /** @param offsets where to begin, by partition */
  constructor(offsets: ReadonlyMap<number, number>, options: FetchOptions) {
    this.#options = options;
    this.#order = [...offsets].map(([partition, offset]) => {
      return { partition, offset, highWatermark: -1, isChanged: true };
    });
    this.#places = new Map(this.#order.map((place) => [place.partition, place]));
  }

  /** Whether all that was there has come. */
  get isAtEnd(): boolean {
    return this.#order.every(({ offset, highWatermark }) => offset === highWatermark);
  }

  /** The next offsets, by partition. */
  get offsets(): ReadonlyMap<number, number> {
    return new Map(this.#order.map(({ partition, offset }) => [partition, offset]));
  }

  /** To be asked from there on. */
  moveTo(offsets: ReadonlyMap<number, number>): void {
    for (const place of this.#order) {
      place.offset = offsets.get(place.partition)!;
      place.isChanged = true;
    }
  }

  /** The next request; good until the one after it is made. */
  next(): Uint8Array {
    const named =
      this.#sessionId === 0 ? this.#order : this.#order.filter(({ isChanged }) => isChanged);
    if (named.length !== this.#named) this.#frame = this.#framed(named.length);
    this.#named = named.length;
    const bytes = this.#frame;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = bytes.length - tailBytes - named.length * entryBytes;
    for (const place of named) {
      view.setInt32(at, place.partition);
      view.setInt32(at + 8, place.offset / 0x1_0000_0000);
      view.setUint32(at + 12, place.offset % 0x1_0000_0000);
      place.isChanged = false;
      at += entryBytes;
    }
    putInt32(bytes, correlationIdAt, ++this.#correlationId);
    view.setInt32(sessionAt, this.#sessionId);
    view.setInt32(sessionAt + 4, this.#sessionEpoch);
    return bytes;
  }

  /** Reads the answer to the last request. Throws when it is not what was asked for. */
  take(answer: Reader): void {
    this.records = 0;
    this.bytes = 0;
    if (answer.int32() !== this.#correlationId) {
      throw new Error('an answer to something that was not asked');
    }
    skipTagged(answer);
    answer.take(4);
    check(answer.int16());
    const sessionId = answer.int32();
    this.#sessionEpoch = sessionId === 0 ? 0 : this.#sessionEpoch + 1;
    this.#sessionId = sessionId;
    let isMoved = false;
    for (let topics = answer.unsignedVarint() - 1; topics > 0; topics--) {
      answer.take(16);
      for (let left = answer.unsignedVarint() - 1; left > 0; left--) {
        if (this.#takePartition(answer)) isMoved = true;
      }
      skipTagged(answer);
    }
    if (isMoved && sessionId === 0) this.#reorder();
  }

  /** Whether records came. */
  #takePartition(answer: Reader): boolean {
    const index = answer.int32();
    check(answer.int16());
    const place = this.#places.get(index);
    if (place === undefined) throw new Error(`Fetch answered partition ${index} unasked`);
    place.highWatermark = answer.int64();
    answer.take(16);
    for (let aborted = answer.unsignedVarint() - 1; aborted > 0; aborted--) {
      answer.take(16);
      skipTagged(answer);
    }
    answer.take(4);
    const length = answer.unsignedVarint() - 1;
    const start = answer.take(Math.max(0, length));
    skipTagged(answer);
    if (length <= 0) return false;
    this.#follow(place, answer.bytes, start, start + length);
    place.isChanged = true;
    return true;
  }

  /** Goes from header to header. The last batch may be cut off; the first may not. */
  #follow(place: Place, bytes: Uint8Array, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = start;
    while (at + headerBytes <= end) {
      const size = 12 + view.getInt32(at + 8);
      if (at + size > end) break;
      const baseOffset = view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
      const nextOffset = baseOffset + view.getInt32(at + 23) + 1;
      const isNext = at === start ? baseOffset <= place.offset : baseOffset === place.offset;
      if (size < headerBytes || bytes[at + 16] !== 2 || !isNext || nextOffset <= place.offset) {
        throw new Error(`Fetch at ${place.offset} answered a batch at ${baseOffset}`);
      }
      if (this.#isFirst && crc32c(bytes, at + 21, at + size) !== view.getUint32(at + 17)) {
        throw new Error(`Fetch at ${place.offset} answered a batch of another checksum`);
      }
      this.#isFirst = false;
      this.records += view.getInt32(at + 57);
      this.bytes += size;
      place.offset = nextOffset;
      at += size;
    }
    if (at === start) throw new Error(`Fetch at ${place.offset} answered no whole batch`);
  }

  /** Those that were answered come last. */
  #reorder(): void {
    const waiting = this.#order.filter(({ isChanged }) => !isChanged);
    this.#order = [...waiting, ...this.#order.filter(({ isChanged }) => isChanged)];
  }

  /** A request that names so many partitions. */
  #framed(count: number): Uint8Array {
    const { topicId, maxBytes, partitionMaxBytes, maxWaitMs } = this.#options;
    const entry = {
      partition: 0,
      currentLeaderEpoch: -1,
      fetchOffset: 0,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes,
      replicaDirectoryId: ZERO_UUID,
    };
    const topics =
      count === 0 ? [] : [{ topic: '', topicId, partitions: Array(count).fill(entry) }];
    const request = {
      ...defaultsOf(fetch.request.fields),
      maxWaitMs,
      minBytes: 1,
      maxBytes,
      topics,
    };
    return concat(encodeRequestFrame(fetch, version, { correlationId: 0, clientId }, request));
  }
}

function check(errorCode: number): void {
  if (errorCode !== 0) throw new Error(`Fetch answered ${errorInfo(errorCode).name}`);
}
