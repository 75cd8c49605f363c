import { describe, expect, it } from 'vitest';
import { judgeGoals } from '../../../bench/speed/goals.ts';
import { resultsOf } from '../../../bench/speed/results.ts';
import { figuresText, goalsText, headText } from '../../../bench/speed/table.ts';
import type { Sample, Workload } from '../../../bench/speed/workload.ts';

const machine = {
  processor: 'Abacus',
  cores: 2,
  memoryGB: 8,
  system: 'Linux 6',
  node: 'v24',
  load: 0.5,
};
const systems = [
  { name: 'kedge', title: 'Kedge' },
  { name: 'bare', title: 'bare Worker' },
  { name: 'queues', title: 'Queues' },
];
const produce: Workload = {
  name: 'produce-1k-1',
  title: 'produce 1 KB',
  figures: [
    { name: 'throughput', unit: 'MB/s', better: 'higher' },
    { name: 'processor', unit: 'CPU s/GB', better: 'lower' },
  ],
  sample: async () => undefined,
};

function results(samples: Readonly<Record<string, readonly Sample[]>>) {
  const workloads = [{ workload: produce, samples: new Map(Object.entries(samples)) }];
  const versions = { kedge: 'kedge 1', bare: 'workerd 2' };
  return resultsOf({ versions, workloads, failures: [] }, machine, 3);
}

const measured = results({
  kedge: [
    { throughput: 80, processor: 12 },
    { throughput: 84, processor: 11.5 },
    { throughput: 82, processor: 11 },
  ],
  bare: [
    { throughput: 100, processor: 0 },
    { throughput: 104, processor: 1 },
    { throughput: 102, processor: 1 },
  ],
});

describe('the table', () => {
  it('has a row for each figure, a column for each system, and what Kedge is to the others', () => {
    const lines = figuresText(measured, systems).split('\n');
    const cells = lines.map((line) => line.split(/ {2,}/));
    expect(cells[0].slice(1)).toEqual([
      ...['Kedge', 'bare Worker', 'Queues', 'Kedge / bare Worker', 'Kedge / Queues'],
    ]);
    expect(lines[1]).toBe('produce 1 KB');
    expect(cells[2].slice(0, 4)).toEqual(['', 'throughput, MB/s', '82.0 ±2 %', '102 ±2 %']);
    expect(cells[2][4]).toMatch(/^0\.80 \(0\.\d\d to 0\.\d\d\)$/);
    expect(lines).toHaveLength(4);
  });

  it('has the ratios in a table of their own where a terminal is too narrow for all', () => {
    const longNames = systems.map(({ name, title }) => ({ name, title: title.padEnd(16, 'x') }));
    const [figures, ratios] = figuresText(measured, longNames).split('\n\n');
    expect(figures.split('\n')[0]).not.toContain('/');
    expect(figures.split('\n')[2]).toMatch(/^ {2}throughput, MB\/s +82\.0 ±2 % +102 ±2 %$/);
    // What has no ratio to anything is not among them.
    expect(ratios.split('\n')).toHaveLength(3);
    expect(ratios.split('\n')[1]).toBe('produce 1 KB');
    expect(ratios.split('\n')[2]).toMatch(/^ {2}throughput, MB\/s +0\.80 \(0\.\d\d to 0\.\d\d\)$/);
    expect(`${figures}\n${ratios}`.split('\n').every(({ length }) => length <= 100)).toBe(true);
  });

  it('has no ratio to what was too little to be counted', () => {
    expect(measured.rows[1].ratios).toEqual({});
    expect(figuresText(measured, systems).split('\n')[3]).toMatch(/11\.5 ±4 % +1\.00 ±50 %$/);
  });

  it('leaves out figures that nobody has', () => {
    expect(results({}).rows).toEqual([]);
  });

  it('keeps every sample', () => {
    expect(measured.rows[0].systems.kedge.samples).toEqual([80, 84, 82]);
  });
});

describe('what stands around the table', () => {
  it('names the machine and the versions', () => {
    const text = headText(measured);
    expect(text).toContain('Abacus, 2 cores, 8 GB, Linux 6, Node.js v24, load 0.5');
    expect(text).toContain('kedge 1 · workerd 2');
    expect(text).toContain('3 rounds');
  });

  it('says which goals are met, and nothing of those it knows nothing about', () => {
    const goal = { workload: 'produce-1k-1', figure: 'throughput' };
    const judged = judgeGoals(measured, [
      { ...goal, against: 'bare', atLeast: 0.75 },
      { ...goal, against: 'bare', atLeast: 0.95 },
      { ...goal, atLeast: 82 },
      { ...goal, against: 'queues', atLeast: 1 },
    ]);
    const lines = goalsText(judged, measured.rows).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^produce-1k-1: throughput +at least 0\.75 × bare +0\.80 .* met$/);
    expect(lines[2]).toMatch(/MISSED$/);
    expect(lines[3]).toMatch(/at least 82 MB\/s .* UNCLEAR$/);
    expect(goalsText(judgeGoals({ rows: [] }), [])).toBe('');
  });
});
