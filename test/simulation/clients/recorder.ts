/**
 * Writes down what clients do. The surprise: an operation has its place from when it begins, and
 * what never ends keeps the outcome it began with: unknown.
 */
import type { History, Operation, Outcome, Step } from '../checker/history.ts';

type Draft = { -readonly [K in keyof Operation]: Operation[K] };

type About = Omit<Operation, 'outcome' | 'beganAt' | 'endedAt' | 'steps'>;

/** A transaction that is being written down: it did nothing, until it asks to commit. */
export interface OpenTransaction {
  add(step: Step): void;
  /** Puts a step in the place of another. */
  replace(step: Step, by: Step): void;
  decide(): void;
  settle(outcome: Outcome): void;
}

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
    about: About,
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

  open(about: About): OpenTransaction {
    const endedAt = Number.POSITIVE_INFINITY;
    const steps: Step[] = [];
    const beganAt = this.#now();
    const begun = {
      ...about,
      transaction: true,
      outcome: 'fail',
      beganAt,
      endedAt,
      steps,
    } as const;
    const draft: Draft = begun;
    this.#drafts.push(draft);
    return {
      add: (step) => steps.push(step),
      replace: (step, by) => steps.splice(steps.indexOf(step), 1, by),
      decide: () => Object.assign(draft, { outcome: 'unknown', decidedAt: this.#now() }),
      settle: (outcome) => Object.assign(draft, { outcome, endedAt: this.#now() }),
    };
  }
}
