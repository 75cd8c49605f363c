import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { type Migration, migrate, schemaVersion } from '../../src/runtime/migrations.ts';

const partitions = (env as unknown as { PARTITION: DurableObjectNamespace }).PARTITION;

function inStorage<T>(run: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = partitions.get(partitions.newUniqueId());
  return runInDurableObject(stub, (_, { storage }) => run(storage));
}

const first: Migration = (sql) => void sql.exec('CREATE TABLE fruit (name TEXT)');
const second: Migration = (sql) =>
  void sql.exec("ALTER TABLE fruit ADD COLUMN colour TEXT DEFAULT 'green'");

describe('migrate', () => {
  it('starts from nothing and takes the steps that are missing', () =>
    inStorage((storage) => {
      expect(schemaVersion(storage)).toBe(0);
      migrate(storage, [first]);
      storage.sql.exec("INSERT INTO fruit VALUES ('pear')");
      migrate(storage, [first, second]);
      migrate(storage, [first, second]);
      expect(schemaVersion(storage)).toBe(2);
      expect(storage.sql.exec('SELECT * FROM fruit').one()).toEqual({
        name: 'pear',
        colour: 'green',
      });
    }));

  it('takes all steps or none', () =>
    inStorage((storage) => {
      const broken: Migration = () => {
        throw new Error('broken');
      };
      expect(() => migrate(storage, [first, broken])).toThrow('broken');
      expect(schemaVersion(storage)).toBe(0);
      expect(
        storage.sql.exec("SELECT * FROM sqlite_master WHERE name = 'fruit'").toArray(),
      ).toEqual([]);
    }));

  it('refuses tables of a later version', () =>
    inStorage((storage) => {
      migrate(storage, [first, second]);
      expect(() => migrate(storage, [first])).toThrow(/version 2/);
    }));
});
