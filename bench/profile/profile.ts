/**
 * `npm run bench -- profile`: where Kedge's time goes. It starts a Kedge with workerd's inspector
 * on, keeps it at work, and prints which functions the time was spent in. The surprise: the Worker
 * and all its objects run on one thread, so one profile has them all.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Kedge, spawnKedge } from '../../test/kedge-process.ts';
import { type Benchmark, table, UsageError } from '../benchmark.ts';
import type { Running } from '../speed/system.ts';
import type { Sample, Workload } from '../speed/workload.ts';
import { workloads } from '../speed/workloads/index.ts';
import { type CpuProfile, Inspector } from './inspector.ts';
import {
  type Line,
  originIn,
  type Summary,
  summaryOfAllocation,
  summaryOfCpu,
  top,
} from './summary.ts';
import { type ThreadTime, threadsBetween, threadTimes } from './threads.ts';

const help = `profile: where Kedge's time goes.

Starts a Kedge with workerd's inspector on, puts it to one of the workloads of the table, and prints
the functions that took the most time of their own and in total, and what each thread took of the
processor. The profile is written to a file that Chrome DevTools, VS Code and speedscope open.

Usage: npm run bench -- profile [--only <workload>] [options]

Options:
  --only <workload>  what it is put to (default produce-1k-1); npm run bench -- --list names them
  --seconds <n>      for how long (default 10)
  --out <folder>     where the profile is written (default profiles)
  --lines <n>        how many functions are printed (default 25)
  --interval <us>    microseconds between two samples (default 200)
  --allocations      what is allocated, and where, in place of time
`;

interface Options {
  readonly workload: Workload;
  readonly seconds: number;
  readonly out: string;
  readonly lines: number;
  readonly interval: number;
  readonly allocations: boolean;
}

function optionsOf(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const read = () =>
    parseArgs({
      args: [...args],
      options: {
        ...{ only: text, seconds: text, out: text, lines: text, interval: text },
        allocations: { type: 'boolean' },
      },
    }).values;
  let values: ReturnType<typeof read>;
  try {
    values = read();
  } catch (error) {
    throw new UsageError(`${(error as Error).message}.`);
  }
  const { only = 'produce-1k-1', out = 'profiles', allocations = false } = values;
  const workload = workloads.find(({ name }) => name === only);
  if (workload === undefined)
    throw new UsageError(`There is no workload '${only}'; npm run bench -- --list names them.`);
  const number = (name: 'seconds' | 'lines' | 'interval', usual: number): number => {
    const value = Number(values[name] ?? usual);
    if (!(value > 0)) throw new UsageError(`--${name} is a number above 0.`);
    return value;
  };
  return {
    ...{ workload, out, allocations },
    seconds: number('seconds', 10),
    lines: number('lines', 25),
    interval: number('interval', 200),
  };
}

export const profile: Benchmark = {
  summary: "where Kedge's time goes, by function and by thread",
  help,
  async run(args) {
    const options = optionsOf(args);
    const address = `127.0.0.1:${await freePort()}`;
    await using kedge = await spawnKedge({ env: { KEDGE_INSPECTOR: address } });
    const inspector = await Inspector.open(address);
    const running = runningOf(kedge);
    const { workload, seconds } = options;
    // Until all that is hot has been compiled, and what is to be read is there.
    await workload.sample(running, { number: 0, seconds: warmUpSeconds });
    const sampled = workload.sample(running, { number: 1, seconds: seconds + 2 * marginSeconds });
    sampled.catch(() => {});
    await delay(marginSeconds * 1000);
    const finish = await (options.allocations ? allocationsOf : timesOf)(inspector, kedge, options);
    const sample = await sampled;
    inspector.close();
    console.log(`${workload.title}, while profiled: ${figuresOf(workload, sample)}\n`);
    finish();
    return true;
  },
};

const warmUpSeconds = 3;
/** What a load needs to begin, and may be early at its end. */
const marginSeconds = 1;

function runningOf(kedge: Kedge): Running {
  return {
    dialect: 'kafka',
    host: kedge.host,
    port: kedge.kafkaPort,
    url: kedge.url,
    version: 'kedge',
    pids: () => [kedge.pid, kedge.workerdPid()],
    stop: () => kedge.stop(),
  };
}

