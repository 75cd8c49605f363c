/**
 * The latest offset of every key, as compaction needs it: a hash table over the bytes of the keys.
 * The surprise: it keeps the keys themselves and compares them, so that no two keys are ever taken
 * for one, and it says when it is full instead of growing beyond its bound.
 */
import { murmur2 } from '../../bytes/murmur2.ts';

const firstSlots = 1 << 10;

export class KeyOffsets {
  readonly #mostBytes: number;
  readonly #mostKeys: number;
  /** The keys' bytes, one after the other. */
  #bytes = new Uint8Array(1 << 14);
  #used = 0;
  /** Slot → index of its key plus 1; 0: free. Always at least half of them are free. */
  #slots = new Int32Array(firstSlots);
  #hashes: number[] = [];
  #starts: number[] = [];
  #offsets: number[] = [];

  constructor(mostKeys: number, mostBytes: number) {
    this.#mostKeys = mostKeys;
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#offsets.length;
  }

  /** No more should be put: it holds as much as it was made for. */
  get isFull(): boolean {
    return this.size >= this.#mostKeys || this.#used >= this.#mostBytes;
  }

  get(key: Uint8Array): number | undefined {
    const index = this.#slots[this.#find(key, murmur2(key))] - 1;
    return index < 0 ? undefined : this.#offsets[index];
  }

  /** Offsets of one key come in order. */
  put(key: Uint8Array, offset: number): void {
    const hash = murmur2(key);
    const slot = this.#find(key, hash);
    const index = this.#slots[slot] - 1;
    if (index >= 0) {
      this.#offsets[index] = offset;
      return;
    }
    this.#room(key.length);
    this.#bytes.set(key, this.#used);
    this.#hashes.push(hash);
    this.#starts.push(this.#used);
    this.#offsets.push(offset);
    this.#used += key.length;
    this.#slots[slot] = this.size;
    if (2 * this.size > this.#slots.length) this.#grow();
  }

  /** The slot of this key, or the free one where it would be. */
  #find(key: Uint8Array, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const index = this.#slots[slot] - 1;
      if (index < 0 || (this.#hashes[index] === hash && this.#isKey(index, key))) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isKey(index: number, key: Uint8Array): boolean {
    const start = this.#starts[index];
    const end = index + 1 < this.size ? this.#starts[index + 1] : this.#used;
    if (end - start !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (this.#bytes[start + i] !== key[i]) return false;
    return true;
  }

  #room(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + length));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (const [index, hash] of this.#hashes.entries()) {
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}
