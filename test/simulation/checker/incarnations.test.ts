import { describe, expect, it } from 'vitest';
import { check, keysOf } from './check.ts';
import { history, polls, sends } from './histories.ts';
import type { History, Step } from './history.ts';

type Draft = Parameters<typeof history>[0];

const at = (beganAt: number, draft: Draft): Draft => ({ ...draft, beganAt, endedAt: beganAt + 10 });
const did = (...steps: Step[]): Draft => ({ process: 'k', outcome: 'ok', steps });
const made = (topicId: string) => did({ kind: 'created', topic: 't', topicId });
const deleted = (topicId: string) => did({ kind: 'deleted', topic: 't', topicId });

/** Topic `t` is `old` until 5,000, from 6,000 on `new`. */
const renewed = [at(0, made('old')), at(5_000, deleted('old')), at(6_000, made('new'))];

function found(...drafts: Draft[]): string[] {
  return keysOf(verdict(...drafts).anomalies);
}

function verdict(...drafts: Draft[]) {
  const all: History = history(...renewed, ...drafts);
  return check(
    all.toSorted((a, b) => a.beganAt - b.beganAt),
    0,
  );
}

describe('topics that come and go', () => {
  it('may take with them what nobody had read', () => {
    expect(found(at(1_000, sends('w', 'ok', 't-0@old:a@0')))).toEqual([]);
    expect(found(at(7_000, sends('w', 'ok', 't-0@new:a@0')))).toEqual(['unseen']);
  });

  it('lose what is missing among what was read, whoever asked by name', () => {
    const reads = [at(4_000, polls('r', 't-0@old:b@1')), at(9_000, polls('r', 't-0@new:c@1'))];
    const late = sends('w', 'ok', 't-0:x@0');
    expect(found(...reads, at(1_000, late))).toEqual(['lost-write']);
    expect(found(...reads, at(7_000, late))).toEqual(['lost-write']);
    expect(found(reads[0], at(7_000, late))).toEqual([]);
    expect(found(...reads, at(7_000, late), at(8_000, polls('s', 't-0:x@0')))).toEqual([]);
  });

  it('keep the offsets of their incarnations apart', () => {
    const both = [at(4_000, polls('r', 't-0@old:a@0')), at(9_000, polls('r', 't-0@new:b@0'))];
    expect(found(...both)).toEqual([]);
    const byName = [at(4_000, polls('s', 't-0:a@0')), at(9_000, polls('s', 't-0:b@0'))];
    expect(found(...both, ...byName)).toEqual([]);
  });

  it('may linger for a while and no longer', () => {
    const read = polls('r', 't-0@old:a@0');
    expect(found(at(14_000, read))).toEqual([]);
    expect(found(at(16_000, read))).toEqual(['resurrected']);
    const late = [at(16_000, sends('w', 'ok', 't-0:x@0')), at(17_000, polls('r', 't-0@new:y@1'))];
    expect(found(...late)).toEqual(['lost-write']);
  });

  it('do not come back under the same id', () => {
    expect(found(at(8_000, made('old')))).toEqual(['resurrected']);
  });

  it('may have been made by somebody who was not told', () => {
    const untold = { process: 'k', outcome: 'unknown', steps: [{ kind: 'created', topic: 't' }] };
    const send = at(7_000, sends('w', 'ok', 't-0:x@0'));
    const reads = [at(4_000, polls('r', 't-0@old:b@1')), at(9_000, polls('r', 't-0@new:c@1'))];
    expect(found(...reads, at(6_500, untold as Draft), send)).toEqual([]);
  });

  it('take their committed offsets with them', () => {
    const commit = did({ kind: 'commit', group: 'g', partition: 't-0', offset: 3 });
    const ask = (offset: number) =>
      did({ kind: 'committed', group: 'g', partition: 't-0', offset });
    expect(found(at(1_000, commit), at(16_000, ask(3)))).toEqual(['lost-commit']);
    expect(found(at(1_000, commit), at(16_000, ask(-1)))).toEqual([]);
    expect(found(at(1_000, commit), at(14_000, ask(3)))).toEqual([]);
    expect(found(at(16_000, commit), at(17_000, ask(-1)))).toEqual(['lost-commit']);
  });
});
