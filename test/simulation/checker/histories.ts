/**
 * A short way to write histories by hand: `a@0` is value `a` at offset 0 of partition `p`, `q:a@0`
 * the same in partition `q`. The surprise: operations follow each other, one a second, unless a
 * test says otherwise.
 */
import type { History, Operation, Outcome, SeenRecord, Send, Step } from './history.ts';

type Draft = Omit<Operation, 'beganAt' | 'endedAt'> & Partial<Operation>;

export function history(...drafts: Draft[]): History {
  return drafts.map((draft, i) => ({ beganAt: i * 1_000, endedAt: i * 1_000 + 500, ...draft }));
}

function placed(text: string): SeenRecord {
  const [, partition = 'p', value, offset] = /^(?:(.+):)?(\w+)@(\d+)$/.exec(text)!;
  return { partition, value, offset: Number(offset) };
}

/** `a@0`, or `a` of which nobody knows where it went. */
export function send(text: string): Send {
  if (text.includes('@')) return { kind: 'send', ...placed(text) };
  const [value, partition = 'p'] = text.split(':').reverse();
  return { kind: 'send', partition, value };
}

export function poll(...texts: string[]): Step {
  return { kind: 'poll', records: texts.map(placed) };
}

/** One operation of several sends. */
export function sends(process: string, outcome: Outcome, ...texts: string[]): Draft {
  return { process, outcome, steps: texts.map(send) };
}

/** One operation of one poll. */
export function polls(process: string, ...texts: string[]): Draft {
  return { process, outcome: 'ok', steps: [poll(...texts)] };
}

export function transaction(process: string, outcome: Outcome, ...steps: Step[]): Draft {
  return { process, outcome, transaction: true, steps };
}
