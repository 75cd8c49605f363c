import { describe, expect, it } from 'vitest';
import { check, keysOf } from './check.ts';
import { history, polls, send, transaction } from './histories.ts';
import type { Outcome, Step } from './history.ts';

type Draft = Parameters<typeof history>[0];

const keyed = (text: string): Step => ({ ...send(text), key: 'k' });
const sent = (outcome: Outcome, ...texts: string[]): Draft => {
  return { process: 'w', outcome, steps: texts.map(keyed) };
};
const trimmed = (offset: number, outcome: Outcome = 'ok'): Draft => {
  return { process: 't', outcome, steps: [{ kind: 'trimmed', partition: 'p', offset }] };
};
const found = (...drafts: Draft[]) => keysOf(check(history(...drafts)).anomalies);

describe('what is cleaned up', () => {
  it('below what was deleted need not be read', () => {
    const sends = sent('ok', 'a@0', 'b@1', 'c@2');
    const read = polls('r', 'c@2');
    expect(
      found(
        { ...sends, steps: sends.steps.map((step) => ({ ...step, key: undefined })) } as Draft,
        read,
      ),
    ).toEqual(['lost-write']);
    expect(found(sends, trimmed(2), read)).toEqual([]);
    expect(found(sends, trimmed(2, 'unknown'), read)).toEqual([]);
  });

  it('takes with it values that have a successor, and no others', () => {
    expect(found(sent('ok', 'a@0', 'b@1'), polls('r', 'b@1'))).toEqual([]);
    expect(found(sent('ok', 'a@0', 'b@1'), polls('r', 'a@0'))).toEqual(['unseen']);
    const other: Draft = { process: 'w', outcome: 'ok', steps: [send('b@1')] };
    expect(found(sent('ok', 'a@0'), other, polls('r', 'b@1'))).toEqual(['lost-write']);
  });

  it('does not count a value that was aborted as a successor', () => {
    const aborted = transaction('w', 'fail', keyed('b@1'));
    const last: Draft = { process: 'v', outcome: 'ok', steps: [send('c@2')] };
    expect(found(sent('ok', 'a@0'), aborted, last, polls('r', 'c@2'))).toEqual(['lost-write']);
  });

  it('may be jumped over by readers', () => {
    const sends = sent('ok', 'a@0', 'b@1', 'c@2');
    const early = polls('early', 'a@0', 'b@1', 'c@2');
    expect(found(sends, early, polls('r', 'a@0', 'c@2'))).toEqual([]);
  });
});
