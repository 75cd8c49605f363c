/**
 * `npm run bench -- micro`: what Kedge does for each request, batch and record, by itself and in
 * the engine that counts: workerd. The surprise: a time says nothing of another machine, so each is
 * given as a multiple of something simpler that handles the same bytes in the same run.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../../test/simulation/world/random.ts';
import {
  type Benchmark,
  progress,
  progressDone,
  ratioText,
  table,
  UsageError,
} from '../benchmark.ts';
import { compare, median } from '../statistics.ts';
import { type Engine, type Engines, startEngines } from './engine.ts';

const help = `micro: codec, checksums, checks of batches, compaction and compression by themselves.

Runs each inside workerd, in turns with something simpler that handles the same bytes, and prints
how many times as long it takes. The last column is of this machine on this day.

Usage: npm run bench -- micro [options]

Options:
  --only <text>        those with this in their names; several with commas between
  --against <folder>   measures against the same code in another folder (a checkout of Kedge), in
                       place of something simpler: below 1 is faster than that
  --rounds <n>         how often both are measured (default 15)
  --ms <n>             how long each is measured in a round (default 10)
  --list               what there is
`;

interface Options {
  readonly only: readonly string[];
  readonly against: string | undefined;
  readonly rounds: number;
  readonly ms: number;
  readonly list: boolean;
}

function optionsOf(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const list = { type: 'boolean' } as const;
  const options = { only: text, against: text, rounds: text, ms: text, list };
  const read = () => parseArgs({ args: [...args], options }).values;
  let values: ReturnType<typeof read>;
  try {
    values = read();
  } catch (error) {
    throw new UsageError(`${(error as Error).message.replace(/\.$/, '')}.`);
  }
  const number = (name: 'rounds' | 'ms', usual: number): number => {
    const value = Number(values[name] ?? usual);
    if (!(value > 0)) throw new UsageError(`--${name} is a number above 0.`);
    return value;
  };
  return {
    only: values.only?.split(',').filter((part) => part !== '') ?? [''],
    against: values.against === undefined ? undefined : checkout(values.against),
    rounds: number('rounds', 15),
    ms: number('ms', 10),
    list: values.list ?? false,
  };
}

function checkout(folder: string): string {
  if (existsSync(join(folder, 'src'))) return folder;
  throw new UsageError(`--against: '${folder}' is no checkout of Kedge.`);
}

/** Something that can be done so many times; answers with milliseconds for one. */
interface Contender {
  readonly times: number;
  once(): Promise<number>;
  readonly bytes: number | undefined;
}

/** Warms it up, and finds out how often it must be done to take `ms` milliseconds. */
async function contender(
  engine: Engine,
  name: string,
  side: 'run' | 'baseline',
  ms: number,
): Promise<Contender> {
  let times = 1;
  let last = await engine.time(name, side, times);
  // Compilers take their time.
  for (let warm = 0; warm < warmUpMs || last.ms < ms / 2; warm += last.ms) {
    times = Math.max(1, Math.min(10 * times, Math.round((times * ms) / last.ms)));
    last = await engine.time(name, side, times);
  }
  return {
    times,
    bytes: last.bytes,
    once: async () => (await engine.time(name, side, times)).ms / times,
  };
}

const warmUpMs = 120;

async function measure(engines: Engines, name: string, options: Options) {
  const ours = await contender(engines.here, name, 'run', options.ms);
  const theirs = await (engines.there === undefined
    ? contender(engines.here, name, 'baseline', options.ms)
    : contender(engines.there, name, 'run', options.ms));
  const [mine, other]: [number[], number[]] = [[], []];
  for (let round = 0; round < options.rounds; round++) {
    if (round % 2 === 0) mine.push(await ours.once());
    other.push(await theirs.once());
    if (round % 2 === 1) mine.push(await ours.once());
  }
  const ms = median(mine);
  return {
    ratio: compare(other, mine, new Random(1)),
    here: ours.bytes === undefined ? `${(ms * 1000).toFixed(2)} µs` : speed(ours.bytes, ms),
  };
}

function speed(bytes: number, ms: number): string {
  return `${Math.round(bytes / 1000 / ms)} MB/s`;
}

export const micro: Benchmark = {
  summary: 'codec, checksums, checks of batches, compaction, compression, by themselves',
  help,
  async run(args) {
    const options = optionsOf(args);
    await using engines = await startEngines(options.against);
    const cases = (await engines.here.list()).filter(({ name }) =>
      options.only.some((part) => name.includes(part)),
    );
    if (cases.length === 0)
      throw new UsageError('There is nothing of that name; --list names what there is.');
    if (options.list) {
      console.log(table(cases.map(({ name, baseline }) => [name, `to ${baseline}`])));
      return true;
    }
    const rows: string[][] = [];
    for (const { name, baseline } of cases) {
      progress(name);
      const { ratio, here } = await measure(engines, name, options);
      rows.push([name, ratioText(ratio), options.against ?? baseline, here]);
    }
    progressDone();
    console.log(table([['What', 'Ratio', 'to', 'here'], ...rows]));
    return true;
  },
};
