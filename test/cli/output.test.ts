import { describe, expect, it } from 'vitest';
import { type Column, Output, type Sink } from '../../src/cli/output.ts';
import { bytesText, durationText, Progress } from '../../src/cli/progress.ts';
import { nearest } from '../../src/cli/usage.ts';
import { duration, instant } from '../../src/cli/values.ts';

function sink(isTTY: boolean): Sink & { text: string } {
  return {
    isTTY,
    columns: 80,
    text: '',
    write(data) {
      this.text += data;
      return true;
    },
  };
}

const csi = '\u001b[';

describe('Output', () => {
  const columns: readonly Column<{ name: string; count: number | null }>[] = [
    { title: 'NAME', of: ({ name }) => name },
    { title: 'COUNT', of: ({ count }) => count, right: true },
  ];
  const rows = [
    { name: 'orders', count: 12 },
    { name: 'a', count: null },
  ];

  it('prints tables for people, and JSON for programs', () => {
    const stdout = sink(false);
    new Output({ json: false, stdout, stderr: sink(false) }).table(rows, columns);
    expect(stdout.text).toBe('NAME    COUNT\norders     12\na           -\n');
    const json = sink(false);
    new Output({ json: true, stdout: json, stderr: sink(false) }).table(rows, columns);
    expect(JSON.parse(json.text)).toEqual(rows);
  });

  it('shows what a terminal would obey, and leaves JSON what it is', () => {
    const evil = 'a\u001b]0;gone\u0007\u009b2J\r\u202e';
    const shown = String.raw`a\u001b]0;gone\u0007\u009b2J\u000d\u202e`;
    const [stdout, stderr, json] = [sink(true), sink(true), sink(true)];
    const output = new Output({ json: false, stdout, stderr, noColor: true });
    output.table([{ name: `${evil}\n`, count: 1 }], columns);
    output.facts([['name', evil]]);
    output.line(`${evil} is deleted.`);
    output.say(evil);
    expect(stdout.text.split('\n').slice(1)).toEqual([
      `${shown}\\u000a      1`,
      `name  ${shown}`,
      `${shown} is deleted.`,
      '',
    ]);
    expect(stderr.text).toBe(`${shown}\n`);
    new Output({ json: true, stdout: json, stderr }).table([{ name: evil, count: 1 }], columns);
    for (const one of '\u001b\u009b\u202e') expect(json.text).not.toContain(one);
    expect(JSON.parse(json.text)).toEqual([{ name: evil, count: 1 }]);
  });

  it('has colours on a terminal alone, and not where NO_COLOR is set', () => {
    const styled = (isTTY: boolean, noColor: boolean) => {
      const stdout = sink(isTTY);
      new Output({ json: false, stdout, stderr: sink(false), noColor }).table(rows, columns);
      return stdout.text.includes(csi);
    };
    expect([styled(true, false), styled(true, true), styled(false, false)]).toEqual([
      ...[true, false, false],
    ]);
  });
});

describe('Progress', () => {
  it('says how much, how fast and how much longer', () => {
    let now = 0;
    const stderr = sink(false);
    const progress = new Progress(stderr, {
      ...{ label: 'orders', unit: 'records', total: 5_000, now: () => now },
    });
    now = 2_000;
    progress.add(1_000);
    expect(stderr.text).toBe('');
    now = 6_000;
    progress.add(2_000);
    const line = 'orders  3,000 of 5,000 records (60%), 500/s, 4 s left\n';
    expect(stderr.text).toBe(line);
    progress.end('3,000 records.');
    expect(stderr.text).toBe(`${line}3,000 records.\n`);
  });

  it('paints over itself on a terminal', () => {
    let now = 1_000;
    const stderr = sink(true);
    const progress = new Progress(stderr, { label: 'x', unit: 'bytes', now: () => now });
    now = 2_000;
    progress.add(1_500_000);
    expect(stderr.text).toBe(`\rx  1.5 MB, 1.5 MB/s${csi}K`);
    progress.end();
    expect(stderr.text.endsWith(`\r${csi}K`)).toBe(true);
  });

  it('has words for sizes and times', () => {
    expect([0, 999, 1_234, 34_000_000].map(bytesText)).toEqual(['0 B', '999 B', '1.2 kB', '34 MB']);
    expect([0.2, 61, 7_300].map(durationText)).toEqual(['1 s', '1 min 1 s', '2 h 1 min']);
  });
});

it('guesses what was meant', () => {
  const names = ['topic', 'token', 'tunnel', 'describe'];
  expect(nearest('tpoic', names)).toBe('topic');
  expect(nearest('desc', names)).toBe('describe');
  expect(nearest('zebra', names)).toBeUndefined();
});

it('understands durations and times', () => {
  expect([duration('500ms'), duration('30s'), duration('2d')]).toEqual([500, 30_000, 172_800_000]);
  expect(() => duration('soon')).toThrow('must be like 30s');
  const now = 10_000_000;
  expect(instant('1h ago', now)).toBe(now - 3_600_000);
  expect(instant('-1m', now)).toBe(now - 60_000);
  expect(instant('2026-11-23T10:00:00Z')).toBe(Date.UTC(2026, 10, 23, 10));
  expect(instant('1700000000000')).toBe(1_700_000_000_000);
  expect(() => instant('yesterday')).toThrow('must be a time');
});
