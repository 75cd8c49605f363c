/**
 * The declarations of what users import. The compiler writes one for each file that goes into an
 * entry point; those that no type of an entry point refers to stay at home.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { dist, entryPoints, root } from './project.ts';

const types = join(dist, 'types');

/** Users need not have it in their own configuration. */
const disposable = '/// <reference lib="esnext.disposable" />\n';

export async function declareTypes(): Promise<void> {
  const sources = entryPoints.map(({ source }) => join(root, source)).filter(existsSync);
  await compile(sources);
  const entries = sources.map((source) =>
    join(types, declarationOf(source.slice(root.length + 5))),
  );
  const needed = new Set<string>();
  for (const entry of entries) follow(entry, needed);
  for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    const path = join(types, file);
    if (file.endsWith('.d.ts') && !needed.has(path)) rmSync(path);
  }
  for (const path of needed) {
    // Not every resolution takes a declaration for a `.ts`; every one takes it for a `.js`.
    const text = readFileSync(path, 'utf8').replace(
      imported,
      (_, before, to) => `${before}${to}.js`,
    );
    writeFileSync(path, entries.includes(path) ? disposable + text : text);
  }
}

async function compile(files: readonly string[]): Promise<void> {
  const config = join(dist, 'types.json');
  const compilerOptions = {
    noEmit: false,
    // `npm run check:types` is what checks them.
    noCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(root, 'src'),
    typeRoots: ['node_modules', 'node_modules/@types'].map((folder) => join(root, folder)),
    outDir: 'types',
  };
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [], files }),
  );
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '--project', config]);
  } catch (error) {
    throw new Error(`the types cannot be declared:\n${(error as { stdout?: string }).stdout}`);
  } finally {
    rmSync(config);
  }
}

/** What stands before a path in a declaration, and the path without its `.ts`. */
const imported = /(\bfrom '|\bimport\(["']|^import ')(\.[^'"]+)\.ts(?=['"])/gm;

/** Adds a declaration and all that it refers to. */
function follow(path: string, needed: Set<string>): void {
  if (needed.has(path)) return;
  needed.add(path);
  for (const [, , to] of readFileSync(path, 'utf8').matchAll(imported)) {
    follow(join(dirname(path), `${to}.d.ts`), needed);
  }
}

function declarationOf(source: string): string {
  return source.replace(/\.ts$/, '.d.ts');
}
