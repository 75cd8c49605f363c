/**
 * Does a partition stay as quick as it was when it is full? One partition of 2 GB and one of 10 MB
 * are asked the same in turns. The surprise: a third one, of 10 MB as well, is asked too, and its
 * ratio to the other shows what the method itself is worth.
 */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnKedge } from '../test/kedge-process.ts';
import { Random } from '../test/simulation/world/random.ts';
import { type Benchmark, progressDone, ratioText, table, UsageError } from './benchmark.ts';
import { FlatMeasurement, type FlatSizes, type Series, smallOnes } from './flat-measurement.ts';
import { compare, judge, median, type Verdict } from './statistics.ts';

const limit = 1.1;
const megabyte = 1_000_000;

const help = `flat: a full partition is appended to and fetched from as quickly as a small one.

Fills one partition with 2 GB and others with 10 MB, then asks them the same in turns, over the
Kafka port of a Kedge of its own, round after round; then the first append after a restart. It goes
on until the ratios are known well, which takes longer on a machine with other work to do. Prints
for each question the ratio of the medians and the bounds between which it is known (95 %): of 2 GB
to 10 MB and, to see what the method is worth, of 10 MB to 10 MB.

Usage: npm run bench -- flat [options]

Options
  --large <MB>       what the full partition holds (default 2000)
  --small <MB>       what the others hold (default 10)
  --rounds <n>       how often everything is asked at most (default 600)
  --restarts <n>     how often Kedge is restarted at most (default 200; 0: not at all)
  --help             this text

Needs a disk with room for what the partitions hold, all of them, in the directory for temporary
files (TMPDIR), and leaves nothing there. Fails when a ratio is above ${limit.toFixed(2)}, or may
be, for all that is known.
`;

const verdicts: Readonly<Record<Verdict, string>> = {
  holds: 'holds',
  fails: 'FAILS',
  unclear: 'UNCLEAR: too noisy, use more rounds',
};

export const flat: Benchmark = {
  summary: 'a partition of 2 GB answers as one of 10 MB does',
  help,
  async run(args) {
    const sizes = parse(args);
    const dataDir = mkdtempSync(join(tmpdir(), 'kedge-bench-'));
    const interrupt = () => process.exit(130);
    process
      .once('exit', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }))
      .once('SIGINT', interrupt)
      .once('SIGTERM', interrupt);
    checkRoom(dataDir, sizes);
    const kedge = await spawnKedge({ dataDir });
    try {
      const series = await new FlatMeasurement(kedge, sizes).run();
      progressDone();
      return report(series, sizes);
    } finally {
      await kedge.stop();
    }
  },
};

function parse(args: readonly string[]): FlatSizes {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        large: { type: 'string', default: '2000' },
        small: { type: 'string', default: '10' },
        rounds: { type: 'string', default: '600' },
        restarts: { type: 'string', default: '200' },
      },
    });
    const number = (name: keyof FlatSizes, least: number): number => {
      const value = Number(values[name]);
      if (Number.isInteger(value) && value >= least) return value;
      throw new Error(`--${name} must be a whole number from ${least} on, not '${values[name]}'.`);
    };
    return {
      large: number('large', 1) * megabyte,
      small: number('small', 1) * megabyte,
      rounds: number('rounds', 3),
      restarts: number('restarts', 0),
    };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function checkRoom(path: string, { large, small }: FlatSizes): void {
  const { bavail, bsize } = statfsSync(path);
  const needed = 1.2 * large + 2 * smallOnes * small + 200 * megabyte;
  if (bavail * bsize >= needed) return;
  throw new UsageError(`${path} has no room for ${inMegabytes(needed)}: set TMPDIR.`);
}

/** Prints it all; whether every ratio holds. */
function report(series: readonly Series[], { large, small }: FlatSizes): boolean {
  const [full, little] = [inMegabytes(large), inMegabytes(small)];
  const rows = series.map((times) => {
    const ratio = compare(times.small, times.large, new Random(1));
    const control = compare(times.small, times.control, new Random(2));
    const verdict = judge(ratio, limit);
    const medians = [times.small, times.large].map((ms) => `${median(ms).toFixed(2)} ms`);
    const cells = [times.name, ...medians, ratioText(ratio), ratioText(control), verdicts[verdict]];
    return { verdict, cells };
  });
  const head = ['', little, full, 'ratio', `${little} to ${little}`, ''];
  console.log(table([head, ...rows.map(({ cells }) => cells)]));
  const held = rows.filter(({ verdict }) => verdict === 'holds').length;
  console.log(`\n${held} of ${rows.length} ratios are known to be at most ${limit.toFixed(2)}.`);
  return held === rows.length;
}

function inMegabytes(bytes: number): string {
  return `${(bytes / megabyte).toFixed(0)} MB`;
}
