import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { sqliteRows } from '../../src/runtime/rows.ts';
import { describeRows } from '../contracts/rows.ts';

const groups = (env as unknown as { GROUP_COORDINATOR: DurableObjectNamespace }).GROUP_COORDINATOR;

function inStorage<T>(run: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = groups.get(groups.newUniqueId());
  return runInDurableObject(stub, (_, { storage }) => run(storage));
}

describeRows('SQLite', (test) => inStorage((storage) => test(() => sqliteRows(storage))));

describe('SQLite', () => {
  it('has no table until there is a row', async () => {
    const tables = await inStorage((storage) => {
      sqliteRows(storage).load();
      sqliteRows(storage).put([]);
      return storage.sql.exec('SELECT name FROM sqlite_master').toArray();
    });
    expect(tables).toEqual([]);
  });

  it('is billed one row for a put', async () => {
    const rowsWritten = await inStorage((storage) => {
      sqliteRows(storage).put([{ key: 'k', value: 'first' }]);
      const put = "INSERT OR REPLACE INTO rows (key, part, value) VALUES ('k', 0, '1')";
      const cursor = storage.sql.exec(put);
      cursor.toArray();
      return cursor.rowsWritten;
    });
    expect(rowsWritten).toBe(1);
  });
});
