/**
 * The results for people: one row a figure, one column a system, and behind them what Kedge's
 * figure is to each other's. The surprise: a workload's title has a line of its own, so that the
 * table of two systems fits a terminal; where there are more, the ratios are a table of their own.
 */
import { ratioText, table } from '../benchmark.ts';
import type { Goal, Judged } from './goals.ts';
import { ours, type Results, type Row, type Series } from './results.ts';
import type { System } from './system.ts';

type Named = Pick<System, 'name' | 'title'>;

/** All figures, under the titles of their workloads. */
export function figuresText({ rows }: Pick<Results, 'rows'>, systems: readonly Named[]): string {
  const others = systems.filter(({ name }) => name !== ours);
  const figures = systems.map(({ name, title }) => ({
    title,
    cell: (row: Row) => seriesText(row.systems[name]),
  }));
  const ratios = others.map(({ name, title }) => ({
    title: `Kedge / ${title}`,
    cell: ({ ratios }: Row) => (ratios[name] ? ratioText(ratios[name]) : ''),
  }));
  const all = titledText(rows, [...figures, ...ratios]);
  const isWide = all.split('\n').some((line) => line.length > terminalColumns);
  if (!isWide) return all;
  const compared = rows.filter((row) => ratios.some(({ cell }) => cell(row) !== ''));
  return `${titledText(rows, figures)}\n\n${titledText(compared, ratios)}`;
}

const terminalColumns = 100;

interface Column {
  readonly title: string;
  cell(row: Row): string;
}

function titledText(rows: readonly Row[], columns: readonly Column[]): string {
  const head = ['', ...columns.map(({ title }) => title)];
  const cells = rows.map((row) => [
    `  ${row.name}, ${row.unit}`,
    ...columns.map(({ cell }) => cell(row)),
  ]);
  const [first, ...lines] = table([head, ...cells]).split('\n');
  const titled = lines.flatMap((line, index) => {
    const isSame = rows[index - 1]?.workload === rows[index].workload;
    return isSame ? [line] : [rows[index].title, line];
  });
  return [first, ...titled].join('\n');
}

/** What the signs in the table mean. */
export const legend =
  '±: half the distance from the least to the most. In brackets: where 95 of 100 runs would find it.';

/** For example `81.2 ±4 %`. */
function seriesText(series: Series | undefined): string {
  if (series === undefined) return '';
  return `${numberText(series.median)} ±${(series.spread * 100).toFixed(0)} %`;
}

/** Three digits that count. */
function numberText(value: number): string {
  const digits = Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return value.toFixed(digits);
}

/** Which goals are met; nothing of those that this run says nothing about. */
export function goalsText(judged: readonly Judged[], rows: readonly Row[]): string {
  const known = judged.filter(({ verdict }) => verdict !== 'unmeasured');
  if (known.length === 0) return '';
  const words = { met: 'met', missed: 'MISSED', unclear: 'UNCLEAR', unmeasured: '' };
  const lines = known.map(({ goal, verdict, found }) => {
    const row = rows.find((one) => one.workload === goal.workload && one.name === goal.figure)!;
    return [
      `${row.workload}: ${goal.figure}`,
      limitText(goal, row),
      ratioText(found!),
      words[verdict],
    ];
  });
  return table([['goal', '', 'found', ''], ...lines]);
}

function limitText({ against, atLeast, atMost }: Goal, { unit }: Row): string {
  const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  if (against === undefined) return unit === 'ratio' ? limit : `${limit} ${unit}`;
  return `${limit} × ${against}`;
}

/** The machine, and what was measured on it. */
export function headText({ machine, versions, rounds, at }: Results): string {
  const { processor, cores, memoryGB, system, node, load } = machine;
  return [
    `${at}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    `${processor}, ${cores} cores, ${memoryGB} GB, ${system}, Node.js ${node}, load ${load}`,
    [...new Set(Object.values(versions))].join(' · '),
  ].join('\n');
}
