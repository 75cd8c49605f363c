/**
 * `npm run bench -- --cost`: what records cost at list prices. The surprise: what is counted is
 * the same in every run, on any machine; a test holds docs/cost.md to it. What is measured is not,
 * and the document says so.
 */
import { writeTables } from '../../test/cost/document.ts';
import { countMillion } from '../../test/cost/million.ts';
import { prices } from '../../test/cost/prices.ts';
import { markdownTable } from '../../test/cost/table.ts';
import { type Benchmark, progress, progressDone, UsageError } from '../benchmark.ts';
import { type Measured, measureShapes } from './measured.ts';

const help = `--cost: what records cost at list prices.

Counts what the objects of each workload are billed for, on a clock of its own, and computes dollars
for a million records: to produce them, keep them for a week, delete them, and read them once. Then
puts the same loads on a Kedge whose meters can be read, and measures what they take of its
processor. Prints the tables and writes them into docs/cost.md. Fails when ten producers at once
write more rows than they are meant to.

Usage: npm run bench -- --cost [--counted] [--dry-run] [--help]

  --counted   does not measure: ten seconds in place of a minute
  --dry-run   leaves docs/cost.md as it is
`;

export const cost: Benchmark = {
  summary: 'what records cost at list prices, and writes docs/cost.md',
  help,
  async run(args) {
    const unknown = args.find((arg) => !['--counted', '--dry-run'].includes(arg));
    if (unknown !== undefined) throw new UsageError(`--cost takes no '${unknown}'.`);
    progress('counting');
    const counted = await countMillion();
    const all = args.includes('--counted') ? [] : await measureShapes(progress);
    progressDone();
    const tables = { ...counted, ...(all.length > 0 && { measured: measuredTable(all) }) };
    for (const table of Object.values(tables)) console.log(`${table}\n`);
    if (!args.includes('--dry-run')) writeTables(tables);
    return all.every(({ rowsWrittenPerThousand, mostRows = Number.POSITIVE_INFINITY }) => {
      return rowsWrittenPerThousand <= mostRows;
    });
  },
};

function measuredTable(all: readonly Measured[]): string {
  const rows = all.map((one) => [
    one.title,
    one.cpuMsPerThousand.toFixed(1),
    (one.cpuMsPerThousand * 1_000 * prices.workerCpuMs).toFixed(5),
    one.objectRequestsPerThousand.toFixed(1),
    one.rowsWrittenPerThousand.toFixed(1),
    one.mostRows === undefined ? '' : `${one.mostRows}`,
  ]);
  return markdownTable([
    [
      'A thousand records',
      'processor, ms',
      'at most, dollars a million',
      'object requests',
      'rows written',
      'goal for rows',
    ],
    ...rows,
  ]);
}
