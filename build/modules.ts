/**
 * The modules that run anywhere, and the declarations of all that users import. The surprise: these
 * are not bundled. A bundler drops a file that nobody needs, with all it does when it is loaded,
 * and so a Producer alone stays as small as it is from source.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { dist, libraries, programs, root } from './project.ts';

const modules = join(dist, 'modules');

/** Users need not have it in their own configuration. */
const disposable = '/// <reference lib="esnext.disposable" />\n';

/** Writes them; answers with those of the modules that run anywhere, by their paths in `src`. */
export async function compileModules(): Promise<ReadonlySet<string>> {
  const entries = [...libraries, ...programs.map(({ source }) => source)];
  await compile(entries);
  const declarations = closure(entries, '.d.ts');
  const code = closure(libraries, '.js');
  for (const file of readdirSync(modules, { recursive: true, encoding: 'utf8' })) {
    const path = join(modules, file);
    if (file.endsWith('.d.ts') ? declarations.has(path) : !file.endsWith('.js') || code.has(path))
      continue;
    rmSync(path);
  }
  for (const path of declarations) {
    // Not every resolution takes a declaration for a `.ts`; every one takes it for a `.js`.
    const text = readFileSync(path, 'utf8').replace(
      imported,
      (_, before, to) => `${before}${to}.js`,
    );
    const isEntry = entries.some((entry) => compiled(entry, '.d.ts') === path);
    writeFileSync(path, isEntry ? disposable + text : text);
  }
  return new Set([...code].map((path) => `src${path.slice(modules.length, -'.js'.length)}.ts`));
}

async function compile(files: readonly string[]): Promise<void> {
  const config = join(dist, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    // `npm run check:types` is what checks them.
    noCheck: true,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: join(root, 'src'),
    typeRoots: ['node_modules', 'node_modules/@types'].map((folder) => join(root, folder)),
    outDir: 'modules',
  };
  const given = { extends: join(root, 'tsconfig.json'), compilerOptions, include: [] };
  writeFileSync(config, JSON.stringify({ ...given, files: files.map((file) => join(root, file)) }));
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '--project', config]);
  } catch (error) {
    throw new Error(`the modules do not compile:\n${(error as { stdout?: string }).stdout}`);
  } finally {
    rmSync(config);
  }
}

/** What stands before a path, and the path without its ending. */
const imported = /(\bfrom ["']|\bimport\(["']|^import ["'])(\.[^'"]+)\.[jt]s(?=['"])/gm;

/** What these sources have become, and all that it refers to. */
function closure(sources: readonly string[], ending: '.js' | '.d.ts'): Set<string> {
  const found = new Set(sources.map((source) => compiled(source, ending)));
  for (const path of found) {
    for (const [, , to] of readFileSync(path, 'utf8').matchAll(imported)) {
      found.add(join(dirname(path), `${to}${ending}`));
    }
  }
  return found;
}

function compiled(source: string, ending: string): string {
  return join(modules, source.replace(/^src\/|\.ts$/g, '')) + ending;
}
