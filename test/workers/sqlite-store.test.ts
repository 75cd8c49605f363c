import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { PartitionLog } from '../../src/core/log/partition-log.ts';
import { SqliteStore } from '../../src/runtime/sqlite-store.ts';
import { describeLogStore, type WithStore } from '../contracts/log-store.ts';
import { describePartitionCleanup } from '../contracts/partition-cleanup.ts';
import { describePartitionLog } from '../contracts/partition-log.ts';
import { describeTransactions } from '../contracts/transactions.ts';
import { append, startOfTime as now, sequenced, settings } from '../core/log/samples.ts';

const partitions = (env as unknown as { PARTITION: DurableObjectNamespace }).PARTITION;

function inStorage<T>(run: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = partitions.get(partitions.newUniqueId());
  return runInDurableObject(stub, (_, { storage }) => run(storage));
}

const withStore: WithStore = (test) => inStorage((storage) => test(() => new SqliteStore(storage)));

describeLogStore('SqliteStore', withStore);
describePartitionLog('SqliteStore', withStore, { seeds: [11, 12], steps: 150 });
describePartitionCleanup('SqliteStore', withStore, { seeds: [101, 102, 103, 104], steps: 200 });
describeTransactions('SqliteStore', withStore, { seeds: [201, 202, 203], steps: 200 });

describe('SqliteStore', () => {
  const row = {
    baseOffset: 0,
    nextOffset: 1,
    maxTimestamp: 5,
    maxTimestampSoFar: 5,
    appendedAt: 6,
    producers: Uint8Array.of(1),
    bytes: new Uint8Array(100),
  };

  it('writes nothing to be read', async () => {
    const tables = await inStorage((storage) => {
      const store = new SqliteStore(storage);
      store.floor(5);
      store.data(0, 5);
      store.snapshot();
      return storage.sql.exec('SELECT name FROM sqlite_master').toArray();
    });
    expect(tables).toEqual([]);
  });

  it('writes one row for an append', async () => {
    const written = await inStorage((storage) => {
      const store = new SqliteStore(storage);
      store.append([row], undefined);
      const before = totalChanges(storage);
      store.append([{ ...row, baseOffset: 1, nextOffset: 2 }], undefined);
      return totalChanges(storage) - before;
    });
    expect(written).toBe(1);
  });

  it('seeks by primary key, without another index', async () => {
    const { plan, indexes } = await inStorage((storage) => {
      new SqliteStore(storage).append([row], undefined);
      return {
        plan: storage.sql
          .exec<{ detail: string }>(
            'EXPLAIN QUERY PLAN SELECT next_offset FROM log WHERE base_offset <= 7 ORDER BY base_offset DESC LIMIT 1',
          )
          .toArray(),
        indexes: storage.sql.exec("SELECT * FROM sqlite_master WHERE type = 'index'").toArray(),
      };
    });
    expect(plan.map(({ detail }) => detail)).toEqual([
      'SEARCH log USING INTEGER PRIMARY KEY (rowid<?)',
    ]);
    expect(indexes).toEqual([]);
  });

  it('notices a row that lost a piece', async () => {
    await inStorage((storage) => {
      const store = new SqliteStore(storage);
      store.append([{ ...row, bytes: new Uint8Array(5_000_000) }], undefined);
      storage.sql.exec('DELETE FROM continuation WHERE piece = 2');
      expect(() => store.data(0, 0)).toThrow(/of 5000000/);
    });
  });

  it('writes one row more for a transaction that was aborted', async () => {
    const counts = await inStorage((storage) => {
      const aborted = [{ producerId: 1, firstOffset: 0, lastOffset: 0, lastStableOffset: 1 }];
      new SqliteStore(storage).append([{ ...row, aborted }], undefined);
      const count = (table: string) =>
        storage.sql.exec<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`).one().rows;
      return [count('log'), count('aborted')];
    });
    expect(counts).toEqual([1, 1]);
  });

  it('takes up what was stored before there were transactions', async () => {
    const bytes = sequenced(5, 3, 0, ['a', 'b']);
    const described = await inStorage((storage) => {
      storage.sql.exec(`CREATE TABLE log (
        base_offset INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL,
        max_timestamp INTEGER NOT NULL, max_timestamp_so_far INTEGER NOT NULL,
        appended_at INTEGER NOT NULL, byte_count INTEGER NOT NULL, producers BLOB,
        data BLOB NOT NULL)`);
      storage.sql.exec(`CREATE TABLE continuation (
        base_offset INTEGER, piece INTEGER, data BLOB NOT NULL, PRIMARY KEY (base_offset, piece)
      ) WITHOUT ROWID`);
      storage.sql.exec(`CREATE TABLE producer_snapshot (
        piece INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL, data BLOB NOT NULL)`);
      storage.kv.put('schema-version', 1);
      // Producer, epoch, first sequence, count, offset in the row, timestamp.
      const summary = fromHex('0000000000000005 0003 00000000 00000002', '0000000000000000', '07');
      const insert = 'INSERT INTO log VALUES (0, 2, ?, ?, ?, ?, ?, ?)';
      storage.sql.exec(insert, now, now, now, bytes.length, summary, bytes);
      const log = new PartitionLog(new SqliteStore(storage), settings);
      const [repeated] = log.append([append(bytes)], now);
      const [next] = log.append([append(sequenced(5, 3, 2))], now);
      return [repeated.baseOffset, next.baseOffset, log.describeProducers(now).producers];
    });
    const [repeated, next, producers] = described;
    expect([repeated, next]).toEqual([0, 2]);
    expect(producers).toMatchObject([{ producerId: 5, producerEpoch: 3, lastSequence: 2 }]);
  });
});

/** Numbers in hexadecimal digits; the last one is filled up to 8 bytes. */
function fromHex(...digits: string[]): Uint8Array {
  const last = digits.pop()!.padStart(16, '0');
  const pairs = [...digits, last].join('').replaceAll(' ', '').match(/../g)!;
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

function totalChanges(storage: DurableObjectStorage): number {
  return storage.sql.exec<{ n: number }>('SELECT total_changes() AS n').one().n;
}
