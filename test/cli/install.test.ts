import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, root, run } from './processes.ts';

/** A project with a lock file, and an npm that only writes down how it was called. */
let project: string;
const here = { os: [process.platform], cpu: [process.arch], optional: true };
const elsewhere = { os: ['plan9'], cpu: ['pdp11'], optional: true };

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'kedge-install-'));
  mkdirSync(join(project, 'src/cli'), { recursive: true });
  cpSync(join(root, 'src/cli/install.mjs'), join(project, 'src/cli/install.mjs'));
  write('package.json', '{"type":"module"}');
  script('bin/npm', 'echo "$@" > called; test ! -e offline');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(project, file)), { recursive: true });
  writeFileSync(join(project, file), text);
}
function script(file: string, body: string): void {
  write(file, `#!/bin/sh\n${body}\n`);
  chmodSync(join(project, file), 0o755);
}
const lock = (file: string, packages: object) =>
  write(file, JSON.stringify({ packages: { '': { name: 'x' }, ...packages } }));

const start = () =>
  run(process.execPath, [join(project, 'src/cli/install.mjs')], {
    cwd: project,
    env: { PATH: `${join(project, 'bin')}:${process.env.PATH}` },
  });

async function install(): Promise<{ end: unknown; stderr: string; called: string | undefined }> {
  const program = start();
  const end = await program.ended;
  const called = join(project, 'called');
  return {
    end,
    stderr: program.stderr(),
    called: existsSync(called) ? readFileSync(called, 'utf8') : undefined,
  };
}

const packages = {
  'node_modules/a': { version: '1.0.0' },
  'node_modules/here': { version: '1.0.0', ...here },
  'node_modules/musl': { version: '1.0.0', ...here, libc: ['musl'] },
  'node_modules/elsewhere': { version: '1.0.0', ...elsewhere },
};
const installed = {
  'node_modules/a': { version: '1.0.0' },
  'node_modules/here': { version: '1.0.0', ...here },
};
function complete(): void {
  lock('package-lock.json', packages);
  lock('node_modules/.package-lock.json', installed);
  script('node_modules/.bin/node', 'echo v24.1.0');
}

it('does nothing, in silence, when everything is there', async () => {
  complete();
  expect(await install()).toEqual({ end: 0, stderr: '', called: undefined });
});

it('installs on a fresh clone, and leaves the lock file alone', async () => {
  lock('package-lock.json', packages);
  script(
    'bin/npm',
    'echo "$@" > called; mkdir -p node_modules/.bin; cp bin/node node_modules/.bin',
  );
  script('bin/node', 'echo v24.1.0');
  const { end, stderr, called } = await install();
  expect(called).toMatch(/^ci --include=dev /);
  expect(stderr).toContain('installing what is missing');
  expect(end).toBe(0);
});

it.each([
  ['a package is missing', { 'node_modules/here': installed['node_modules/here'] }],
  ['a version is another', { ...installed, 'node_modules/a': { version: '0.9.0' } }],
  ["this machine's form of a package is missing", { 'node_modules/a': { version: '1.0.0' } }],
])('installs when %s', async (_, found) => {
  complete();
  lock('node_modules/.package-lock.json', found);
  expect((await install()).called).toMatch(/^install --no-save /);
});

it('installs from the beginning when an earlier install was broken off', async () => {
  complete();
  rmSync(join(project, 'node_modules/.package-lock.json'));
  expect((await install()).called).toMatch(/^ci /);
});

it('says so when npm fails', async () => {
  complete();
  rmSync(join(project, 'node_modules/.package-lock.json'));
  write('offline', '');
  const { end, stderr } = await install();
  expect(end).toBe(1);
  expect(stderr).toContain('kedge: npm could not install the packages');
});

it.each([
  ['SIGINT', ''],
  ['SIGTERM', ''],
  ['SIGINT', "trap '' INT;"],
] as const)('ends with its npm at %s %s', async (signal, trap) => {
  lock('package-lock.json', packages);
  script('bin/npm', `${trap} echo $$ > called; exec sleep 600`);
  const program = start();
  const called = join(project, 'called');
  while (!existsSync(called) || readFileSync(called, 'utf8') === '') await delay(10);
  program.child.kill(signal);
  expect(await program.ended).toBe(128 + constants.signals[signal]);
  expect(isRunning(Number(readFileSync(called, 'utf8')))).toBe(false);
  expect(program.stderr()).not.toContain('could not');
});

it('says so when the Node.js that was installed is too old', async () => {
  complete();
  script('node_modules/.bin/node', 'echo v20.9.0');
  const { end, stderr } = await install();
  expect(end).toBe(1);
  expect(stderr).toContain('Kedge needs Node.js 22.18 or newer');
  expect(stderr).toContain('v20.9.0');
});

it('finds the packages of this very project complete', async () => {
  const program = run(process.execPath, [join(root, 'src/cli/install.mjs')]);
  expect([await program.ended, program.stdout(), program.stderr()]).toEqual([0, '', '']);
});

describe('package-lock.json', () => {
  interface Package {
    readonly version: string;
    readonly optional?: boolean;
    readonly os?: readonly string[];
    readonly cpu?: readonly string[];
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  }
  const locked: Record<string, Package> = JSON.parse(
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  ).packages;

  /** Where Node.js finds a package that another one asks for. */
  function found(from: string, name: string): Package | undefined {
    for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
      const here = locked[`${folder}/node_modules/${name}`];
      if (here || !folder.includes('/node_modules/')) return here ?? locked[`node_modules/${name}`];
    }
  }

  it('has the packages of every platform, not only of the one it was made on', () => {
    const missing = Object.entries(locked).flatMap(([from, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !found(from, name)?.optional)
        .map((name) => `${from} asks for ${name}`),
    );
    expect(missing).toEqual([]);
    for (const parent of ['@biomejs/biome', 'workerd']) {
      for (const [name, version] of Object.entries(
        locked[`node_modules/${parent}`].optionalDependencies!,
      )) {
        const entry = locked[`node_modules/${name}`];
        expect([name, entry.version, entry.os?.length, entry.cpu?.length]).toEqual([
          ...[name, version, 1, 1],
        ]);
      }
    }
  });

  it('has one workerd: tests run in the one that is started', () => {
    const all = Object.keys(locked).filter((path) => /\/(workerd|miniflare|wrangler)$/.test(path));
    expect(all.sort()).toEqual([
      'node_modules/miniflare',
      'node_modules/workerd',
      'node_modules/wrangler',
    ]);
  });
});
