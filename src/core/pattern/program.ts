/**
 * A pattern as a list of steps, which are taken one after the other but for forks. The surprise: a
 * repetition is written out as often as it says, so it is programs that have a limit, not patterns.
 */
import { PatternError } from './scanner.ts';

export type CharacterTest = (character: number) => boolean;
/** Of the characters before and after a place; undefined: there is none. */
export type PlaceTest = (before: number | undefined, after: number | undefined) => boolean;

/** What a pattern means. */
export type Node =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'place'; readonly test: PlaceTest }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  /** `max` may be Infinity. */
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number };

export type Step =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'place'; readonly test: PlaceTest }
  | { readonly kind: 'fork'; readonly to: readonly number[] }
  | { readonly kind: 'end' };

export type Program = readonly Step[];

const mostSteps = 10_000;
/** Parts that are no step (nothing, repeated) take time as well. */
const mostVisits = 100_000;

/** Throws PatternError for one that is too large. */
export function programOf(pattern: Node): Program {
  const writer = new Writer();
  writer.add(pattern);
  writer.steps.push({ kind: 'end' });
  return writer.steps;
}

class Writer {
  readonly steps: Step[] = [];
  #visits = 0;

  add(node: Node): void {
    if (++this.#visits > mostVisits || this.steps.length > mostSteps) {
      throw new PatternError('it is too large');
    }
    switch (node.kind) {
      case 'character':
      case 'place':
        this.steps.push(node);
        break;
      case 'sequence':
        for (const part of node.parts) this.add(part);
        break;
      case 'choice':
        this.#addChoice(node.options);
        break;
      case 'repeat':
        this.#addRepeat(node.part, node.min, node.max);
    }
  }

  #addChoice(options: readonly Node[]): void {
    const choice = this.#fork();
    const starts: number[] = [];
    const ends: number[] = [];
    for (const option of options) {
      starts.push(this.steps.length);
      this.add(option);
      ends.push(this.#fork());
    }
    this.#lead(choice, ...starts);
    for (const end of ends) this.#lead(end, this.steps.length);
  }

  #addRepeat(part: Node, min: number, max: number): void {
    for (let times = 0; times < min; times++) this.add(part);
    if (max === Number.POSITIVE_INFINITY) {
      const again = this.#fork();
      this.add(part);
      this.#lead(this.#fork(), again);
      this.#lead(again, again + 1, this.steps.length);
      return;
    }
    const forks: number[] = [];
    for (let times = min; times < max; times++) {
      forks.push(this.#fork());
      this.add(part);
    }
    for (const fork of forks) this.#lead(fork, fork + 1, this.steps.length);
  }

  /** A fork that leads nowhere yet. */
  #fork(): number {
    this.steps.push({ kind: 'fork', to: [] });
    return this.steps.length - 1;
  }

  #lead(fork: number, ...to: number[]): void {
    this.steps[fork] = { kind: 'fork', to };
  }
}
