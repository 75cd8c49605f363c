import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { SqliteStore } from '../../src/runtime/sqlite-store.ts';
import { describeLogStore, type WithStore } from '../contracts/log-store.ts';
import { describePartitionCleanup } from '../contracts/partition-cleanup.ts';
import { describePartitionLog } from '../contracts/partition-log.ts';
import { describeTransactions } from '../contracts/transactions.ts';

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
});

function totalChanges(storage: DurableObjectStorage): number {
  return storage.sql.exec<{ n: number }>('SELECT total_changes() AS n').one().n;
}
