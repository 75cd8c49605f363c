/**
 * The Worker as one script. In an installed package it lies ready beside us; in the repository it
 * is bundled from source, once a process. What it is bound to, wrangler.toml says in both.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { readWorkerConfig, type WorkerConfig } from './worker-config.ts';

export interface WorkerScript {
  readonly text: string | Uint8Array;
  readonly config: WorkerConfig;
}

const isPackaged = !import.meta.filename.endsWith('.ts');
const root = isPackaged ? import.meta.dirname : join(import.meta.dirname, '../..');
const bundled = new Map<string, Promise<string>>();

/** `worker`: what is deployed; `testing-worker`: with the controls of a test around it. */
export async function workerScript(name: 'worker' | 'testing-worker'): Promise<WorkerScript> {
  const config = readWorkerConfig(join(root, 'wrangler.toml'));
  if (isPackaged) return { config, text: await readFile(join(root, `${name}.js`)) };
  const source = join(root, dirname(config.main), `${name}.ts`);
  const text = bundled.get(source) ?? bundle(source);
  bundled.set(source, text);
  return { config, text: await text };
}

/** How it is bundled: for esbuild. */
export const workerBundle = {
  bundle: true,
  format: 'esm',
  target: 'es2024',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*', 'node:*'],
} satisfies BuildOptions;

async function bundle(source: string): Promise<string> {
  const { build, stop } = await import('esbuild');
  const { outputFiles } = await build({
    ...workerBundle,
    entryPoints: [source],
    write: false,
    logLevel: 'silent',
  });
  void stop();
  return outputFiles[0].text;
}
