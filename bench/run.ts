/**
 * `npm run bench` lists the benchmarks, `npm run bench -- flat` runs one. The surprise: none of
 * them reports a speed. Each compares two things in one run and on one machine, and fails when the
 * ratio is not what it is meant to be.
 */
import { type Benchmark, UsageError } from './benchmark.ts';
import { flat } from './flat.ts';
import { idle } from './idle.ts';
import { profile } from './profile/profile.ts';
import { start } from './start.ts';

const benchmarks: Readonly<Record<string, Benchmark>> = { flat, idle, profile, start };

const help = `Kedge's benchmarks: ratios within one run, for speeds differ from machine to machine.

Usage: npm run bench                      this list
       npm run bench -- <name>            runs one
       npm run bench -- <name> --help     what it measures, and its options

${Object.entries(benchmarks)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

Exit code: 0 when every ratio holds, 1 when one does not, 2 for a command line that makes no sense.
bench/README.md says how to read the figures.
`;

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(help);
    return 0;
  }
  const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (benchmark === undefined) throw new UsageError(`There is no benchmark '${name}'.`);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(benchmark.help);
    return 0;
  }
  return (await benchmark.run(args)) ? 0 : 1;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench: ${error.message} See npm run bench -- --help.`);
  process.exitCode = 2;
}
