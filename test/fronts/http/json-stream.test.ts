import { describe, expect, test, vi } from 'vitest';
import { JsonStream } from '../../../src/fronts/http/v3/json-stream.ts';

const utf8 = new TextEncoder();

/** Everything a body gives when it is cut into chunks of this size. */
function parse(body: string | Uint8Array, chunkSize = Number.POSITIVE_INFINITY) {
  const bytes = typeof body === 'string' ? utf8.encode(body) : body;
  const stream = new JsonStream();
  const found: string[] = [];
  for (let at = 0; at < bytes.length && stream.error === undefined; at += chunkSize) {
    found.push(...stream.push(bytes.subarray(at, at + chunkSize)));
  }
  stream.end();
  return { found, error: stream.error };
}

const tricky = ['{}', '{"a":"}{\\"\\\\"}', '{"b":[{"c":[]},{}],"d":"[{"}', '{"å":"😀"}'];

describe('objects', () => {
  test.each(['', ' ', '\n', '\r\n \t'])('with %j between them, cut anywhere', (between) => {
    const body = between + tricky.join(between) + between;
    for (let size = 1; size <= utf8.encode(body).length; size++) {
      expect(parse(body, size)).toEqual({ found: tricky, error: undefined });
    }
  });

  test('are there as soon as their last brace is', () => {
    const stream = new JsonStream();
    expect(stream.push(utf8.encode('{"a":1'))).toEqual([]);
    expect(stream.push(utf8.encode('}{"b"'))).toEqual(['{"a":1}']);
    expect(stream.push(utf8.encode(':2}'))).toEqual(['{"b":2}']);
  });

  test('may come in many pieces, each of which is looked at once', () => {
    const size = 8 * 1024;
    const characters = vi.spyOn(String.prototype, 'charCodeAt');
    const { found } = parse(`{"a":"${'x'.repeat(size)}"}`, 512);
    const looked = characters.mock.contexts.map((text) => (text as string).length);
    characters.mockRestore();
    expect(found.map(({ length }) => length)).toEqual([size + 8]);
    expect(Math.max(...looked)).toBeLessThanOrEqual(512);
  });

  test('that are never closed are an error at the end', () => {
    expect(parse('{}{"a":{}')).toEqual({ found: ['{}'], error: expect.stringContaining('ends') });
    expect(parse('{"a":"')).toMatchObject({ found: [], error: expect.any(String) });
  });
});

describe('anything else', () => {
  test.each(['1', '[{}]', 'null', '"text"', '{} ,{}', '{}}'])('%s is an error', (body) => {
    const { error } = parse(body);
    expect(error).toContain('an object was expected');
  });

  test('after an object leaves the object standing', () => {
    expect(parse('{"a":1};{"b":2}').found).toEqual(['{"a":1}']);
  });

  test('than UTF-8 is an error', () => {
    expect(parse(new Uint8Array([0x7b, 0xff, 0x7d])).error).toContain('UTF-8');
    expect(parse(new Uint8Array([0x7b, 0x7d, 0xc3])).error).toContain('UTF-8');
  });

  test('no body at all is no error', () => {
    expect(parse('')).toEqual({ found: [], error: undefined });
  });
});
