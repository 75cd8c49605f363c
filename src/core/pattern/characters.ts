/**
 * Sets of characters in a pattern: escapes, classes in brackets, Unicode's categories and scripts.
 * The surprise: `\d`, `\s` and `\w` know ASCII alone, and `\s` does not know the vertical tab.
 */
import type { CharacterTest } from './program.ts';
import { PatternError, type Scanner } from './scanner.ts';

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;

export const isWord = (character: number | undefined): boolean =>
  character !== undefined && /^\w$/.test(String.fromCodePoint(character));

/** `ranges` as they stand between brackets. */
function ascii(ranges: string): CharacterTest {
  const expression = new RegExp(`^[${ranges}]$`);
  return (character) => character < 128 && expression.test(String.fromCodePoint(character));
}

const perl: Readonly<Record<string, CharacterTest>> = {
  d: ascii('0-9'),
  s: ascii('\\t\\n\\f\\r '),
  w: ascii('0-9A-Za-z_'),
};

const posix: Readonly<Record<string, CharacterTest>> = {
  alnum: ascii('0-9A-Za-z'),
  alpha: ascii('A-Za-z'),
  ascii: ascii('\\x00-\\x7f'),
  blank: ascii('\\t '),
  cntrl: ascii('\\x00-\\x1f\\x7f'),
  digit: ascii('0-9'),
  graph: ascii('!-~'),
  lower: ascii('a-z'),
  print: ascii(' -~'),
  punct: ascii('!-\\/:-@\\[-`{-~'),
  space: ascii('\\t\\n\\v\\f\\r '),
  upper: ascii('A-Z'),
  word: ascii('0-9A-Za-z_'),
  xdigit: ascii('0-9A-Fa-f'),
};

/** One character, and with `folded` every case of it. */
export function single(character: number, folded: boolean): CharacterTest {
  if (!folded) return (each) => each === character;
  const folds = casesOf(character).at(-1);
  return (each) => casesOf(each).at(-1) === folds;
}

/** Lets through what has another case that passes. */
function fold(test: CharacterTest): CharacterTest {
  return (character) => casesOf(character).some(test);
}

/** A character and its other cases; the last is the same for all of them. */
function casesOf(character: number): number[] {
  const text = String.fromCodePoint(character);
  const cases = [text, text.toLowerCase(), text.toUpperCase(), text.toUpperCase().toLowerCase()];
  return cases.map((each) => {
    const code = codeOf(each);
    // A case of several characters is none here.
    return String.fromCodePoint(code) === each ? code : character;
  });
}

/** Reads `\d`, `\pL`, `\P{Greek}` and the like; undefined when something else stands there. */
export function readNamedSet(scanner: Scanner, folded: boolean): CharacterTest | undefined {
  return scanner.attempt(() => {
    if (!scanner.takes('\\') || scanner.isAtEnd) return undefined;
    const letter = scanner.take();
    const isCapital = letter === letter.toUpperCase();
    const known = perl[letter.toLowerCase()];
    if (known !== undefined) return setOf(known, isCapital, folded);
    if (letter !== 'p' && letter !== 'P') return undefined;
    const name = readPropertyName(scanner);
    return setOf(propertyOf(name.replace('^', '')), isCapital !== name.startsWith('^'), folded);
  });
}

function setOf(test: CharacterTest, isNegated: boolean, folded: boolean): CharacterTest {
  const whole = folded ? fold(test) : test;
  return isNegated ? (character) => !whole(character) : whole;
}

function readPropertyName(scanner: Scanner): string {
  if (!scanner.takes('{')) return scanner.take();
  const name = scanner.takeWhile((character) => character !== '}');
  if (!scanner.takes('}')) throw new PatternError('the name of a property has no end');
  return name;
}

function propertyOf(name: string): CharacterTest {
  if (name === 'Any') return () => true;
  if (!/^[A-Z]\w*$/.test(name)) throw new PatternError(`there is no property ${name}`);
  const property = name.length <= 2 ? `gc=${name}` : `Script=${name}`;
  let expression: RegExp;
  try {
    expression = new RegExp(`^\\p{${property}}$`, 'u');
  } catch {
    throw new PatternError(`there is no property ${name}`);
  }
  return (character) => expression.test(String.fromCodePoint(character));
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const isOctal = (character: string): boolean => /^[0-7]$/.test(character);
const isHex = (character: string): boolean => /^[0-9A-Fa-f]$/.test(character);

/** The character that an escape stands for. The backslash is taken. */
export function readEscape(scanner: Scanner): number {
  const letter = scanner.take();
  const isReference = /^[1-7]$/.test(letter) && !isOctal(scanner.next ?? '');
  if (isOctal(letter) && !isReference) {
    const more = [0, 1].map(() => (isOctal(scanner.next ?? '') ? scanner.take() : ''));
    return Number.parseInt(letter + more.join(''), 8);
  }
  if (letter === 'x') return readHex(scanner);
  if (letter in controls) return controls[letter];
  const code = codeOf(letter);
  if (code >= 128 || /^[0-9A-Za-z]$/.test(letter)) {
    throw new PatternError(`there is no escape \\${letter}`);
  }
  return code;
}

function readHex(scanner: Scanner): number {
  const isBraced = scanner.takes('{');
  const digits = isBraced ? scanner.takeWhile(isHex) : scanner.take() + scanner.take();
  const code = /^[0-9A-Fa-f]+$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
  if ((isBraced && !scanner.takes('}')) || !(code <= 0x10ffff)) {
    throw new PatternError('an escape \\x has no number');
  }
  return code;
}

/** What stands in brackets. The opening one is taken. */
export function readClass(scanner: Scanner, folded: boolean): CharacterTest {
  const isNegated = scanner.takes('^');
  const tests: CharacterTest[] = [];
  do {
    const named = readPosix(scanner, folded) ?? readNamedSet(scanner, folded);
    tests.push(named ?? readRange(scanner, folded));
  } while (!scanner.takes(']'));
  return (character) => tests.some((test) => test(character)) !== isNegated;
}

function readPosix(scanner: Scanner, folded: boolean): CharacterTest | undefined {
  return scanner.attempt(() => {
    if (!scanner.takes('[:')) return undefined;
    const isNegated = scanner.takes('^');
    const name = scanner.takeWhile((character) => /^[a-z]$/.test(character));
    if (!scanner.takes(':]')) return undefined;
    const test = posix[name];
    if (test === undefined) throw new PatternError(`there is no class ${name}`);
    return setOf(test, isNegated, folded);
  });
}

function readRange(scanner: Scanner, folded: boolean): CharacterTest {
  const first = readClassCharacter(scanner);
  const last = scanner.attempt(() =>
    scanner.takes('-') && scanner.next !== ']' ? readClassCharacter(scanner) : undefined,
  );
  if (last === undefined) return single(first, folded);
  if (last < first) throw new PatternError('a range ends before it begins');
  return setOf((character) => character >= first && character <= last, false, folded);
}

function readClassCharacter(scanner: Scanner): number {
  return scanner.takes('\\') ? readEscape(scanner) : codeOf(scanner.take());
}
