/**
 * The Workers, each as one file that needs no build step: what `kedge deploy` deploys and
 * `kedge dev` runs. What counts for Cloudflare is the gzipped size; the free plan allows 3 MiB. The
 * surprise: names are not shortened, which would save a sixth, so that a stack trace can be read.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { workerBundle } from '../src/local/worker-script.ts';
import { dist, root } from './project.ts';

const limitBytes = 500 * 1024;

export interface Workers {
  /** The files that went into them. */
  readonly inputs: readonly string[];
  /** For people: what each weighs. */
  readonly weights: readonly string[];
  /** Why that is too much, if it is. */
  readonly tooHeavy?: string;
}

export async function bundleWorkers(): Promise<Workers> {
  const names = ['worker', 'testing-worker'].filter((name) =>
    existsSync(join(root, `src/${name}.ts`)),
  );
  const { metafile } = await build({
    ...workerBundle,
    absWorkingDir: root,
    entryPoints: names.map((name) => `src/${name}.ts`),
    outdir: dist,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const weighed = names.map((name) => {
    const text = readFileSync(join(dist, `${name}.js`));
    return { name, bytes: text.length, gzipped: gzipSync(text).length };
  });
  const heavy = weighed.find(({ gzipped }) => gzipped > limitBytes);
  return {
    inputs: Object.keys(metafile.inputs),
    weights: weighed.map(
      ({ name, bytes, gzipped }) =>
        `dist/${name}.js: ${kib(bytes)}, gzipped ${kib(gzipped)} of ${kib(limitBytes)} allowed`,
    ),
    ...(heavy && { tooHeavy: `${heavy.name}.js has become too heavy.` }),
  };
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
