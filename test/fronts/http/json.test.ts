import { describe, expect, test } from 'vitest';
import { isObject, parseJson } from '../../../src/fronts/http/json.ts';

describe('values that pass through', () => {
  test.each([
    '{"a":12345678901234567890}',
    '[1.0,1e3,1E-2,-0,0.1,-1.50]',
    '{"n":9007199254740993,"s":"9007199254740993"}',
    '[1,-2,0,"x",true,false,null,{"a":[]}]',
    '{"__proto__":{"a":1.0}}',
    '3.0',
  ])('%s comes out as it went in', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  test('ordinary numbers are numbers', () => {
    expect(parseJson('{"a":1,"b":0.5,"c":-7}')).toEqual({ a: 1, b: 0.5, c: -7 });
  });

  test('what is not JSON is a SyntaxError', () => {
    expect(() => parseJson('{"a":1.0,}')).toThrow(SyntaxError);
    expect(() => parseJson('{a:1}')).toThrow(SyntaxError);
  });
});

test('only objects are objects', () => {
  expect(isObject(parseJson('{}'))).toBe(true);
  for (const text of ['[]', 'null', '1', '1.0', '"{}"']) {
    expect(isObject(parseJson(text))).toBe(false);
  }
});
