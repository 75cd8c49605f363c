/**
 * Where the Worker's script is, for a wrangler.toml in a folder. The surprise: `npx kedge` without
 * an installed package runs from a cache of npm's that may be gone tomorrow, so there the script is
 * copied beside the wrangler.toml.
 */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface PackagedWorker {
  /** The wrangler.toml that comes with Kedge. */
  readonly template: string;
  /** For `main`, relative to the folder. */
  readonly main: string;
  /** Puts the script there, if it has to be. */
  place(): void;
}

const isPackaged = !import.meta.filename.endsWith('.ts');
/** The one folder of a package, or the repository. */
const own = isPackaged ? import.meta.dirname : join(import.meta.dirname, '../../..');
const copied = 'kedge-worker.js';

/** The version of Wrangler that Kedge is tested with. */
export function testedWrangler(): string {
  const file = join(own, isPackaged ? '../package.json' : 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).devDependencies.wrangler;
}

export function packagedWorker(folder: string): PackagedWorker {
  const template = readFileSync(join(own, 'wrangler.toml'), 'utf8');
  const nothing = (): void => {};
  if (!isPackaged) return { template, main: forward(folder, 'src/worker.ts'), place: nothing };
  const script = join(own, 'worker.js');
  const installed = installedScript(folder);
  if (installed !== undefined) return { template, main: installed, place: nothing };
  return {
    template,
    main: copied,
    place: () => copyFileSync(script, join(folder, copied)),
  };
}

/** From an installed package, by the way a person would write it: `node_modules/kedge/…`. */
function installedScript(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const script = join(at, 'node_modules/kedge/dist/worker.js');
    if (existsSync(script)) return slashed(relative(folder, script));
    if (dirname(at) === at) return undefined;
  }
}

const forward = (folder: string, file: string): string =>
  slashed(relative(folder, join(own, file)));

function slashed(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
