import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { readWorkerConfig } from '../../src/local/worker-config.ts';

const path = join(import.meta.dirname, '../../wrangler.toml');

describe('readWorkerConfig', () => {
  it('reads wrangler.toml as Wrangler does', () => {
    const ours = readWorkerConfig(path);
    const theirs = unstable_readConfig({ config: path }, { hideWarnings: true });
    expect(ours.name).toBe(theirs.name);
    expect(join(path, '..', ours.main)).toBe(theirs.main);
    expect(ours.compatibilityDate).toBe(theirs.compatibility_date);
    expect(ours.compatibilityFlags).toEqual(theirs.compatibility_flags);
    expect(ours.vars).toEqual(theirs.vars);
    expect(ours.durableObjects).toEqual(
      Object.fromEntries(
        theirs.durable_objects.bindings.map((binding: { name: string; class_name: string }) => [
          binding.name,
          { className: binding.class_name, useSQLite: true },
        ]),
      ),
    );
    expect(Object.keys(ours.durableObjects).length).toBeGreaterThan(3);
  });

  it('stores every object in SQLite, as the migrations say', () => {
    const { migrations } = unstable_readConfig({ config: path }, { hideWarnings: true });
    const sqlite = migrations.flatMap(
      (migration: { new_sqlite_classes?: string[] }) => migration.new_sqlite_classes ?? [],
    );
    const bound = Object.values(readWorkerConfig(path).durableObjects);
    expect(sqlite.sort()).toEqual(bound.map(({ className }) => className).sort());
  });

  it('says what it misses', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kedge-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'wrangler.toml');
    writeFileSync(file, 'name = "x" # a comment\nmain = "y.ts"\n[vars]\nA = "b # c"\n');
    expect(() => readWorkerConfig(file)).toThrow(`${file} does not say compatibility_date`);
    writeFileSync(
      file,
      'name="x"\nmain="y"\ncompatibility_date="2026-01-01"\n[vars]\nA = "b # c"\n',
    );
    expect(readWorkerConfig(file)).toMatchObject({ compatibilityFlags: [], vars: { A: 'b # c' } });
  });
});
