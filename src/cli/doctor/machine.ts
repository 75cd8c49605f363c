/**
 * What a Kedge on this machine needs: Node.js, workerd, a directory to write to. The surprise is
 * workerd's: it is a program of its own, made for some systems and no others, and the most usual
 * of those it is not made for is Alpine, whose libc is another.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type Finding, fail, ok, warn } from './finding.ts';

const needed = [22, 13] as const;

export async function node(): Promise<readonly Finding[]> {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isEnough = major > needed[0] || (major === needed[0] && minor >= needed[1]);
  const says = `${process.version} on ${process.platform}, ${process.arch}`;
  if (isEnough) return [ok('Node.js', says)];
  return [fail('Node.js', says, `Kedge needs ${needed.join('.')} or newer: https://nodejs.org`)];
}

/** `program`: for a test, which one to run. */
export async function workerd(program = workerdProgram()): Promise<readonly Finding[]> {
  if (!program) {
    return [
      fail(
        'workerd',
        'it is not installed',
        'npm install, without --omit=optional: it comes as an optional package for this system',
      ),
    ];
  }
  return new Promise((settle) => {
    execFile(program, ['--version'], { timeout: 5_000 }, (error, stdout, stderr) => {
      if (error === null)
        return settle([ok('workerd', `${stdout.trim().replace(/^workerd /, '')}`)]);
      const said = `${stderr}`.trim().split('\n')[0] || error.message;
      settle([fail('workerd', `it does not run: ${said}`, aboutWorkerd())]);
    });
  });
}

function aboutWorkerd(): string {
  const system = `${process.platform}, ${process.arch}`;
  if (process.platform !== 'linux') return `It is made for x64 and arm64; this is ${system}.`;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const glibc = report.header?.glibcVersionRuntime;
  return glibc === undefined
    ? 'It needs glibc, which Alpine has not: take an image such as node:24-slim'
    : `It needs x64 or arm64 and glibc 2.35 or newer; this is ${system} with glibc ${glibc}`;
}

function workerdProgram(): string | undefined {
  try {
    return createRequire(import.meta.url)('workerd').default;
  } catch {
    return undefined;
  }
}

/** Where data is kept, or would be. */
export async function dataDirectory(path: string): Promise<readonly Finding[]> {
  const name = 'data';
  const full = resolve(path);
  const there = statSync(full, { throwIfNoEntry: false });
  if (there && !there.isDirectory()) {
    return [fail(name, `${full} is a file`, 'say another one with --data-dir')];
  }
  let nearest = full;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch {
    return [fail(name, `${nearest} cannot be written to`, 'say another one with --data-dir')];
  }
  if (there === undefined) return [ok(name, `${full}, which is not there yet`)];
  const holder = holderOf(full);
  return [ok(name, holder === undefined ? full : `${full}, in use by Kedge (process ${holder})`)];
}

/** The process that has it, if it lives. */
function holderOf(directory: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 0 : undefined;
  }
}

/** What the environment says that cannot be had, or that nothing reads. */
export function environmentFindings(
  problem: string | undefined,
  remarks: readonly string[],
): readonly Finding[] {
  const name = 'environment';
  const found = remarks.map((remark) => warn(name, remark));
  if (problem !== undefined) return [fail(name, problem), ...found];
  return found.length > 0 ? found : [ok(name, 'every KAFKA_ and KEDGE_ variable is understood')];
}
