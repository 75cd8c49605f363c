/**
 * The record batches that a partition enclosed in what it announced, kept for the reader who waits
 * for them. The surprise: they are let go at the least doubt, since to ask the partition is always
 * right: when they become too many, when the isolate's memory is full, when something was announced
 * without records.
 */
import { recordBatches } from '../protocol/records/index.ts';
import type { AnswerClaim, AnswerMemory } from './answer-memory.ts';

/** Whoever does not take them in time may as well ask. */
const mostBytes = 64 * 1024;
/** What a batch takes beside its bytes: small ones take most of it. */
const batchOverhead = 512;

interface Wish {
  readonly maxBytes: number;
  /** Batches from here on stay out. */
  readonly end: number;
  /** What was aborted has to be left out: only the partition knows what that is. */
  readonly committed: boolean;
}

type Batch = ReturnType<typeof recordBatches> extends Iterable<infer One> ? One : never;

export class HeldRecords {
  readonly #memory: AnswerMemory;
  /** What is held, once there was anything. */
  #claim: AnswerClaim | undefined;
  /** One after the other, with nothing between them. */
  #batches: Batch[] = [];
  /** In memory. */
  #bytes = 0;
  #hasNews = false;

  /** @param memory where they are counted */
  constructor(memory: AnswerMemory) {
    this.#memory = memory;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** Whether anything came since this was last asked. */
  takeNews(): boolean {
    const hasNews = this.#hasNews;
    this.#hasNews = false;
    return hasNews;
  }

  /** Takes what was appended behind everything that was there. */
  add(pieces: readonly Uint8Array[]): void {
    this.#hasNews = true;
    for (const piece of pieces) {
      for (const batch of recordBatches(piece)) {
        if (this.#batches.at(-1)?.nextOffset !== batch.baseOffset) this.drop();
        this.#batches.push(batch);
        this.#bytes += bytesOf(batch);
      }
    }
    this.#claim ??= this.#memory.spare();
    const more = this.#bytes - this.#claim.held;
    if (this.#bytes > mostBytes || this.#claim.extend(more) < more) this.drop();
  }

  drop(): void {
    if (this.isEmpty) return;
    this.#batches = [];
    this.#bytes = 0;
    this.#claim?.release();
  }

  /**
   * Whole batches from the one that contains the offset on, as many as fit; undefined: ask the
   * partition. What comes before them is let go.
   */
  from(offset: number, { maxBytes, end, committed }: Wish): Uint8Array[] | undefined {
    if (!this.#begin(offset)) return undefined;
    const records: Uint8Array[] = [];
    let room = maxBytes;
    for (const batch of this.#batches) {
      room -= batch.sizeInBytes;
      if (room < 0 || batch.nextOffset > end) break;
      if (committed && batch.isTransactional) break;
      records.push(batch.bytes);
    }
    return records.length === 0 ? undefined : records;
  }

  /** Whether the batches that are left begin with the one that contains the offset. */
  #begin(offset: number): boolean {
    if (this.isEmpty || offset < this.#batches[0].baseOffset) return false;
    const passed = this.#batches.findIndex(({ nextOffset }) => nextOffset > offset);
    const gone = this.#batches.splice(0, passed < 0 ? this.#batches.length : passed);
    for (const batch of gone) this.#bytes -= bytesOf(batch);
    this.#claim?.settle(this.#bytes);
    return passed >= 0;
  }
}

function bytesOf({ sizeInBytes }: Batch): number {
  return sizeInBytes + batchOverhead;
}
