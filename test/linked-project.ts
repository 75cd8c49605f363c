/**
 * A project beside this repository that has Kedge in its `node_modules`, from source: what an
 * example is to somebody who has installed it. Nothing is fetched; the other packages it may use
 * are those of this repository.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './cli/processes.ts';

export interface LinkedProject extends Disposable {
  readonly path: string;
}

/** With these packages and `kedge` installed; `folder`: a copy of one of this repository. */
export function linkedProject(packages: readonly string[], folder?: string): LinkedProject {
  const path = mkdtempSync(join(tmpdir(), 'kedge-project-'));
  const filter = (file: string): boolean => !file.includes('node_modules');
  if (folder !== undefined) cpSync(join(root, folder), path, { recursive: true, filter });
  const modules = join(path, 'node_modules');
  for (const name of packages) link(join(root, 'node_modules', name), join(modules, name));
  installKedge(modules);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Its entry points are their sources; they lie outside of `node_modules`, as Node.js wants it. */
function installKedge(modules: string): void {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const exports = Object.entries<{ 'kedge:source'?: string }>(own.exports).flatMap(
    ([name, target]) => (target['kedge:source'] ? [[name, target['kedge:source']]] : []),
  );
  const folder = join(modules, 'kedge');
  link(join(root, 'src'), join(folder, 'src'));
  const { name, version, type } = own;
  const manifest = { name, version, type, exports: Object.fromEntries(exports) };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  link(join(root, own.bin.kedge), join(modules, '.bin/kedge'));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}
