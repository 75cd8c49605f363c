/**
 * What wrangler.toml says about the Worker, for running it without Wrangler. It reads the few forms
 * that file uses and no more; a test compares the result with Wrangler's own reading.
 */
import { readFileSync } from 'node:fs';

export interface WorkerConfig {
  readonly name: string;
  readonly main: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** By binding name; a test makes sure that SQLite is true of all. */
  readonly durableObjects: Record<string, { className: string; useSQLite: true }>;
  readonly vars: Readonly<Record<string, string>>;
}

/** Reads a wrangler.toml. Throws an Error that names what it misses. */
export function readWorkerConfig(path: string): WorkerConfig {
  const sections = sectionsOf(readFileSync(path, 'utf8'));
  const top = sections[0].values;
  const text = (values: Values, key: string): string => {
    const value = values.get(key);
    if (typeof value !== 'string') throw new Error(`${path} does not say ${key}`);
    return value;
  };
  const flags = top.get('compatibility_flags') ?? [];
  const named = (name: string): Values[] =>
    sections.filter((section) => section.name === name).map((section) => section.values);
  return {
    name: text(top, 'name'),
    main: text(top, 'main'),
    compatibilityDate: text(top, 'compatibility_date'),
    compatibilityFlags: Array.isArray(flags) ? flags : [],
    durableObjects: Object.fromEntries(
      named('durable_objects.bindings').map((values) => [
        text(values, 'name'),
        { className: text(values, 'class_name'), useSQLite: true },
      ]),
    ),
    vars: Object.fromEntries(
      named('vars').flatMap((values) => [...values.keys()].map((key) => [key, text(values, key)])),
    ),
  };
}

type Values = Map<string, string | string[]>;

/** Splits TOML into its tables; strings and arrays of strings are kept, other values are not. */
function sectionsOf(toml: string): { name: string; values: Values }[] {
  const sections: { name: string; values: Values }[] = [{ name: '', values: new Map() }];
  for (const line of toml.split('\n')) {
    const header = /^\s*\[+\s*([\w.]+)\s*\]+/.exec(line);
    if (header) sections.push({ name: header[1], values: new Map() });
    const pair = /^\s*([\w-]+)\s*=\s*(".*"|\[.*\])\s*(?:#.*)?$/.exec(line);
    if (pair) sections[sections.length - 1].values.set(pair[1], JSON.parse(pair[2]));
  }
  return sections;
}
