/** Where things are in the repository, and what package.json says of them. */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

export const root = join(import.meta.dirname, '..');
/** Where all goes: `dist`, or another folder, which whoever builds names. */
export const dist = resolve(process.argv[2] ?? join(root, 'dist'));

type Target = string | { readonly 'kedge:source': string; readonly default: string };

export interface EntryPoint {
  /** Relative to the repository. */
  readonly source: string;
  /** The name of its file, without `.js`. */
  readonly output: string;
}

const { exports }: { readonly exports: Readonly<Record<string, Target>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** The modules users import, each once, but for the Worker, which is not made for Node.js. */
export const entryPoints: readonly EntryPoint[] = Object.entries(exports).flatMap(
  ([path, target]) =>
    typeof target === 'string' || path === '.' || path === './worker'
      ? []
      : [{ source: target['kedge:source'], output: basename(target.default, '.js') }],
);
