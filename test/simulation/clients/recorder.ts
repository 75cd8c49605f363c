/**
 * Writes down what clients do. The surprise: an operation has its place from when it begins, and
 * what never ends keeps the outcome it began with: unknown.
 */
import type { History, Operation, Outcome, Step } from '../checker/history.ts';

type Draft = { -readonly [K in keyof Operation]: Operation[K] };

export class Recorder {
  readonly #now: () => number;
  readonly #drafts: Draft[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get history(): History {
    return this.#drafts;
  }

  /** Begins an operation; returns the way to end it. */
  begin(
    about: Pick<Operation, 'process' | 'group' | 'repositioned'>,
    steps: readonly Step[] = [],
  ): (outcome: Outcome, steps?: readonly Step[]) => void {
    const beganAt = this.#now();
    const endedAt = Number.POSITIVE_INFINITY;
    const draft: Draft = { ...about, outcome: 'unknown', beganAt, endedAt, steps };
    this.#drafts.push(draft);
    return (outcome, finalSteps = draft.steps) => {
      Object.assign(draft, { outcome, steps: finalSteps, endedAt: this.#now() });
    };
  }
}
