/**
 * A machine's rows as a compacted key/value table: in SQLite for a Durable Object, in memory for
 * tests and the simulation. The surprise: a table that never had a row is never created, so asking
 * about a group that does not exist writes nothing.
 */
import type { Row } from '../core/machine.ts';
import { type Meter, metered, noMeter } from './meters.ts';

export interface Rows {
  /** Every row that lives, in the order of their keys. */
  load(): readonly Row[];
  /** Stores all of them or none; a null value deletes. */
  put(rows: readonly Row[]): void;
}

/**
 * A SQLite string may have 2 MB; a UTF-16 unit takes at most 3 bytes. Longer values are cut across
 * several parts.
 */
const maxPartLength = 600_000;

/**
 * The table `rows` of one Durable Object. Keyed by its primary key alone, so that a put is one
 * billed row.
 */
export function sqliteRows(storage: DurableObjectStorage, meter: Meter = noMeter): Rows {
  const sql = metered(storage.sql, meter);
  let created =
    sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'rows'").toArray()
      .length > 0;

  function create(): void {
    sql.exec(
      `CREATE TABLE rows (key TEXT, part INTEGER, value TEXT, PRIMARY KEY (key, part))
       WITHOUT ROWID`,
    );
  }

  function putOne({ key, value }: Row): void {
    const parts = value === null ? [] : cut(encodeValue(value));
    for (const [part, text] of parts.entries()) {
      sql.exec('INSERT OR REPLACE INTO rows (key, part, value) VALUES (?, ?, ?)', key, part, text);
    }
    sql.exec('DELETE FROM rows WHERE key = ? AND part >= ?', key, parts.length);
  }

  return {
    load() {
      if (!created) return [];
      const texts = new Map<string, string>();
      for (const { key, value } of sql.exec<{ key: string; value: string }>(
        'SELECT key, value FROM rows ORDER BY key, part',
      )) {
        texts.set(key, (texts.get(key) ?? '') + value);
      }
      return [...texts].map(([key, text]) => ({ key, value: decodeValue(text) }));
    },
    put(rows) {
      if (rows.length === 0) return;
      storage.transactionSync(() => {
        if (!created) create();
        for (const row of rows) putOne(row);
      });
      created = true;
    },
  };
}

/**
 * The same table in memory. Values are kept encoded, so that nobody shares an object with the
 * store.
 */
export function memoryRows(meter: Meter = noMeter): Rows {
  const texts = new Map<string, string>();
  return {
    load() {
      const keys = [...texts.keys()].sort();
      meter.rows({ rowsRead: keys.length });
      return keys.map((key) => ({ key, value: decodeValue(texts.get(key)!) }));
    },
    put(rows) {
      const encoded = rows.map(({ key, value }) => ({
        key,
        text: value === null ? undefined : encodeValue(value),
      }));
      meter.rows({ rowsWritten: encoded.length });
      for (const { key, text } of encoded) {
        if (text === undefined) texts.delete(key);
        else texts.set(key, text);
      }
    },
  };
}

/** JSON, with bytes as `{ "$bytes": "<base64>" }`. */
export function encodeValue(value: unknown): string {
  return JSON.stringify(value, (_, item) =>
    item instanceof Uint8Array ? { $bytes: base64Of(item) } : item,
  );
}

export function decodeValue(text: string): unknown {
  return JSON.parse(text, (_, item) =>
    typeof item?.$bytes === 'string' ? bytesOf(item.$bytes) : item,
  );
}

function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Never between the two halves of a surrogate pair: SQLite stores UTF-8. */
function cut(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  do {
    let end = Math.min(start + maxPartLength, text.length);
    if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end--;
    parts.push(text.slice(start, end));
    start = end;
  } while (start < text.length);
  return parts;
}
