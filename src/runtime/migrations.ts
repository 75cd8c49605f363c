/**
 * Brings an object's tables to the form this version of the code expects: forward only, one step
 * after the other. The surprise: an object that was never written has no tables and no version, and
 * asking for its version writes nothing.
 */

/**
 * A step makes version n + 1 of version n. Steps are added at the end and never changed once
 * released.
 */
export type Migration = (sql: SqlStorage) => void;

const versionKey = 'schema-version';

/** The version the object's tables are in; 0: it has none. */
export function schemaVersion(storage: DurableObjectStorage): number {
  return storage.kv.get<number>(versionKey) ?? 0;
}

/**
 * Takes the steps that are missing, all or none. Throws when the tables are of a later version than
 * the code.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly Migration[]): void {
  const version = schemaVersion(storage);
  if (version > migrations.length) {
    throw new Error(`tables of version ${version}, this code knows ${migrations.length}`);
  }
  if (version === migrations.length) return;
  storage.transactionSync(() => {
    for (const migration of migrations.slice(version)) migration(storage.sql);
    storage.kv.put(versionKey, migrations.length);
  });
}
