/**
 * Installs the packages that package-lock.json names, if they are not all there: before
 * `npm start`, `npm test` and the like. It runs with whatever Node.js the machine has, and takes a
 * moment when there is nothing to do; the rest of Kedge runs with the Node.js it installs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  fail(`Kedge needs Node.js 20 or newer; this is ${process.version}. See https://nodejs.org.`);
}
if (!isComplete()) {
  console.error('kedge: installing what is missing (only the first time, and after an update) …');
  // `npm ci` starts by removing everything; an update leaves what is there and right alone. On
  // Windows it has to: the Node.js that runs this may be one of the packages.
  const command = packagesOf('node_modules/.package-lock.json') ? ['install', '--no-save'] : ['ci'];
  const quietly = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, signal } = await npm([...command, ...quietly]);
  if (signal) process.exit(128 + constants.signals[signal]);
  if (code !== 0) fail('npm could not install the packages; its own words are above.');
}
checkNode();
if (process.platform === 'win32') {
  // The start script begins with `exec`, so that signals sent to npm reach Kedge and not a shell in
  // between. The command shell of Windows has no such word; this gives it one.
  writeFileSync(join(root, 'node_modules/.bin/exec.cmd'), '@%*\r\n');
}

/** Whether what is installed is what the lock file names, as far as it concerns this machine. */
function isComplete() {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (!wanted || !installed || !existsSync(nodeProgram())) return false;
  return Object.entries(wanted).every(([path, { version, optional, os, cpu, libc }]) => {
    if (path === '') return true;
    if (installed[path]) return installed[path].version === version;
    const here = os && cpu && !libc && os.includes(process.platform) && cpu.includes(process.arch);
    return optional && !here;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function nodeProgram() {
  return join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
}

/**
 * Runs npm; who ends us ends it too. Gives its exit code, or the signal that ended us. An npm that
 * is told to end would first finish its downloads; what it leaves half done, the next one mends.
 */
function npm(args) {
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] };
  // Inside `npm start` this names the npm that runs; it is a script for Node.js.
  const script = process.env.npm_execpath;
  const child =
    script && /\.c?js$/.test(script)
      ? spawn(process.execPath, [script, ...args], options)
      : spawn('npm', args, { ...options, shell: process.platform === 'win32' });
  let signal;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      signal = name;
      child.kill(name);
      setTimeout(() => child.kill('SIGKILL'), 300);
    });
  }
  return new Promise((resolve) => {
    child.once('error', ({ message }) => fail(`npm could not be started: ${message}`));
    child.once('exit', (code) => resolve({ code, signal }));
  });
}

/** The packages bring their own Node.js; without it the next step would fail with a riddle. */
function checkNode() {
  const { stdout } = spawnSync(nodeProgram(), ['--version'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const version = /^v(\d+)\.(\d+)/.exec(stdout || '');
  if (version && (Number(version[1]) > 22 || (version[1] === '22' && Number(version[2]) >= 18)))
    return;
  fail(
    `Kedge needs Node.js 22.18 or newer, and the one its packages bring is ${
      version ? stdout.trim() : 'not there'
    }. Remove node_modules and try again.`,
  );
}

function fail(message) {
  console.error(`kedge: ${message}`);
  process.exit(1);
}
