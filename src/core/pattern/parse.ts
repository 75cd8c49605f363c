/**
 * Reads a pattern in the syntax of RE2. The surprises: a brace that begins no repetition stands for
 * itself; and whether a repetition takes much or little changes nothing where the whole text has to
 * match, so the question mark that says so is read and forgotten.
 */
import { isWord, readClass, readEscape, readNamedSet, single } from './characters.ts';
import type { Node, PlaceTest } from './program.ts';
import { PatternError, Scanner } from './scanner.ts';

/** `(?ims)`; `U` turns greed around, which changes nothing here. */
type Flags = Readonly<Record<'i' | 'm' | 's' | 'U', boolean>>;

const noFlags: Flags = { i: false, m: false, s: false, U: false };
const deepest = 1_000;
const mostOften = 1_000;
const newline = 10;

const start: PlaceTest = (before) => before === undefined;
const end: PlaceTest = (_before, after) => after === undefined;
const lineStart: PlaceTest = (before) => before === undefined || before === newline;
const lineEnd: PlaceTest = (_before, after) => after === undefined || after === newline;
const wordEdge: PlaceTest = (before, after) => isWord(before) !== isWord(after);
const noWordEdge: PlaceTest = (before, after) => isWord(before) === isWord(after);

const places: readonly (readonly [text: string, test: PlaceTest])[] = [
  ['\\A', start],
  ['\\z', end],
  ['\\b', wordEdge],
  ['\\B', noWordEdge],
];

/** Throws PatternError. */
export function parsePattern(pattern: string): Node {
  return new Parser(pattern).parse();
}

interface Times {
  readonly min: number;
  readonly max: number;
}

class Parser {
  readonly #scanner: Scanner;
  readonly #names = new Set<string>();
  #flags = noFlags;
  #depth = 0;

  constructor(pattern: string) {
    this.#scanner = new Scanner(pattern);
  }

  parse(): Node {
    const node = this.#choice();
    if (!this.#scanner.isAtEnd) throw new PatternError('a ) has no (');
    return node;
  }

  /** Up to the end or a `)`, which stays. */
  #choice(): Node {
    const options: Node[] = [];
    do {
      options.push(this.#sequence());
    } while (this.#scanner.takes('|'));
    return options.length === 1 ? options[0] : { kind: 'choice', options };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    const scanner = this.#scanner;
    while (!scanner.isAtEnd && !scanner.isBefore('|') && !scanner.isBefore(')')) {
      parts.push(...(scanner.takes('\\Q') ? this.#quoted() : this.#item()));
      const last = parts.pop();
      if (last !== undefined) parts.push(this.#repeated(last));
    }
    return { kind: 'sequence', parts };
  }

  /** The characters up to `\E`, as they are. */
  #quoted(): Node[] {
    const literals: Node[] = [];
    while (!this.#scanner.isAtEnd && !this.#scanner.takes('\\E')) {
      literals.push(this.#literal(this.#scanner.take()));
    }
    return literals;
  }

  /** Nothing: where flags were set. */
  #item(): Node[] {
    if (this.#times() !== undefined) throw new PatternError('there is nothing to repeat');
    const scanner = this.#scanner;
    const { i, m, s } = this.#flags;
    const place = places.find(([text]) => scanner.takes(text));
    if (place !== undefined) return [{ kind: 'place', test: place[1] }];
    const set = readNamedSet(scanner, i);
    if (set !== undefined) return [{ kind: 'character', test: set }];
    const character = scanner.take();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return [{ kind: 'character', test: readClass(scanner, i) }];
      case '.':
        return [{ kind: 'character', test: (each) => s || each !== newline }];
      case '^':
        return [{ kind: 'place', test: m ? lineStart : start }];
      case '$':
        return [{ kind: 'place', test: m ? lineEnd : end }];
      case '\\':
        return [this.#literal(String.fromCodePoint(readEscape(scanner)))];
      default:
        return [this.#literal(character)];
    }
  }

  #literal(character: string): Node {
    return { kind: 'character', test: single(character.codePointAt(0) ?? 0, this.#flags.i) };
  }

  /** The `(` is taken. */
  #group(): Node[] {
    const outside = this.#flags;
    const scanner = this.#scanner;
    if (scanner.takes('?P<') || scanner.takes('?<')) this.#name();
    else if (scanner.takes('?') && this.#setFlags() === ')') return [];
    if (++this.#depth > deepest) throw new PatternError('it is too deep');
    const inside = this.#choice();
    if (!scanner.takes(')')) throw new PatternError('a ( has no )');
    this.#depth--;
    this.#flags = outside;
    return [inside];
  }

  #name(): void {
    const name = this.#scanner.takeWhile((character) => /^\w$/.test(character));
    if (name === '' || !this.#scanner.takes('>')) throw new PatternError('a name is none');
    if (this.#names.has(name)) throw new PatternError(`there are two groups ${name}`);
    this.#names.add(name);
  }

  /** What ended the flags: `)` or `:`. */
  #setFlags(): string {
    let flags = this.#flags;
    let isOn = true;
    let isNamed = true;
    for (;;) {
      const letter = this.#scanner.take();
      if (letter in noFlags) {
        flags = { ...flags, [letter]: isOn };
        isNamed = true;
      } else if (letter === '-' && isOn) {
        isOn = false;
        isNamed = false;
      } else if ((letter === ')' || letter === ':') && isNamed) {
        this.#flags = flags;
        return letter;
      } else {
        throw new PatternError(`there is no group (?${letter}`);
      }
    }
  }

  #repeated(part: Node): Node {
    const times = this.#times();
    if (times === undefined) return part;
    this.#scanner.takes('?');
    if (this.#times() !== undefined) throw new PatternError('a repetition is repeated');
    return { kind: 'repeat', part, ...times };
  }

  #times(): Times | undefined {
    const max = Number.POSITIVE_INFINITY;
    if (this.#scanner.takes('*')) return { min: 0, max };
    if (this.#scanner.takes('+')) return { min: 1, max };
    if (this.#scanner.takes('?')) return { min: 0, max: 1 };
    const times = this.#scanner.attempt(() => this.#braces());
    if (times === undefined) return undefined;
    const most = times.max === max ? times.min : times.max;
    if (most < times.min || most > mostOften) {
      throw new PatternError('a repetition has no such size');
    }
    return times;
  }

  /** `{2}`, `{2,}` or `{2,3}`. */
  #braces(): Times | undefined {
    const scanner = this.#scanner;
    const min = scanner.takes('{') ? this.#number() : undefined;
    if (min === undefined) return undefined;
    let max: number | undefined = min;
    if (scanner.takes(',')) max = scanner.next === '}' ? Number.POSITIVE_INFINITY : this.#number();
    return max !== undefined && scanner.takes('}') ? { min, max } : undefined;
  }

  #number(): number | undefined {
    const digits = this.#scanner.takeWhile((character) => /^[0-9]$/.test(character));
    return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
  }
}
