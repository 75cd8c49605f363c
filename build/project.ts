/** Where things are in the repository, and what package.json says of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');
export const dist = join(root, 'dist');

type Target = string | { readonly 'kedge:source': string; readonly default: string };

export interface EntryPoint {
  /** As users import it: `kedge/client`. */
  readonly name: string;
  /** Relative to the repository. */
  readonly source: string;
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
      : [{ name: `kedge${path.slice(1)}`, source: target['kedge:source'], output: target.default }],
);
