/**
 * What Node.js runs, and what other people's bundlers take in: the entry points and the command
 * line. They are bundled together, so that what two of them share is there once (a KafkaError of
 * `kedge/testing` is one of `kedge/client`), and each command loads what it needs and no more.
 *
 * All files lie one folder below `dist`, as sources lie below `src`: what code finds beside itself
 * by `import.meta.dirname`, it finds in both.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { dist, entryPoints, root } from './project.ts';

/** Bundles them; answers with the files that went in. */
export async function bundlePrograms(): Promise<string[]> {
  const sources = [...entryPoints.map(({ source }) => source), './src/cli/kedge.ts'];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: sources.filter((source) => existsSync(join(root, source))),
    outdir: dist,
    outbase: 'src',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['node', 'import'],
    target: 'node22',
    external: ['cloudflare:*', 'node:*', 'workerd', 'esbuild', 'miniflare', 'vitest'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}
