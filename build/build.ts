/**
 * `npm run build`: makes `dist`, which is all of the published package but for its launcher in
 * `bin`. The surprise: nothing here lists the entry points; they are what `exports` in package.json
 * says, under the condition `kedge:source`. `node build/build.ts <folder>` makes it elsewhere.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compileModules } from './modules.ts';
import { noticesOf } from './notices.ts';
import { bundlePrograms } from './programs.ts';
import { dist, root } from './project.ts';
import { bundleWorkers } from './workers.ts';

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const [workers, programs] = await Promise.all([
  bundleWorkers(),
  compileModules().then(bundlePrograms),
]);
copy('build/worker.d.ts');
copy('src/local/workerd.sh');
// The Worker is ready beside it: no build step where it is deployed, or run.
writeFileSync(join(dist, 'wrangler.toml'), wranglerConfig());
writeFileSync(join(dist, 'third-party-notices.md'), noticesOf([...workers.inputs, ...programs]));
for (const line of workers.weights) console.log(line);
if (workers.tooHeavy !== undefined) {
  console.error(`kedge: ${workers.tooHeavy}`);
  process.exitCode = 1;
}

function copy(file: string): void {
  cpSync(join(root, file), join(dist, basename(file)));
}

function wranglerConfig(): string {
  const ofSource = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  return ofSource.replace(
    'main = "src/worker.ts"',
    'main = "worker.js"\nno_bundle = true\nfind_additional_modules = false',
  );
}
