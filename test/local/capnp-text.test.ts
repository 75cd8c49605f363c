import { describe, expect, it } from 'vitest';
import { capnpText, Embedded } from '../../src/local/capnp-text.ts';

describe('capnpText', () => {
  it('writes objects, lists, texts, numbers and booleans', () => {
    expect(capnpText({ name: 'x', list: ['a', { b: true }], port: 1, nothing: {} })).toBe(
      '(name = "x", list = ["a", (b = true)], port = 1, nothing = ())',
    );
  });

  it('leaves out what is not there', () => {
    expect(capnpText({ a: undefined, b: 'c' })).toBe('(b = "c")');
  });

  it('lets no text end before its end', () => {
    expect(capnpText('a "b" \\ \n\r\t\0\x7f é 🦑 \u0085')).toBe(
      '"a \\"b\\" \\\\ \\x0a\\x0d\\x09\\x00\\x7f é 🦑 \u0085"',
    );
  });

  it('names a file to be read', () => {
    expect(capnpText({ esModule: new Embedded('it\'s "it".js') })).toBe(
      '(esModule = embed "it\'s \\"it\\".js")',
    );
  });
});
