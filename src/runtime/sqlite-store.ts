/**
 * A partition's log in the SQLite of its Durable Object. The surprise: columns come before the
 * bytes they describe, so that looking at a row never touches the pages its bytes overflow into,
 * and the tables are made by the first append.
 */
import { concat } from '../bytes/writer.ts';
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
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { type Meter, metered, noMeter, oneWritten } from './meters.ts';
import { type Migration, migrate, schemaVersion } from './migrations.ts';

/** A BLOB is cut into pieces of this: a row may have 2 MB with everything in it. */
const pieceBytes = 1_950_000;

const migrations: readonly Migration[] = [
  (sql) => {
    sql.exec(`CREATE TABLE log (
      base_offset INTEGER PRIMARY KEY,
      next_offset INTEGER NOT NULL,
      max_timestamp INTEGER NOT NULL,
      max_timestamp_so_far INTEGER NOT NULL,
      appended_at INTEGER NOT NULL,
      byte_count INTEGER NOT NULL,
      producers BLOB,
      data BLOB NOT NULL
    )`);
    sql.exec(`CREATE TABLE continuation (
      base_offset INTEGER, piece INTEGER, data BLOB NOT NULL, PRIMARY KEY (base_offset, piece)
    ) WITHOUT ROWID`);
    sql.exec(`CREATE TABLE producer_snapshot (
      piece INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL, data BLOB NOT NULL
    )`);
  },
  (sql) => {
    sql.exec(`CREATE TABLE aborted (
      last_offset INTEGER PRIMARY KEY,
      first_offset INTEGER NOT NULL,
      producer_id INTEGER NOT NULL,
      last_stable_offset INTEGER NOT NULL
    )`);
  },
  (sql) => {
    sql.exec(`CREATE TABLE share_state (
      group_id TEXT, piece INTEGER, data BLOB NOT NULL, PRIMARY KEY (group_id, piece)
    ) WITHOUT ROWID`);
  },
  (sql) => {
    sql.exec('CREATE TABLE stream (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
  },
  (sql) => {
    sql.exec(`CREATE TABLE waiting (
      reader TEXT PRIMARY KEY, place TEXT NOT NULL, above INTEGER NOT NULL
    ) WITHOUT ROWID`);
  },
];

const droppedKey = 'dropped';
const stateKey = 'state';

const head = `base_offset AS baseOffset, next_offset AS nextOffset, max_timestamp AS maxTimestamp,
  max_timestamp_so_far AS maxTimestampSoFar, appended_at AS appendedAt, byte_count AS byteCount`;
const selectFloor = `SELECT ${head} FROM log WHERE base_offset <= ?
  ORDER BY base_offset DESC LIMIT 1`;
const selectFrom = `SELECT ${head} FROM log WHERE base_offset >= ? ORDER BY base_offset LIMIT ?`;
const selectData = `SELECT base_offset, byte_count, data FROM log
  WHERE base_offset >= ? AND base_offset <= ? ORDER BY base_offset`;
const selectContinuation = 'SELECT data FROM continuation WHERE base_offset = ? ORDER BY piece';
const selectCount = 'SELECT count(*) AS rows FROM log WHERE base_offset >= ?';
const selectTotals = `SELECT count(*) AS rows, ifnull(sum(byte_count), 0) AS bytes FROM log
  WHERE base_offset >= ?`;
const deleteRows = 'DELETE FROM log WHERE base_offset >= ? AND base_offset <= ?';
const deleteContinuations = 'DELETE FROM continuation WHERE base_offset >= ? AND base_offset <= ?';
const selectSnapshot = 'SELECT next_offset, data FROM producer_snapshot ORDER BY piece';
const selectProducers = `SELECT base_offset, appended_at, producers FROM log
  WHERE base_offset >= ? AND producers IS NOT NULL ORDER BY base_offset`;
const selectAborted = `SELECT producer_id AS producerId, first_offset AS firstOffset,
  last_offset AS lastOffset, last_stable_offset AS lastStableOffset
  FROM aborted WHERE last_offset >= ? ORDER BY last_offset`;
const insertAborted = 'INSERT INTO aborted VALUES (?, ?, ?, ?)';
const deleteAborted = 'DELETE FROM aborted WHERE last_offset = ?';
const insertRow = 'INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
const growRow = `UPDATE log SET next_offset = ?, max_timestamp = ?, max_timestamp_so_far = ?,
  appended_at = ?, byte_count = ?, producers = ?, data = ?
  WHERE base_offset = ? AND next_offset = ?`;
const insertContinuation = 'INSERT INTO continuation VALUES (?, ?, ?)';
const selectShareState = 'SELECT data FROM share_state WHERE group_id = ? ORDER BY piece';
const putShareState = 'INSERT OR REPLACE INTO share_state VALUES (?, ?, ?)';
const cutShareState = 'DELETE FROM share_state WHERE group_id = ? AND piece >= ?';
const selectStreamRow = 'SELECT value FROM stream WHERE key = ?';
const putStreamRow = 'INSERT OR REPLACE INTO stream VALUES (?, ?)';
const deleteStreamRow = 'DELETE FROM stream WHERE key = ?';
const selectWaiting = 'SELECT reader, place, above FROM waiting ORDER BY reader';
const putWaiting = 'INSERT OR REPLACE INTO waiting VALUES (?, ?, ?)';
const deleteWaiting = 'DELETE FROM waiting WHERE reader = ?';
const putSnapshot = 'INSERT OR REPLACE INTO producer_snapshot VALUES (?, ?, ?)';
const cutSnapshot = 'DELETE FROM producer_snapshot WHERE piece >= ?';

type HeadColumns = Record<keyof RowHead, number>;
type AbortedColumns = Record<keyof AbortedTransaction, number>;

export class SqliteStore implements LogStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: Pick<SqlStorage, 'exec'>;
  readonly #meter: Meter;
  #open: boolean;
  #dropped: boolean;

  constructor(storage: DurableObjectStorage, meter: Meter = noMeter) {
    this.#storage = storage;
    this.#sql = metered(storage.sql, meter);
    this.#meter = meter;
    this.#dropped = storage.kv.get(droppedKey) === true;
    this.#open = schemaVersion(storage) > 0;
    if (this.#open) migrate(storage, migrations);
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  floor(offset: number): RowHead | undefined {
    if (!this.#open) return undefined;
    return this.#sql.exec<HeadColumns>(selectFloor, offset).toArray()[0];
  }

  from(offset: number, limit: number): readonly RowHead[] {
    if (!this.#open) return [];
    return this.#sql.exec<HeadColumns>(selectFrom, offset, limit).toArray();
  }

  data(first: number, last: number): readonly Uint8Array[] {
    if (!this.#open) return [];
    return this.#sql
      .exec<{ base_offset: number; byte_count: number; data: ArrayBuffer }>(selectData, first, last)
      .toArray()
      .map(({ base_offset, byte_count, data }) =>
        data.byteLength === byte_count
          ? new Uint8Array(data)
          : this.#whole(base_offset, byte_count, data),
      );
  }

  count(offset: number): number {
    if (!this.#open) return 0;
    return this.#sql.exec<{ rows: number }>(selectCount, offset).one().rows;
  }

  totals(offset: number): { rows: number; bytes: number } {
    if (!this.#open) return { rows: 0, bytes: 0 };
    return this.#sql.exec<{ rows: number; bytes: number }>(selectTotals, offset).one();
  }

  state(): LogState | undefined {
    return this.#storage.kv.get<LogState>(stateKey);
  }

  snapshot(): Snapshot | undefined {
    if (!this.#open) return undefined;
    const pieces = this.#sql
      .exec<{ next_offset: number; data: ArrayBuffer }>(selectSnapshot)
      .toArray();
    if (pieces.length === 0) return undefined;
    const bytes = join(pieces.map(({ data }) => data));
    return { nextOffset: pieces[0].next_offset, bytes };
  }

  producerRows(offset: number): readonly ProducerRow[] {
    if (!this.#open) return [];
    return this.#sql
      .exec<{ base_offset: number; appended_at: number; producers: ArrayBuffer }>(
        selectProducers,
        offset,
      )
      .toArray()
      .map(({ base_offset, appended_at, producers }) => ({
        baseOffset: base_offset,
        appendedAt: appended_at,
        producers: new Uint8Array(producers),
      }));
  }

  abortedFrom(offset: number): Iterable<AbortedTransaction> {
    return this.#open ? this.#sql.exec<AbortedColumns>(selectAborted, offset) : [];
  }

  shareState(groupId: string): Uint8Array | undefined {
    if (!this.#open) return undefined;
    const pieces = this.#sql.exec<{ data: ArrayBuffer }>(selectShareState, groupId).toArray();
    return pieces.length === 0 ? undefined : join(pieces.map(({ data }) => data));
  }

  keepShareState(groupId: string, state: Uint8Array | undefined): void {
    this.#write(() => {
      const pieces = state === undefined ? [] : cut(state);
      for (const [i, piece] of pieces.entries()) this.#sql.exec(putShareState, groupId, i, piece);
      this.#sql.exec(cutShareState, groupId, pieces.length);
    });
  }

  streamRow(key: string): string | undefined {
    if (!this.#open) return undefined;
    return this.#sql.exec<{ value: string }>(selectStreamRow, key).toArray().at(0)?.value;
  }

  keepStreamRows(rows: readonly StreamRow[]): void {
    this.#write(() => this.#putStreamRows(rows));
  }

  waiting(): readonly WaitingReader[] {
    if (!this.#open) return [];
    return this.#sql
      .exec<{ reader: string; place: string; above: number }>(selectWaiting)
      .toArray();
  }

  keepWaiting({ reader, place, above }: WaitingReader): void {
    this.#write(() => this.#sql.exec(putWaiting, reader, place, above));
  }

  forgetWaiting(reader: string): void {
    this.#write(() => this.#sql.exec(deleteWaiting, reader));
  }

  append(
    rows: readonly LogRow[],
    snapshot: Snapshot | undefined,
    state?: LogState,
    streamRows: readonly StreamRow[] = [],
  ): void {
    const isOneStatement =
      rows.length === 1 &&
      isPlain(rows[0]) &&
      snapshot === undefined &&
      state === undefined &&
      streamRows.length === 0;
    const act = () => {
      this.#putAll(rows, snapshot, state);
      this.#putStreamRows(streamRows);
    };
    if (isOneStatement && this.#open) stored(act);
    else this.#write(act);
  }

  rewrite({ first, last, rows, snapshot, state, forgotten = [] }: Rewrite): void {
    this.#write(() => {
      this.#sql.exec(deleteContinuations, first, last);
      this.#sql.exec(deleteRows, first, last);
      for (const lastOffset of forgotten) this.#sql.exec(deleteAborted, lastOffset);
      this.#putAll(rows, snapshot, state);
    });
  }

  /**
   * The log goes in one stroke, however long. A crash before the tombstone is stored leaves an
   * empty partition and a caller without an answer, who asks again.
   */
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#open = false;
    void this.#storage.deleteAll();
    this.#storage.kv.put(droppedKey, true);
    this.#meter.rows(oneWritten);
  }

  #write(act: () => void): void {
    stored(() =>
      this.#storage.transactionSync(() => {
        if (!this.#open) migrate(this.#storage, migrations);
        act();
      }),
    );
    this.#open = true;
  }

  #putAll(rows: readonly LogRow[], snapshot?: Snapshot, state?: LogState): void {
    for (const row of rows) {
      if (row.grownFrom === undefined) this.#insert(row);
      else this.#grow(row, row.grownFrom);
      this.#putAborted(row);
    }
    if (snapshot !== undefined) this.#put(snapshot);
    if (state !== undefined) {
      this.#storage.kv.put(stateKey, state);
      this.#meter.rows(oneWritten);
    }
  }

  #putStreamRows(rows: readonly StreamRow[]): void {
    for (const { key, value } of rows) {
      if (value === undefined) this.#sql.exec(deleteStreamRow, key);
      else this.#sql.exec(putStreamRow, key, value);
    }
  }

  #insert(row: LogRow): void {
    const [data, ...more] = cut(row.bytes);
    this.#sql.exec(insertRow, row.baseOffset, ...columnsOf(row), data);
    for (const [i, piece] of more.entries()) {
      this.#sql.exec(insertContinuation, row.baseOffset, i + 1, piece);
    }
  }

  /** A row that is not as it was would lose what is appended. */
  #grow(row: LogRow, from: number): void {
    const columns = [...columnsOf(row), row.bytes];
    const { rowsWritten } = this.#sql.exec(growRow, ...columns, row.baseOffset, from);
    if (rowsWritten === 0) throw new Error(`no row from ${row.baseOffset} to ${from}`);
  }

  #putAborted({ aborted = [] }: LogRow): void {
    for (const { lastOffset, firstOffset, producerId, lastStableOffset } of aborted) {
      this.#sql.exec(insertAborted, lastOffset, firstOffset, producerId, lastStableOffset);
    }
  }

  #put({ nextOffset, bytes }: Snapshot): void {
    const pieces = cut(bytes);
    for (const [i, piece] of pieces.entries()) this.#sql.exec(putSnapshot, i, nextOffset, piece);
    this.#sql.exec(cutSnapshot, pieces.length);
  }

  #whole(baseOffset: number, byteCount: number, data: ArrayBuffer): Uint8Array {
    const more = this.#sql.exec<{ data: ArrayBuffer }>(selectContinuation, baseOffset).toArray();
    const bytes = join([data, ...more.map((piece) => piece.data)]);
    if (bytes.length !== byteCount) {
      throw new Error(`row ${baseOffset} has ${bytes.length} bytes of ${byteCount}`);
    }
    return bytes;
  }
}

/** What a row has between its first offset and its bytes, in the order of the table. */
function columnsOf(row: LogRow) {
  const { nextOffset, maxTimestamp, maxTimestampSoFar, appendedAt, bytes, producers } = row;
  return [nextOffset, maxTimestamp, maxTimestampSoFar, appendedAt, bytes.length, producers];
}

/** Throws KAFKA_STORAGE_ERROR when the object's storage is full or fails. */
function stored(act: () => void): void {
  try {
    act();
  } catch (error) {
    throw new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, String(error));
  }
}

/** Whether one statement stores it: that one needs no transaction around it. */
function isPlain({ bytes, aborted = [] }: LogRow): boolean {
  return bytes.length <= pieceBytes && aborted.length === 0;
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces = [bytes.subarray(0, pieceBytes)];
  for (let at = pieceBytes; at < bytes.length; at += pieceBytes) {
    pieces.push(bytes.subarray(at, at + pieceBytes));
  }
  return pieces;
}

function join(pieces: readonly ArrayBuffer[]): Uint8Array {
  return concat(pieces.map((piece) => new Uint8Array(piece)));
}
