/**
 * A partition's log in plain memory: for tests and the simulation. The surprise: it copies what it
 * is given and keeps rows in one sorted array, so it behaves as the SQLite form does, but for being
 * gone with the process.
 */
import type { LogRow, LogStore, ProducerRow, RowHead, Snapshot } from '../core/log/store.ts';

export class MemoryStore implements LogStore {
  #rows: LogRow[] = [];
  #snapshot: Snapshot | undefined;
  #dropped = false;

  get dropped(): boolean {
    return this.#dropped;
  }

  floor(offset: number): RowHead | undefined {
    const row = this.#rows[this.#indexFrom(offset + 1) - 1];
    return row && headOf(row);
  }

  from(offset: number, limit: number): readonly RowHead[] {
    const index = this.#indexFrom(offset);
    return this.#rows.slice(index, index + limit).map(headOf);
  }

  data(first: number, last: number): readonly Uint8Array[] {
    return this.#rows
      .slice(this.#indexFrom(first), this.#indexFrom(last + 1))
      .map(({ bytes }) => bytes);
  }

  count(offset: number): number {
    return this.#rows.length - this.#indexFrom(offset);
  }

  snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  producerRows(offset: number): readonly ProducerRow[] {
    return this.#rows
      .slice(this.#indexFrom(offset))
      .flatMap(({ baseOffset, appendedAt, producers }) =>
        producers === null ? [] : [{ baseOffset, appendedAt, producers }],
      );
  }

  append(rows: readonly LogRow[], snapshot: Snapshot | undefined): void {
    let last = this.#rows.at(-1)?.baseOffset ?? -1;
    for (const { baseOffset } of rows) {
      if (baseOffset <= last) throw new Error(`a row at ${baseOffset} after one at ${last}`);
      last = baseOffset;
    }
    for (const row of rows) {
      const producers = row.producers?.slice() ?? null;
      this.#rows.push({ ...row, producers, bytes: row.bytes.slice() });
    }
    if (snapshot !== undefined) this.#snapshot = { ...snapshot, bytes: snapshot.bytes.slice() };
  }

  drop(): void {
    this.#rows = [];
    this.#snapshot = undefined;
    this.#dropped = true;
  }

  /** The index of the first row that begins at or after the offset. */
  #indexFrom(offset: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rows[middle].baseOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function headOf({ producers: _, bytes, ...head }: LogRow): RowHead {
  return { ...head, byteCount: bytes.length };
}