function figuresOf({ figures }: Workload, sample: Sample | undefined): string {
  if (sample === undefined) throw new UsageError('Kedge cannot be put to this while it runs.');
  return figures
    .filter(({ name }) => sample[name] !== undefined)
    .map(({ name, unit }) => `${name} ${sample[name].toPrecision(3)} ${unit}`)
    .join(', ');
}

/** Profiles; what it answers with prints what came of it. */
type Profiled = (inspector: Inspector, kedge: Kedge, options: Options) => Promise<() => void>;

const timesOf: Profiled = async (inspector, kedge, options) => {
  const before = threadTimes(kedge.workerdPid());
  await inspector.startCpuProfile(options.interval);
  await delay(options.seconds * 1000);
  const after = threadTimes(kedge.workerdPid());
  const recorded = await inspector.stopCpuProfile();
  const file = write(options, 'cpuprofile', recorded);
  const summary = summaryOfCpu(recorded, originIn(await bundleOf(inspector, recorded)));
  return () => {
    printShares(summary);
    printThreads(threadsBetween(before, after), (recorded.endTime - recorded.startTime) / 1e6);
    printTop(summary, options.lines);
    console.log(`${file}: for DevTools, VS Code or speedscope`);
  };
};

const allocationsOf: Profiled = async (inspector, _, options) => {
  await inspector.startAllocationProfile(4096);
  await delay(options.seconds * 1000);
  const recorded = await inspector.stopAllocationProfile();
  const file = write(options, 'heapprofile', recorded);
  const origin = originIn(await inspector.sourceOf(scriptIn(recorded.head)));
  const summary = summaryOfAllocation(recorded.head, origin);
  return () => {
    console.log(`${(summary.total / 1e6 / options.seconds).toFixed(1)} MB of heap a second\n`);
    printTop(summary, options.lines);
    console.log(`${file}: for DevTools`);
  };
};

/** Bundled scripts are as readable as their sources here, for names are not shortened. */
async function bundleOf(inspector: Inspector, { nodes }: CpuProfile): Promise<string> {
  const script = nodes.find(({ callFrame }) => callFrame.url.endsWith('worker.js'));
  return script === undefined ? '' : inspector.sourceOf(script.callFrame.scriptId);
}

function scriptIn(node: Parameters<typeof summaryOfAllocation>[0]): string {
  if (node.callFrame.url.endsWith('worker.js')) return node.callFrame.scriptId;
  for (const child of node.children) {
    const found = scriptIn(child);
    if (found !== '') return found;
  }
  return '';
}

const ofV8 = ['(idle)', '(program)', '(garbage collector)', '(root)'];

function printShares({ lines, total }: Summary): void {
  const sum = (which: (line: Line) => boolean): string =>
    share(
      lines.filter(which).reduce((all, { self }) => all + self, 0),
      total,
    );
  const named = (name: string): string => sum((line) => line.name === name);
  const rows = [
    ['JavaScript', sum(({ isOurs }) => isOurs)],
    [
      'native, called by JavaScript (write, exec …)',
      sum(({ isOurs, name }) => !isOurs && !ofV8.includes(name)),
    ],
    ['native, by itself (program)', named('(program)')],
    ['garbage collector', named('(garbage collector)')],
    ['idle', named('(idle)')],
  ];
  console.log(`${table([['Time of the thread of JavaScript', ''], ...rows])}\n`);
}

function printThreads(threads: readonly ThreadTime[], seconds: number): void {
  const rows = threads
    .filter(({ user, system }) => user + system >= 0.02)
    .map(({ name, user, system }) => [name, share(user, seconds), share(system, seconds)]);
  console.log(`${table([['Thread', 'own', 'system'], ...rows])}\n`);
}

function printTop(summary: Summary, count: number): void {
  for (const by of ['self', 'total'] as const) {
    const rows = top(summary, by, count)
      .filter(({ name }) => name !== '(idle)' && name !== '(root)')
      .map((line) => [
        share(line.self, summary.total),
        share(line.total, summary.total),
        line.name,
      ]);
    console.log(`${table([['self', 'total', `by ${by}`], ...rows])}\n`);
  }
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1).padStart(5)} %`;
}

function write({ out, workload }: Options, ending: string, recorded: unknown): string {
  mkdirSync(out, { recursive: true });
  const file = join(out, `${workload.name}.${ending}`);
  writeFileSync(file, JSON.stringify(recorded));
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
