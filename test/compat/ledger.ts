/**
 * The ratchet. `passing.txt` of a client names the cases that must pass; it only grows. A case on
 * it that fails, or that did not run at all, is a failure. One that is not on it and passes is
 * reported so that it can be added (`--accept` does); one that is not on it and fails is a known
 * gap and belongs in the client's FINDINGS.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { CaseResult } from './suite.ts';

export interface Tally {
  passed: number;
  failed: number;
  failures: string[];
  /** What does not pass yet, and what could not be run here. */
  gaps: string[];
  /** Passing, and not in passing.txt yet. */
  unlisted: string[];
}

const HEADER = '# The cases that must pass. This list only grows; `--accept` adds to it.\n';

export function readPassing(path: string): Set<string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return new Set();
  }
  const lines = text.split('\n').map((line) => line.trim());
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('#')));
}

/** Adds the cases to the list, in order of the alphabet. */
export function addPassing(path: string, names: readonly string[]): void {
  const all = [...new Set([...readPassing(path), ...names])].sort();
  writeFileSync(path, `${HEADER}${all.join('\n')}\n`);
}

/** Judges one suite's results by its list. `complete`: every listed case was meant to run. */
export function judge(
  suite: string,
  results: readonly CaseResult[],
  passing: ReadonlySet<string>,
  complete: boolean,
): Tally {
  const tally: Tally = { passed: 0, failed: 0, failures: [], gaps: [], unlisted: [] };
  const seen = new Set<string>();
  for (const { name, verdict, detail } of results) {
    seen.add(name);
    if (verdict === 'passed') {
      tally.passed += 1;
      if (!passing.has(name)) tally.unlisted.push(name);
    } else if (verdict === 'failed' && passing.has(name)) {
      tally.failed += 1;
      tally.failures.push(`${suite} · ${name}\n${detail}`);
    } else {
      tally.gaps.push(`${suite} · ${name}: ${detail.split('\n')[0]}`);
    }
  }
  if (!complete) return tally;
  for (const name of passing) {
    if (seen.has(name)) continue;
    tally.failed += 1;
    tally.failures.push(`${suite} · ${name}\ndid not run`);
  }
  return tally;
}
