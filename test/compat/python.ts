/**
 * The suites in Python: a client that Debian ships, run by Debian's Python, or one from PyPI at a
 * pinned version, run in a virtual environment of its own. Both are `cases.py` in the client's
 * folder, on the shared cases in `python/`.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { blockOf } from '../docs/blocks.ts';
import { exactlyOnce } from './exactly-once.ts';
import { cacheOf, download, once, pathOf } from './install.ts';
import { Running, runToEnd } from './processes.ts';
import { runProgram } from './program.ts';
import { type Case, runCases, type Suite } from './suite.ts';

export const DEBIAN_PYTHON = '/usr/bin/python3';

/** What a client does besides its `cases.py`. */
interface More {
  /** The block of README.md that it executes. */
  readonly readme?: string;
  /** That block only reads: the record it prints is sent to it. */
  readonly readmeReads?: boolean;
  /** Its worker of exactly-once.ts, in `python/`. */
  readonly pipeline?: string;
}

/** The release that Debian ships. */
export function debianClient(name: string, packages: readonly string[], more: More = {}): Suite {
  const debianPackages = packages.map((one) => ({ name: one }));
  const install = async () => {};
  return { name, debianPackages, install, ...runBy(name, () => DEBIAN_PYTHON, more) };
}

function environmentOf(name: string): string {
  return join(cacheOf(name), 'venv');
}

/** The Python that has what the folder's requirements.txt names. */
export function pythonOf(name: string): string {
  return join(environmentOf(name), 'bin', 'python');
}

/** The releases that the folder's requirements.txt names. */
export function pypiClient(name: string, more: More = {}): Suite {
  const requirements = pathOf(`${name}/requirements.txt`);
  const environment = () => environmentOf(name);
  const python = () => pythonOf(name);
  const install = () =>
    once(join(cacheOf(name), 'venv.stamp'), [requirements], async () => {
      await runToEnd(DEBIAN_PYTHON, ['-m', 'venv', '--clear', environment()]);
      await download(python(), ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
    });
  const debianPackages = [{ name: 'python3-venv' }];
  return { name, debianPackages, install, ...runBy(name, python, more) };
}

/** `version` and `run`. */
function runBy(
  name: string,
  python: () => string,
  { readme, readmeReads = false, pipeline }: More,
): Pick<Suite, 'version' | 'run'> {
  return {
    version: () => runToEnd(python(), [pathOf('python/versions.py'), name]),
    run: async (context) => {
      const env = { PYTHONPATH: pathOf('python'), PYTHONDONTWRITEBYTECODE: '1' };
      await runProgram(context, python(), [pathOf(`${name}/cases.py`)], { env });
      const more: Case[] = [];
      if (readme !== undefined) more.push(readmeCase(python(), readme, readmeReads));
      if (pipeline !== undefined) more.push(exactlyOnceCase(python(), pipeline));
      await runCases(more, context);
    },
  };
}

function exactlyOnceCase(python: string, pipeline: string): Case {
  const worker = { command: python, args: [pathOf(`python/${pipeline}`)] };
  return exactlyOnce(worker, { workers: 2, kills: 2, restarts: 1, stranger: false });
}

/** The README's example as it is written there: it produces a record and prints what it reads. */
function readmeCase(python: string, block: string, onlyReads: boolean): Case {
  return {
    name: 'readme',
    async run({ broker }, signal) {
      const code = blockOf('README.md', block, { bootstrapServers: broker.bootstrap, url: '' });
      const example = new Running(python, ['-u', '-c', code], { signal });
      const record = /^0 \d+ b'4' b'{"item": "tea"}'$/m;
      const read = example.until(({ stdout }) => record.test(stdout), 'the record');
      if (onlyReads) await Promise.race([read, sendOrders(broker.bootstrap, signal)]);
      await read;
      await example.stop('SIGKILL'); // it would wait for more
    },
  };
}

/** Sends an order now and then, until the case is over. */
async function sendOrders(bootstrap: string, signal: AbortSignal): Promise<never> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    for (;;) {
      const messages = [{ key: '4', value: '{"item": "tea"}' }];
      await producer.send({ topic: 'orders', messages });
      await delay(300, null, { signal });
    }
  } finally {
    await producer.disconnect();
  }
}
