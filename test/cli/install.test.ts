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
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { root, run } from './processes.ts';

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

async function install(): Promise<{ end: unknown; stderr: string; called: string | undefined }> {
  const program = run(process.execPath, [join(project, 'src/cli/install.mjs')], {
    cwd: project,
    env: { PATH: `${join(project, 'bin')}:${process.env.PATH}` },
  });
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
  expect(called).toMatch(/^install --no-save --include=dev /);
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

it('installs when an earlier install was broken off', async () => {
  complete();
  rmSync(join(project, 'node_modules/.package-lock.json'));
  expect((await install()).called).toMatch(/^install /);
});

it('says so when npm fails', async () => {
  complete();
  rmSync(join(project, 'node_modules/.package-lock.json'));
  write('offline', '');
  const { end, stderr } = await install();
  expect(end).toBe(1);
  expect(stderr).toContain('kedge: npm could not install the packages');
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
