/**
 * A partition's log in plain memory: for tests and the simulation. The surprise: it copies what it
 * is given and keeps rows in one sorted array, so it behaves as the SQLite form does, but for being
 * gone with the process.
 */
import type {
  AbortedTransaction,
  LogRow,
  LogState,
  LogStore,
  ProducerRow,
  Rewrite,
  RowHead,
  Snapshot,
  WaitingReader,
} from '../core/log/store.ts';
import type { StreamRow } from '../core/stream/stream-state.ts';
import { type Meter, noMeter, oneWritten } from './meters.ts';

export class MemoryStore implements LogStore {
  #rows: LogRow[] = [];
  #aborted: AbortedTransaction[] = [];
  #snapshot: Snapshot | undefined;
  #state: LogState | undefined;
  readonly #shareStates = new Map<string, Uint8Array>();
  readonly #streamRows = new Map<string, string>();
  readonly #waiting = new Map<string, WaitingReader>();
  #dropped = false;
  readonly #meter: Meter;

  /** Rows are counted as SQLite would. */
  constructor(meter: Meter = noMeter) {
    this.#meter = meter;
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  floor(offset: number): RowHead | undefined {
    const row = this.#rows[this.#indexFrom(offset + 1) - 1];
    if (row) this.#meter.rows({ rowsRead: 1 });
    return row && headOf(row);
  }

  from(offset: number, limit: number): readonly RowHead[] {
    const index = this.#indexFrom(offset);
    return this.#read(index, index + limit).map(headOf);
  }

  data(first: number, last: number): readonly Uint8Array[] {
    return this.#read(this.#indexFrom(first), this.#indexFrom(last + 1)).map(({ bytes }) => bytes);
  }

  count(offset: number): number {
    return this.#read(this.#indexFrom(offset)).length;
  }

  totals(offset: number): { rows: number; bytes: number } {
    const rows = this.#read(this.#indexFrom(offset));
    return { rows: rows.length, bytes: rows.reduce((sum, { bytes }) => sum + bytes.length, 0) };
  }

  state(): LogState | undefined {
    return this.#state;
  }

  snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  producerRows(offset: number): readonly ProducerRow[] {
    return this.#read(this.#indexFrom(offset)).flatMap(({ baseOffset, appendedAt, producers }) =>
      producers === null ? [] : [{ baseOffset, appendedAt, producers }],
    );
  }

  abortedFrom(offset: number): readonly AbortedTransaction[] {
    return this.#aborted.filter(({ lastOffset }) => lastOffset >= offset);
  }

  shareState(groupId: string): Uint8Array | undefined {
    return this.#shareStates.get(groupId);
  }

  keepShareState(groupId: string, state: Uint8Array | undefined): void {
    this.#meter.rows(oneWritten);
    if (state === undefined) this.#shareStates.delete(groupId);
    else this.#shareStates.set(groupId, state.slice());
  }

  streamRow(key: string): string | undefined {
    const value = this.#streamRows.get(key);
    if (value !== undefined) this.#meter.rows({ rowsRead: 1 });
    return value;
  }

  keepStreamRows(rows: readonly StreamRow[]): void {
    this.#meter.rows({ rowsWritten: rows.length });
    for (const { key, value } of rows) {
      if (value === undefined) this.#streamRows.delete(key);
      else this.#streamRows.set(key, value);
    }
  }

  waiting(): readonly WaitingReader[] {
    this.#meter.rows({ rowsRead: this.#waiting.size });
    return [...this.#waiting.values()];
  }

  keepWaiting(reader: WaitingReader): void {
    this.#meter.rows(oneWritten);
    this.#waiting.set(reader.reader, { ...reader });
  }

  forgetWaiting(reader: string): void {
    if (this.#waiting.delete(reader)) this.#meter.rows(oneWritten);
  }

  append(
    rows: readonly LogRow[],
    snapshot: Snapshot | undefined,
    state?: LogState,
    streamRows: readonly StreamRow[] = [],
  ): void {
    const last = this.#rows.at(-1);
    const from = rows.at(0)?.grownFrom;
    if (
      from !== undefined &&
      (last?.nextOffset !== from || last.baseOffset !== rows[0].baseOffset)
    ) {
      throw new Error(`no last row from ${rows[0].baseOffset} to ${from}`);
    }
    if (from !== undefined) this.#meter.rows({ rowsRead: 1 });
    const before = from === undefined ? this.#rows.length : this.#rows.length - 1;
    checkOrder([...this.#rows.slice(Math.max(before - 1, 0), before), ...rows]);
    this.#rows.splice(before, 1, ...rows.map(copyOf));
    this.#keep(rows, snapshot, state);
    this.keepStreamRows(streamRows);
  }

  rewrite({ first, last, rows, snapshot, state, forgotten = [] }: Rewrite): void {
    const start = this.#indexFrom(first);
    const end = this.#indexFrom(last + 1);
    checkOrder([
      ...this.#rows.slice(0, start).slice(-1),
      ...rows,
      ...this.#rows.slice(end, end + 1),
    ]);
    this.#meter.rows({ rowsWritten: end - start + forgotten.length });
    this.#rows.splice(start, end - start, ...rows.map(copyOf));
    this.#aborted = this.#aborted.filter(({ lastOffset }) => !forgotten.includes(lastOffset));
    this.#keep(rows, snapshot, state);
  }

  drop(): void {
    this.#rows = [];
    this.#aborted = [];
    this.#snapshot = undefined;
    this.#state = undefined;
    this.#shareStates.clear();
    this.#streamRows.clear();
    this.#waiting.clear();
    this.#dropped = true;
  }

  #keep(
    rows: readonly LogRow[],
    snapshot: Snapshot | undefined,
    state: LogState | undefined,
  ): void {
    const kept = [...rows, snapshot, state].filter((each) => each !== undefined).length;
    this.#meter.rows({ rowsWritten: kept });
    for (const { aborted = [] } of rows) this.#aborted.push(...structuredClone(aborted));
    if (snapshot !== undefined) this.#snapshot = { ...snapshot, bytes: snapshot.bytes.slice() };
    if (state !== undefined) this.#state = structuredClone(state);
  }

  #read(from: number, to = this.#rows.length): LogRow[] {
    const rows = this.#rows.slice(from, to);
    this.#meter.rows({ rowsRead: rows.length });
    return rows;
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

function headOf({ producers: _, aborted: __, bytes, ...head }: LogRow): RowHead {
  return { ...head, byteCount: bytes.length };
}

function copyOf({ grownFrom: _, ...row }: LogRow): LogRow {
  return { ...row, producers: row.producers?.slice() ?? null, bytes: row.bytes.slice() };
}

function checkOrder(rows: readonly LogRow[]): void {
  for (let i = 1; i < rows.length; i++) {
    const { baseOffset } = rows[i];
    const last = rows[i - 1].baseOffset;
    if (baseOffset <= last) throw new Error(`a row at ${baseOffset} after one at ${last}`);
  }
}
