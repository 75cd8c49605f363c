/** Where things are in the repository, and what package.json says of them. */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

export const root = join(import.meta.dirname, '..');
/** Where all goes: `dist`, or another folder, which whoever builds names. */
export const dist = resolve(process.argv[2] ?? join(root, 'dist'));

type Target = string | { readonly 'kedge:source': string; readonly default: string };

const { exports }: { readonly exports: Readonly<Record<string, Target>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

const entries = Object.entries(exports).flatMap(([path, target]) =>
  typeof target === 'string'
    ? []
    : [{ path, source: target['kedge:source'].slice(2), output: target.default }],
);

/** The sources of what runs anywhere: in Workers, in browsers, in Node.js. */
export const libraries = [
  ...new Set(
    entries.filter(({ output }) => output.startsWith('./dist/modules/')).map((e) => e.source),
  ),
];

/** What runs in Node.js alone, each by the name of its file without `.js`. */
export const programs = [
  ...entries
    .filter(({ path, source }) => path !== './worker' && !libraries.includes(source))
    .map(({ source, output }) => ({ source, name: basename(output, '.js') })),
];
