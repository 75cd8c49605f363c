import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isOurs,
  missingFrom,
  nameIn,
  newConfig,
  renewedConfig,
} from '../../../src/cli/deploy/config.ts';
import { root } from '../processes.ts';

const template = readFileSync(join(root, 'wrangler.toml'), 'utf8');
const nothing = { name: 'kedge', domains: [], routes: [], vars: {} };
const written = newConfig(template, 'node_modules/kedge/dist/worker.js', nothing);
/** What counts in a file: its lines, without comments and what says which Worker it is. */
const substance = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !/^(#|$|name = "kedge"$|main = |\[vars\])/.test(line))
    .sort();

describe('a first wrangler.toml', () => {
  it('says all that the one in the repository says', () => {
    expect(substance(written)).toEqual(substance(template).filter((l) => l !== 'name = "kedge"'));
    expect(written).toContain('main = "node_modules/kedge/dist/worker.js"\n');
    expect(nameIn(written)).toBe('kedge');
    expect(isOurs(written)).toBe(true);
    expect(isOurs(template)).toBe(false);
  });

  it('has the domains, routes and settings that were wanted', () => {
    const text = newConfig(template, 'worker.js', {
      name: 'orders',
      domains: ['kafka.example.com'],
      routes: ['example.com/kafka*'],
      vars: { KAFKA_NUM_PARTITIONS: '3', KAFKA_SUPER_USERS: 'User:"a\\b"' },
    });
    const domain = '{ pattern = "kafka.example.com", custom_domain = true }';
    expect(text).toContain(`name = "orders"\nroutes = [${domain}, "example.com/kafka*"]\n`);
    expect(text).toContain(
      '[vars]\nKAFKA_NUM_PARTITIONS = "3"\nKAFKA_SUPER_USERS = "User:\\"a\\\\b\\""\n',
    );
  });
});

describe('a wrangler.toml that was written before', () => {
  const edited = written
    .replace('[vars]', '[vars]\nKAFKA_NUM_PARTITIONS = "6" # mine')
    .replace('enabled = true', 'enabled = false');
  const newer = `${template}\n[[migrations]]\ntag = "v99"\nnew_sqlite_classes = ["Newer"]\n`;

  it('gets the migrations of a newer Kedge, and keeps the rest', () => {
    const renewed = renewedConfig(edited, newer, 'elsewhere/worker.js');
    expect(renewed).toContain('tag = "v99"\nnew_sqlite_classes = ["Newer"]\n# <<< Kedge\n');
    expect(renewed).toContain('main = "elsewhere/worker.js"');
    expect(renewed).toContain('KAFKA_NUM_PARTITIONS = "6" # mine');
    expect(renewed).toContain('enabled = false');
    expect(renewed.length).toBeGreaterThan(edited.length);
    expect(renewedConfig(renewed, newer, 'elsewhere/worker.js')).toBe(renewed);
  });

  it('stays as it is where nothing is newer', () => {
    expect(renewedConfig(edited, template, 'node_modules/kedge/dist/worker.js')).toBe(edited);
  });

  it('is left to the newer Kedge that wrote it', () => {
    const ahead = renewedConfig(edited, newer, 'worker.js');
    expect(() => renewedConfig(ahead, template, 'worker.js')).toThrow(
      'migration v99 this one does',
    );
  });

  it('is not guessed at where its marks are gone', () => {
    const broken = edited.replace('# <<< Kedge', '');
    expect(() => renewedConfig(broken, template, 'worker.js')).toThrow('has lost the marks');
  });

  it('is looked through for what is wanted', () => {
    const wanted = {
      name: 'kedge',
      domains: ['a.example.com'],
      routes: ['example.com/*'],
      vars: { KAFKA_NUM_PARTITIONS: '3' },
    };
    expect(missingFrom(edited, wanted)).toEqual([
      '{ pattern = "a.example.com", custom_domain = true }',
      '"example.com/*"',
      'KAFKA_NUM_PARTITIONS = "3"',
    ]);
    expect(missingFrom(newConfig(template, 'w.js', wanted), wanted)).toEqual([]);
    expect(missingFrom(edited, { name: 'other' })).toEqual(['name = "other"']);
    // Between the marks nothing is the reader's own.
    expect(missingFrom(edited, { vars: { tag: 'v1' } })).toEqual(['tag = "v1"']);
  });
});
