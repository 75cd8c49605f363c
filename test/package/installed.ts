/**
 * The package as a user has it: packed, and installed into an empty project that has nothing to do
 * with this repository. npm takes from its cache what is not ours.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Program, root, run } from '../cli/processes.ts';

export interface Project {
  /** Where it is. */
  readonly path: string;
  /** A file of it, or of what is installed. */
  file(name: string): string;
  write(name: string, text: string): void;
  /** Runs a program in it, to its end; what it printed. Throws when it fails. */
  run(command: string, ...args: readonly string[]): Promise<string>;
  /** Starts a program in it. */
  start(command: string, ...args: readonly string[]): Program;
}

export interface Packed {
  readonly tarball: string;
  /** A new project, with Kedge in it. `options`: of `npm install`. */
  install(...options: readonly string[]): Promise<Project>;
  remove(): void;
}

/**
 * Builds and packs what is in the repository now, as `npm pack` does, but for a `dist` of its own:
 * several may be at it.
 */
export async function pack(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-package-'));
  const own = join(folder, 'package');
  await succeed(root, process.execPath, ['build/build.ts', join(own, 'dist')]);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'bin']) {
    cpSync(join(root, name), join(own, name), { recursive: true });
  }
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const packed = await succeed(own, 'npm', args);
  const tarball = join(folder, packed.trim().split('\n').at(-1)!);
  let projects = 0;
  return {
    tarball,
    async install(...options) {
      const path = join(folder, `project-${++projects}`);
      const project = projectAt(path);
      project.write('package.json', '{ "name": "shop", "private": true, "type": "module" }');
      const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
      await project.run('npm', 'install', ...quietly, ...options, tarball);
      return project;
    },
    // What was killed in it may end, and write, a moment later.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  };
}

function projectAt(path: string): Project {
  const file = (name: string): string => join(path, name);
  return {
    path,
    file,
    write(name, text) {
      mkdirSync(dirname(file(name)), { recursive: true });
      writeFileSync(file(name), text);
    },
    run: (command, ...args) => succeed(path, command, args),
    start: (command, ...args) => run(command, args, { cwd: path }),
  };
}

async function succeed(cwd: string, command: string, args: readonly string[]): Promise<string> {
  const program = run(command, args, { cwd });
  const end = await program.ended;
  if (end === 0) return program.stdout();
  const said = `${program.stdout()}${program.stderr()}`;
  throw new Error(`${command} ${args.join(' ')} ended with ${end}:\n${said}`);
}

export const ownPackage = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
