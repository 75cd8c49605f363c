/**
 * Regular expressions as Kafka's brokers take them from clients: the syntax of RE2, without look
 * around and back references. The surprise: JavaScript's own are not used. They read some of these
 * patterns differently, and some make them think for ever; here a text takes time in proportion to
 * the pattern and to the text, whatever they are.
 */
import { parsePattern } from './parse.ts';
import { type Program, programOf } from './program.ts';

export { PatternError } from './scanner.ts';

/** Whether the pattern matches this text from its beginning to its end. */
export type Matcher = (text: string) => boolean;

/** Throws PatternError. */
export function matcherOf(pattern: string): Matcher {
  const program = programOf(parsePattern(pattern));
  return (text) =>
    matches(
      program,
      Array.from(text, (each) => each.codePointAt(0) ?? 0),
    );
}

/** Follows all ways through the program at the same time, one character after the other. */
function matches(program: Program, text: readonly number[]): boolean {
  const ways = new Ways(program, text);
  let states = ways.from([0], 0);
  for (let at = 0; at < text.length && states.length > 0; at++) {
    const next: number[] = [];
    for (const state of states) {
      const step = program[state];
      if (step.kind === 'character' && step.test(text[at])) next.push(state + 1);
    }
    states = ways.from(next, at + 1);
  }
  return states.some((state) => program[state].kind === 'end');
}

class Ways {
  readonly #program: Program;
  readonly #text: readonly number[];
  /** For each step: the position at which it was last reached, so that it is reached once. */
  readonly #reached: Int32Array;

  constructor(program: Program, text: readonly number[]) {
    this.#program = program;
    this.#text = text;
    this.#reached = new Int32Array(program.length).fill(-1);
  }

  /** The steps that wait for a character, or for the end, reached from these without one. */
  from(starts: readonly number[], at: number): number[] {
    const waiting: number[] = [];
    const open = [...starts];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (this.#reached[state] === at) continue;
      this.#reached[state] = at;
      const step = this.#program[state];
      switch (step.kind) {
        case 'fork':
          open.push(...step.to);
          break;
        case 'place':
          if (step.test(this.#text[at - 1], this.#text[at])) open.push(state + 1);
          break;
        default:
          waiting.push(state);
      }
    }
    return waiting;
  }
}
