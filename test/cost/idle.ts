/** The same day for each protocol, each in a file of its own, so that they run side by side. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Protocol } from './consumers.ts';
import { type Day, type DayResult, liveADay } from './day.ts';
import { monthly, signsOfLifeMonthly, tableOf } from './table.ts';

/** Simulated in half a minute of a machine that has nothing else to do. */
export const longTestMs = 600_000;

const text = readFileSync(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');

/** The figures of the document are those that were counted, to the last digit. */
function expectWritten(result: DayResult, hours: number): void {
  expect(text).toContain(tableOf(result, hours));
}

/** A day of ten consumers that have nothing to read. */
export async function expectCheapDay(protocol: Protocol): Promise<void> {
  const hours = 24;
  const result = await liveADay({ members: 10, protocol, hours });
  expectWritten(result, hours);
  expect(monthly(result, hours)).toBeLessThan(0.1);
  expect(text).toContain(`$${monthly(result, hours).toFixed(3)} (${protocol})`);
  expect(text).toContain(`$${signsOfLifeMonthly(result, hours).toFixed(3)} more (${protocol})`);
  // They did what consumers do all day, each of them.
  const { polls, heartbeats, commits } = result.asked;
  expect(polls).toBeGreaterThan(10 * 172_000);
  expect(heartbeats).toBeGreaterThan(protocol === 'classic' ? 10 * 28_700 : 10 * 17_200);
  expect(commits).toBeGreaterThan(10 * 17_200);
}

export async function expectWrittenHour(day: Omit<Day, 'members' | 'hours'>): Promise<void> {
  const result = await liveADay({ members: 10, hours: 1, ...day });
  expect(result.read).toBeGreaterThan(3_600);
  expectWritten(result, 1);
}
