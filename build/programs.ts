/**
 * What runs in Node.js: the command line, and what test suites import. The surprise: they are built
 * apart. The command line has all it needs, in few files, so that it is there at once; what suites
 * import takes the client from where their own code has it, so that a KafkaError is a KafkaError.
 * Everything lies in one folder, for whoever looks for files beside itself.
 */
import { relative, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { dist, programs, root } from './project.ts';

const options = {
  absWorkingDir: root,
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
} satisfies BuildOptions;

/** Bundles them; `modules` are there already. Answers with the files that went in. */
export async function bundlePrograms(modules: ReadonlySet<string>): Promise<string[]> {
  const built = await Promise.all([
    build({ ...options, entryPoints: ['src/cli/kedge.ts'], entryNames: 'kedge' }),
    build({
      ...options,
      entryPoints: programs.map(({ source, name }) => ({ in: source, out: name })),
      plugins: [leave(modules)],
    }),
  ]);
  return built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
}

/** Imports what is compiled already from where it is. */
function leave(modules: ReadonlySet<string>): Plugin {
  return {
    name: 'modules',
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
        const source = relative(root, resolve(resolveDir, path));
        if (kind === 'entry-point' || !modules.has(source)) return undefined;
        const compiled = source.replace(/^src\//, './modules/').replace(/\.ts$/, '.js');
        return { path: compiled, external: true, sideEffects: false };
      });
    },
  };
}
