/**
 * `npm run bench` measures Kedge beside its floor, `npm run bench -- flat` runs one of the other
 * benchmarks. The surprise: what counts in all of them is no speed but ratios of what was measured
 * in turns, in one run and on one machine.
 */
import { type Benchmark, Stopped, UsageError } from './benchmark.ts';
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

async function run(args: readonly string[]): Promise<number> {
  const [name = '--', ...rest] = args;
  if (name === '--help' || name === '-h') {
    console.log(help);
    return 0;
  }
  if (name.startsWith('-') && name !== '--cost') return (await speed.run(args)) ? 0 : 1;
  const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (benchmark === undefined) throw new UsageError(`There is no benchmark '${name}'.`);
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(benchmark.help);
    return 0;
  }
  return (await benchmark.run(rest)) ? 0 : 1;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`bench: ${error.message} See npm run bench -- --help.`);
    process.exitCode = 2;
  } else if (error instanceof Stopped) {
    process.exitCode = 130;
  } else throw error;
}
