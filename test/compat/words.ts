/**
 * The few words the suites for command-line programs are written in.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Running } from './processes.ts';
import { Skipped, type SuiteContext } from './suite.ts';

/** A topic or group name that nobody has used before. */
export function unique(name: string): string {
  return `${name}-${randomUUID().slice(0, 8)}`;
}

export function equal(actual: unknown, expected: unknown): void {
  deepStrictEqual(actual, expected);
}

export function includes(all: readonly unknown[], one: unknown): void {
  if (!all.includes(one)) throw new Error(`${JSON.stringify(one)} is not in ${all.join(', ')}`);
}

export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/**
 * The partitions a kcat group member holds now, by the last rebalance it told of: it says so in
 * pieces, so only what has come to the end of its line counts.
 */
export function groupOf(member: Running): string[] {
  const told = [
    ...member.stderr.matchAll(/rebalanced \(memberid [^)]*\): (assigned|revoked): (.*)\n/g),
  ];
  const last = told.at(-1);
  return last?.[1] === 'assigned' && last[2] ? last[2].split(', ') : [];
}

/** Skips the case when the broker cannot be restarted from here. */
export function needsRestart(context: SuiteContext): void {
  if (!context.broker.restartable) throw new Skipped('this broker cannot be restarted from here');
}
