/**
 * The recipes of docs/testing.md for test runners that do not come with npm alone, and the example
 * for pytest: each is run as its reader would run it, with a Kedge for tests.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blockOf, type Place } from '../../docs/blocks.ts';
import { linkedProject } from '../../linked-project.ts';
import { type Packed, type Project, pack } from '../../package/installed.ts';
import { freePort } from '../broker.ts';
import { cacheOf, download, once, pathOf } from '../install.ts';
import { fetchJars, jarsOf, jdk, jvm } from '../maven.ts';
import { Running, runToEnd } from '../processes.ts';
import { DEBIAN_PYTHON } from '../python.ts';
import { type Case, runCases, type Suite } from '../suite.ts';

const name = 'recipes';
const page = 'docs/testing.md';
const requirements = pathOf('../../examples/test-with-pytest/requirements.txt');
const cached = (...path: string[]) => join(cacheOf(name), ...path);

/** `kedge dev --memory --test-controls`, as the page says to start it. */
async function withControls<T>(work: (at: Place) => Promise<T>): Promise<T> {
  const [kafkaPort, httpPort] = await Promise.all([freePort(), freePort()]);
  const url = `http://127.0.0.1:${httpPort}`;
  const ports = ['--kafka-port', `${kafkaPort}`, '--http-port', `${httpPort}`];
  const [, ...dev] = blockOf(page, 'dev', { bootstrapServers: '', url: '' }).trim().split(' ');
  const kedge = new Running(process.execPath, [
    pathOf('../../bin/kedge.cjs'),
    ...dev.slice(1),
    ...ports,
  ]);
  try {
    await kedge.until(({ stdout }) => stdout.includes(`${httpPort}`), 'the banner');
    return await work({ bootstrapServers: `127.0.0.1:${kafkaPort}`, url });
  } finally {
    await kedge.stop();
  }
}

const pytest: Case = {
  name: 'pytest',
  timeoutMs: 120_000,
  async run() {
    using project = linkedProject([], 'examples/test-with-pytest');
    const python = cached('venv', 'bin', 'python');
    const env = { PYTHONDONTWRITEBYTECODE: '1' };
    const said = await runToEnd(python, ['-m', 'pytest', '-p', 'no:cacheprovider'], {
      ...{ cwd: project.path, env, timeoutMs: 110_000 },
    });
    if (!/\b5 passed/.test(said)) throw new Error(said);
  },
};

const jestRelease = '30.5.2';
let packed: Packed | undefined;
let shop: Project | undefined;

const jest: Case = {
  name: 'jest',
  async run() {
    shop!.write('orders.test.js', codeOf('jest'));
    const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
    const tests = new Running(process.execPath, args, { cwd: shop!.path });
    await tests.finished();
    if (!tests.stderr.includes('2 passed')) throw new Error(tests.stderr);
  },
};

const junit: Case = {
  name: 'junit',
  async run() {
    await withControls(async (at) => {
      const folder = emptied('junit');
      writeFileSync(join(folder, 'OrdersTest.java'), codeOf('junit', at));
      const jars = jarsOf(name);
      await runToEnd('javac', ['-d', folder, '-cp', jars, join(folder, 'OrdersTest.java')]);
      const program = 'org.junit.platform.console.ConsoleLauncher';
      const classPath = `${folder}:${jars}`;
      const args = ['execute', '--class-path', folder, '--select-class', 'OrdersTest'];
      const said = await runToEnd('java', [...jvm, '-cp', classPath, program, ...args]);
      if (!said.includes('2 tests successful')) throw new Error(said);
    });
  },
};

const go: Case = {
  name: 'go',
  timeoutMs: 120_000,
  async run() {
    await withControls(async (at) => {
      const folder = emptied('go');
      for (const file of ['go.mod', 'go.sum']) {
        copyFileSync(pathOf(`${name}/${file}`), join(folder, file));
      }
      writeFileSync(join(folder, 'orders_test.go'), codeOf('go', at));
      const options = { cwd: folder, timeoutMs: 110_000 };
      const said = await runToEnd('go', ['test', '-count=1', '-v', './...'], options);
      if (said.match(/^--- PASS/gm)?.length !== 2) throw new Error(said);
    });
  },
};

function codeOf(block: 'jest' | 'junit' | 'go', at: Place = { bootstrapServers: '', url: '' }) {
  return blockOf(page, block, at);
}

function emptied(folder: string): string {
  const path = cached(folder);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

export const suite: Suite = {
  name,
  debianPackages: [{ name: 'python3-venv' }, ...jdk],
  async install() {
    await once(cached('venv.stamp'), [requirements], async () => {
      await runToEnd(DEBIAN_PYTHON, ['-m', 'venv', '--clear', cached('venv')]);
      const python = cached('venv', 'bin', 'python');
      await download(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
    });
    packed = await pack();
    shop = await packed.install(`jest@${jestRelease}`);
    await fetchJars(name);
    await download('go', ['mod', 'download'], { cwd: pathOf(name) });
  },
  async version() {
    const pytestRelease = /^pytest==(\S+)/m.exec(readFileSync(requirements, 'utf8'))?.[1];
    return `pytest ${pytestRelease}, Jest ${jestRelease}, JUnit and Go`;
  },
  async run(context) {
    try {
      await runCases([pytest, jest, junit, go], context);
    } finally {
      packed?.remove();
    }
  },
};
