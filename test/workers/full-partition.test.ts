/**
 * What a partition of many rows reads of them, as SQLite counts it: what is done often must not
 * grow with the log.
 */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { PartitionLog } from '../../src/core/log/partition-log.ts';
import { SqliteStore } from '../../src/runtime/sqlite-store.ts';
import {
  append,
  batch,
  list,
  offsetOf,
  read,
  sequenced,
  settings,
  startOfTime,
} from '../core/log/samples.ts';

const partitions = (env as unknown as { PARTITION: DurableObjectNamespace }).PARTITION;

/** Storage that adds up the rows its statements read. */
class CountingStorage {
  rowsRead = 0;
  readonly storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    const exec: SqlStorage['exec'] = (query, ...bindings) => {
      const cursor = storage.sql.exec(query, ...bindings);
      const rows = cursor.toArray();
      this.rowsRead += cursor.rowsRead;
      const again = { toArray: () => rows, one: () => rows[0] };
      return again as unknown as SqlStorageCursor<never>;
    };
    this.storage = {
      sql: { exec },
      kv: storage.kv,
      transactionSync: (act: () => void) => storage.transactionSync(act),
    } as unknown as DurableObjectStorage;
  }

  /** The rows read while something is done. */
  during(act: () => void): number {
    const before = this.rowsRead;
    act();
    return this.rowsRead - before;
  }
}

/** Almost as many since the last snapshot as there may be. */
const manyRows = 2_990;

const kinds: [string, Record<string, string>, (i: number) => Uint8Array][] = [
  ['with the defaults', {}, () => batch(['v'])],
  ['of idempotent producers', {}, (i) => sequenced(i % 20, 0, Math.floor(i / 20))],
  ['bounded by size', { 'retention.bytes': '1000000000' }, () => batch(['v'])],
  [
    'compacted, nothing of it yet',
    { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '100000000' },
    () => batch(['v']),
  ],
];

describe.each(kinds)('a partition of many rows, %s', (_, configs, batchAt) => {
  /** Rows read by what is done once the log has so many rows. */
  async function rowsRead(rows: number): Promise<Record<string, number>> {
    const stub = partitions.get(partitions.newUniqueId());
    return runInDurableObject(stub, (_, { storage }) => {
      const counting = new CountingStorage(storage);
      let log = new PartitionLog(new SqliteStore(counting.storage), settings);
      const appendOne = (i: number): void => {
        const [reply] = log.append([append(batchAt(i), configs)], startOfTime + i);
        expect(offsetOf(reply)).toBe(i);
        log.cleanUpAt(startOfTime + i);
      };
      for (let i = 0; i < rows; i++) appendOne(i);
      const during = (act: () => void) => counting.during(act);
      return {
        load: during(() => {
          log = new PartitionLog(new SqliteStore(counting.storage), settings);
        }),
        'first append': during(() => appendOne(rows)),
        append: during(() => appendOne(rows + 1)),
        'fetch at the beginning': during(() => log.read(read(0, { maxBytes: 100 }))),
        'fetch at the end': during(() => log.read(read(rows, { maxBytes: 100 }))),
        timestamp: during(() => log.listOffset(list(startOfTime))),
        describe: during(() => log.describe()),
      };
    });
  }

  it('reads few of them', async () => {
    const read = await rowsRead(manyRows);
    // Counted, looked through for producers, and summed up: each row since the last snapshot.
    expect(read.load).toBeLessThan(3 * 120 + 10);
    expect(read['first append']).toBeLessThan(80);
    for (const [what, most] of [
      ['append', 10],
      ['fetch at the beginning', 20],
      ['fetch at the end', 20],
      ['timestamp', 40],
      ['describe', 0],
    ] as const) {
      expect(read[what], what).toBeLessThanOrEqual(most);
    }
  });
});
