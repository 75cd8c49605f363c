/** What is expected here is what Apache Kafka 4.4 answers to ListTransactions with the pattern. */
import { describe, expect, it } from 'vitest';
import { matcherOf, PatternError } from '../../../src/core/pattern/pattern.ts';

const names = [
  'a',
  'aab',
  'aB',
  'a\nb',
  'b',
  'a{2}',
  'x|y',
  '-_]',
  '\\',
  '1 2',
  'é',
  'Σ',
  'K',
  'ſ',
];

function matching(pattern: string): string[] {
  return names.filter(matcherOf(pattern));
}

describe('a pattern', () => {
  it.each<[string, string[]]>([
    ['a', ['a']],
    ['a.*', ['a', 'aab', 'aB', 'a{2}']],
    ['(?s)a.*', ['a', 'aab', 'aB', 'a\nb', 'a{2}']],
    ['a|b', ['a', 'b']],
    ['|a', ['a']],
    ['(a|b)+', ['a', 'aab', 'b']],
    ['a{2}b', ['aab']],
    ['a{1,2}b?', ['a', 'aab']],
    ['a{3,}', []],
    ['a{2', []],
    ['a\\{2}', ['a{2}']],
    ['a*?', ['a']],
    ['.{3}', ['aab', 'x|y', '-_]', '1 2']],
    ['(?i)AB', ['aB']],
    ['a(?i:b)', ['aB']],
    ['(?:(?i)A)B', ['aB']],
    ['(?i)s', ['ſ']],
    ['(?i)k', ['K']],
    ['(?i)[σ]', ['Σ']],
    ['(?i)[^\\W]', ['a', 'b', 'K', 'ſ']],
    ['^a$', ['a']],
    ['a$\\nb', []],
    ['(?m)a$\\n^b', ['a\nb']],
    ['\\Aa\\z', ['a']],
    ['\\ba\\b.+', ['a{2}']],
    ['a\\B.*', ['aab', 'aB']],
    ['\\Qx|y\\E', ['x|y']],
    ['\\Q\\', ['\\']],
    ['\\d\\s\\d', ['1 2']],
    ['[[:digit:]][^[:^space:]]2', ['1 2']],
    ['[]_-]+', ['-_]']],
    ['[^]a]', ['b', '\\', 'é', 'Σ', 'K', 'ſ']],
    ['\\p{Greek}', ['Σ']],
    ['\\P{^Greek}', ['Σ']],
    ['\\p{Lu}', ['Σ', 'K']],
    ['\\pL', ['a', 'b', 'é', 'Σ', 'K', 'ſ']],
    ['\\x{e9}|\\x61', ['a', 'é']],
    ['\\141', ['a']],
    ['(?P<one>a)(?<two>a)b', ['aab']],
    ['()', []],
  ])('%j matches whole texts', (pattern, expected) => {
    expect(matching(pattern)).toEqual(expected);
  });

  it.each([
    '(',
    ')',
    'a(?',
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?z)a',
    '(?i-)a',
    '(?#a)',
    '(?P=n)',
    '(?<>a)',
    '(?<n>a)(?<n>b)',
    '*',
    'a|*',
    '{2}',
    'a**',
    'a++',
    'a{2}{3}',
    'a{1001}',
    'a{2,1}',
    '[a',
    '[]',
    '[z-a]',
    '[a-\\d]',
    '[[:nope:]]',
    '\\',
    '(a)\\1',
    '\\8',
    '\\C',
    '\\Z',
    '\\e',
    '\\x',
    '\\x{110000}',
    '\\p{Nope}',
    '\\p{Letter',
    '\\pé',
  ])('%j is none', (pattern) => {
    expect(() => matcherOf(pattern)).toThrow(PatternError);
  });

  it('takes time in proportion, whatever it is', () => {
    const text = 'a'.repeat(2_000);
    expect(matcherOf('(a+)+')(`${text}!`)).toBe(false);
    expect(matcherOf('(a|a)*(a|a)*(a|a)*')(`${text}!`)).toBe(false);
    expect(matcherOf('(a*)*')(text)).toBe(true);
  });

  it('may not be too large, nor too deep', () => {
    for (const pattern of [
      '((a{1000}){1000}){1000}',
      '((((){1000}){1000}){1000}){1000}',
      `${'('.repeat(5_000)}${')'.repeat(5_000)}`,
    ]) {
      expect(() => matcherOf(pattern)).toThrow(PatternError);
    }
  });
});
