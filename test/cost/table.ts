/** What a day came to, as `docs/cost.md` has it. */
import type { DayResult } from './day.ts';
import { type Counts, dollarsOf, prices } from './prices.ts';

const daysAMonth = 30;

export function tableOf({ byKind, total }: DayResult, hours: number): string {
  const aMonth = (daysAMonth * 24) / hours;
  const kinds = [...byKind].sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = [
    ['', 'requests', 'seconds awake', 'rows read', 'rows written'],
    ...kinds.map(([kind, counts]) => [nameOf(kind), ...cells(counts, 1)]),
    ['**all**', ...cells(total, 1)],
    ['a month', ...cells(total, aMonth)],
    ['dollars a month', ...dollars(total, aMonth)],
  ];
  return markdownTable(rows);
}

/** The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...body.map(line)].join('\n');
}

export function monthly({ total }: DayResult, hours: number): number {
  return (dollarsOf(total) * daysAMonth * 24) / hours;
}

/** Were signs of life billed as messages are. */
export function signsOfLifeMonthly({ total }: DayResult, hours: number): number {
  return (total.signsOfLife * prices.message * daysAMonth * 24) / hours;
}

function nameOf(kind: string): string {
  return kind === 'partition' ? 'ten partitions' : kind;
}

function cells(counts: Counts, times: number): string[] {
  const { requests, awakeSeconds, rowsRead, rowsWritten } = counts;
  return [requests, awakeSeconds, rowsRead, rowsWritten].map((count) =>
    Math.round(count * times).toLocaleString('en-US'),
  );
}

function dollars({ requests, awakeSeconds, rowsRead, rowsWritten }: Counts, times: number) {
  return [
    requests * prices.objectRequest,
    awakeSeconds * prices.objectSecond,
    rowsRead * prices.rowRead,
    rowsWritten * prices.rowWritten,
  ].map((sum) => (sum * times).toFixed(4));
}
