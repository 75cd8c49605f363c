/**
 * `npm run bench -- profile`: where Kedge's time goes. It starts a Kedge with workerd's inspector
 * on, keeps it at work, and prints which functions the time was spent in. The surprise: the Worker
 * and all its objects run on one thread, so one profile has them all.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Wire } from '../../test/kafka/wire.ts';
import { type Kedge, spawnKedge } from '../../test/kedge-process.ts';
import { type Benchmark, table, UsageError } from '../benchmark.ts';
import { type CpuProfile, Inspector } from './inspector.ts';
import { drive, loads } from './load.ts';
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

Starts a Kedge with workerd's inspector on, keeps it at work, and prints the functions that took
the most time of their own and in total, and what each thread took of the processor. The profile
is written to a file that Chrome DevTools, VS Code and speedscope open.

Usage: npm run bench -- profile [--only <load>] [options]

Options:
  --only <load>      what it is asked; default produce:
${Object.entries(loads)
  .map(([name, { title }]) => `                       ${name.padEnd(14)} ${title}`)
  .join('\n')}
  --seconds <n>      for how long (default 10)
  --out <folder>     where the profile is written (default profiles)
  --lines <n>        how many functions are printed (default 25)
  --interval <us>    microseconds between two samples (default 200)
  --allocations      what is allocated, and where, in place of time
`;

interface Options {
  readonly only: string;
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
    throw new UsageError((error as Error).message);
  }
  const { only = 'produce', out = 'profiles', allocations = false } = values;
  if (!Object.hasOwn(loads, only)) throw new UsageError(`There is no load '${only}'.`);
  const number = (name: 'seconds' | 'lines' | 'interval', usual: number): number => {
    const value = Number(values[name] ?? usual);
    if (!(value > 0)) throw new UsageError(`--${name} is a number above 0.`);
    return value;
  };
  return {
    ...{ only, out, allocations },
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
    const wire = await Wire.open(kedge);
    const inspector = await Inspector.open(address);
    const step = await loads[options.only].prepare(wire);
    // Until all that is hot has been compiled.
    await drive(step, Math.min(3, options.seconds / 2));
    const profiled = options.allocations ? allocationsOf : timesOf;
    await profiled(inspector, kedge, options, () => drive(step, options.seconds));
    wire.close();
    inspector.close();
    return true;
  },
};

type Work = () => Promise<number>;

async function timesOf(inspector: Inspector, kedge: Kedge, options: Options, work: Work) {
  const before = threadTimes(kedge.workerdPid());
  await inspector.startCpuProfile(options.interval);
  const bytes = await work();
  const after = threadTimes(kedge.workerdPid());
  const recorded = await inspector.stopCpuProfile();
  const file = write(options, 'cpuprofile', recorded);
  const summary = summaryOfCpu(recorded, originIn(await bundleOf(inspector, recorded)));
  const seconds = (recorded.endTime - recorded.startTime) / 1e6;
  const megabytes = bytes / 1e6;
  console.log(
    `${loads[options.only].title}: ${(megabytes / seconds).toFixed(1)} MB/s while profiled\n`,
  );
  printShares(summary);
  printThreads(threadsBetween(before, after), seconds, megabytes);
  printTop(summary, options.lines);
  console.log(`${file}: for DevTools, VS Code or speedscope`);
}

async function allocationsOf(inspector: Inspector, _: Kedge, options: Options, work: Work) {
  await inspector.startAllocationProfile(4096);
  const bytes = await work();
  const recorded = await inspector.stopAllocationProfile();
  const file = write(options, 'heapprofile', recorded);
  const origin = originIn(await inspector.sourceOf(scriptIn(recorded.head)));
  const summary = summaryOfAllocation(recorded.head, origin);
  const each = (summary.total / bytes).toFixed(3);
  console.log(`${loads[options.only].title}: ${each} bytes of heap for each byte of batches\n`);
  printTop(summary, options.lines);
  console.log(`${file}: for DevTools`);
}

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

function printThreads(threads: readonly ThreadTime[], seconds: number, megabytes: number): void {
  const rows = threads
    .filter(({ user, system }) => user + system >= 0.02)
    .map(({ name, user, system }) => [
      name,
      share(user, seconds),
      share(system, seconds),
      `${(((user + system) * 1000) / megabytes).toFixed(2)}`,
    ]);
  console.log(`${table([['Thread', 'own', 'system', 'ms for a MB'], ...rows])}\n`);
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

function write({ out, only }: Options, ending: string, recorded: unknown): string {
  mkdirSync(out, { recursive: true });
  const file = join(out, `${only}.${ending}`);
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
