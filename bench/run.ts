/**
 * `npm run bench` measures Kedge beside its floor, `npm run bench -- flat` runs one of the other
 * benchmarks. The surprise: what counts in all of them is no speed but ratios of what was measured
 * in turns, in one run and on one machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, progressDone, Stopped, UsageError } from './benchmark.ts';
import { cost } from './cost/cost.ts';
import { size } from './cost/size.ts';
import { flat } from './flat.ts';
import { idle } from './idle.ts';
import { micro } from './micro/micro.ts';
import { profile } from './profile/profile.ts';
import { speed, speedOptions } from './speed/speed.ts';
import { start } from './start.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  '--cost': cost,
  flat,
  idle,
  micro,
  profile,
  size,
  start,
};

const help = `Kedge's benchmarks: ratios within one run, for speeds differ from machine to machine.

Usage: npm run bench -- [options]          ${speed.summary}
       npm run bench -- <name>             another benchmark
       npm run bench -- <name> --help      what it measures, and its options

Options
${speedOptions}

Benchmarks
${Object.entries(benchmarks)
  .map(([name, { summary }]) => `  ${name.padEnd(21)} ${summary}`)
  .join('\n')}

Exit code: 0, 1 when something failed or does not hold, 2 for a command line that makes no sense.
bench/README.md says how to read the figures.
`;

const args = process.argv.slice(2);
const isNamed = args[0] === '--cost' || (args.length > 0 && !args[0].startsWith('-'));

async function run(): Promise<number> {
  const named = isNamed ? benchmarkOf(args[0]) : undefined;
  if (args.includes('--help') || args.includes('-h')) {
    console.log(named?.help ?? help);
    return 0;
  }
  leaveNothing();
  const holds = await (named?.run(args.slice(1)) ?? speed.run(args));
  return holds ? 0 : 1;
}

/** All that is temporary is in one directory, and goes with it, however this process ends. */
function leaveNothing(): void {
  const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-'));
  process.env.TMPDIR = directory;
  process.once('exit', () =>
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  );
  // The table stops its systems in order, and then ends by itself.
  if (!isNamed) return;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      progressDone();
      process.exit(130);
    });
  }
}

function benchmarkOf(name: string): Benchmark {
  if (Object.hasOwn(benchmarks, name)) return benchmarks[name];
  throw new UsageError(`There is no benchmark '${name}'.`);
}

try {
  process.exitCode = await run();
} catch (error) {
  if (error instanceof UsageError) {
    const which = isNamed && Object.hasOwn(benchmarks, args[0]) ? `${args[0]} ` : '';
    console.error(`bench: ${error.message} See npm run bench -- ${which}--help.`);
    process.exitCode = 2;
  } else if (error instanceof Stopped) {
    progressDone();
    process.exitCode = 130;
  } else throw error;
}
