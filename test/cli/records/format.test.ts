import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { unescaped } from '../../../src/cli/records/escapes.ts';
import { type Printable, type PrintOptions, printer } from '../../../src/cli/records/format.ts';
import { Sink } from '../../../src/cli/records/sink.ts';
import { UsageError } from '../../../src/cli/usage.ts';
import { gathering } from './words.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const record: Printable = {
  topic: 'f1',
  partition: 0,
  offset: 7,
  timestamp: 1_795_413_394_524,
  timestampType: 'create',
  broker: 1,
  key: bytes('k'),
  value: bytes('v'),
  headers: [
    { key: 'a', value: bytes('1') },
    { key: 'b', value: bytes('') },
    { key: 'bare', value: null },
  ],
};

async function printed(options: PrintOptions, ...records: Partial<Printable>[]): Promise<string> {
  const { sink, text } = gathering();
  const print = printer(options);
  for (const one of records) print({ ...record, ...one }, sink);
  return text();
}

describe('escapes', () => {
  const read = (text: string) => Buffer.from(unescaped(text)).toString('latin1');

  it('are those of kcat', () => {
    expect(read('\\n\\t\\r\\q\\\\|')).toBe('\n\t\rq\\|');
    expect(read('\\x41\\x42C\\101\\065')).toBe('A,e5');
    expect(read('\\x00\\xff')).toBe('\0\xff');
    expect(read('é\\')).toBe(`${bytes('\xc3\xa9').toString('latin1')}\\`);
  });
});

describe('a format', () => {
  it('has the tokens of kcat', async () => {
    const format = '%t|%p|%o|%k|%s|%S|%K|%h|%T|%%\\n';
    expect(await printed({ format }, {}, { key: null, value: null, headers: [] })).toBe(
      'f1|0|7|k|v|1|1|a=1,b=,bare=NULL|1795413394524|%\n' + 'f1|0|7|||-1|-1||1795413394524|%\n',
    );
  });

  it('writes the length of a value in bytes', async () => {
    const text = await printed(
      { format: '%R' },
      { value: bytes('a'.repeat(258)) },
      { value: null },
    );
    expect(text).toBe('\0\0\x01\x02\xff\xff\xff\xff');
  });

  it('is refused when it has what does not exist', () => {
    expect(() => printer({ format: '%x' })).toThrow(UsageError);
    expect(() => printer({ format: 'abc%' })).toThrow(UsageError);
  });

  it('shows what is null where that is asked for', async () => {
    expect(
      await printed({ keyDelimiter: ':', showsNull: true }, { value: null }, { key: null }),
    ).toBe('k:NULL\nNULL:v\n');
    expect(await printed({ keyDelimiter: ':' }, { value: null }, { key: null })).toBe('k:\n:v\n');
  });

  it('puts delimiters between', async () => {
    expect(await printed({}, {}, {})).toBe('v\nv\n');
    expect(await printed({ keyDelimiter: '\\t', delimiter: '%|' }, {}, {})).toBe('k\tv%|k\tv%|');
  });
});

describe('JSON', () => {
  it('is that of kcat', async () => {
    expect(await printed({ isJson: true }, {})).toBe(
      '{"topic":"f1","partition":0,"offset":7,"tstype":"create","ts":1795413394524,"broker":1,' +
        '"headers":["a","1","b","","bare",null],"key":"k","payload":"v"}\n',
    );
  });

  it('has no headers where there are none, and tells null from empty', async () => {
    const text = await printed({ isJson: true }, { key: bytes(''), value: null, headers: [] });
    expect(text).toContain('"broker":1,"key":"","payload":null}');
  });

  it('escapes as kcat does, and leaves bytes that are no text', async () => {
    const value = bytes('a\xff"\\/\t\x01\x7f\xc3\xa9\x1b\b\f');
    const text = await printed({ isJson: true, delimiter: '|' }, { value });
    const escaped = 'a\xff\\"\\\\/\\t\\u0001\x7f\xc3\xa9\\u001B\\b\\f';
    expect(text.endsWith(`"payload":"${escaped}"}|`)).toBe(true);
  });
});

describe('a sink', () => {
  it('takes pieces of any size', async () => {
    const { sink, text } = gathering();
    const large = 'é'.repeat(200_000);
    sink.text('a');
    sink.text(large);
    sink.bytes(Buffer.alloc(300_000, 'b'));
    sink.byte(10);
    expect(await text()).toBe(
      `a${bytes(large.replaceAll('é', '\xc3\xa9')).toString('latin1')}${'b'.repeat(300_000)}\n`,
    );
  });

  it('takes it that nobody reads any more', async () => {
    const broken = new Writable({
      write: (_, __, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    const sink = new Sink(broken);
    sink.text('a');
    await sink.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sink.isGone).toBe(true);
    sink.text('b');
    await sink.flush();
  });

  it('says what else goes wrong', async () => {
    const full = new Writable({
      write: (_, __, done) => done(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
    });
    const sink = new Sink(full);
    sink.text('a');
    await sink.flush();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(sink.flush()).rejects.toThrow('no space');
  });
});
