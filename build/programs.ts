/**
 * What Node.js runs, and what other people's bundlers take in: the entry points and the command
 * line. They are bundled together, so that what two of them share is there once (a KafkaError of
 * `kedge/testing` is one of `kedge/client`), and each command loads what it needs and no more. The
 * surprise: all files lie in one folder, for whoever looks for files beside itself.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { dist, entryPoints, root } from './project.ts';

/** Bundles them; answers with the files that went in. */
export async function bundlePrograms(): Promise<string[]> {
  const programs = [...entryPoints, { source: './src/cli/kedge.ts', output: 'kedge' }];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: programs
      .filter(({ source }) => existsSync(join(root, source)))
      .map(({ source, output }) => ({ in: source, out: output })),
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['node', 'import'],
    target: 'node22',
    external: ['cloudflare:*', 'node:*', 'workerd', 'esbuild', 'vitest'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}
