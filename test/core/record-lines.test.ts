import { describe, expect, it } from 'vitest';
import {
  groupLine,
  type LoggedRecord,
  parseLine,
  recordLine,
  topicLine,
} from '../../src/core/record-lines.ts';

const utf8 = new TextEncoder();
const record: LoggedRecord = {
  topic: 'orders',
  partition: 2,
  offset: 41,
  timestamp: 1_700_000_000_000,
  key: utf8.encode('a'),
  value: utf8.encode('{"item": "tea"}\n'),
  headers: [],
};

function again(one: LoggedRecord) {
  const { kind, line } = parseLine(recordLine(one));
  expect(kind).toBe('record');
  return line;
}

describe('a record as a line', () => {
  it('can be read by people', () => {
    expect(recordLine({ ...record, value: utf8.encode('tea') })).toBe(
      '{"topic":"orders","partition":2,"offset":41,"timestamp":1700000000000,' +
        '"key":"a","value":"tea","headers":[]}',
    );
  });

  it('gives back the very same record', () => {
    expect(again(record)).toEqual(record);
  });

  it('keeps null and empty apart', () => {
    const empty = { ...record, key: new Uint8Array(), value: null };
    expect(again(empty)).toEqual(empty);
  });

  it('keeps bytes that are no text, and a byte order mark', () => {
    for (const value of [
      [0xff, 0],
      [0xef, 0xbb, 0xbf, 65],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
    ]) {
      const bytes = { ...record, value: Uint8Array.from(value), key: Uint8Array.from(value) };
      expect(again(bytes)).toEqual(bytes);
    }
  });

  it('keeps headers in their order, twice the same name, and without a value', () => {
    const headers = [
      { key: 'trace', value: utf8.encode('1') },
      { key: 'trace', value: Uint8Array.of(0xff) },
      { key: 'bare', value: null },
      { key: '', value: new Uint8Array() },
    ];
    expect(again({ ...record, headers })).toEqual({ ...record, headers });
  });

  it('may leave out everything but the topic, and hold JSON', () => {
    const { line } = parseLine('{"topic":"t","value":{"item":"tea"},"headers":{"a":"b"}}');
    expect(line).toEqual({
      topic: 't',
      partition: undefined,
      offset: undefined,
      timestamp: undefined,
      key: null,
      value: utf8.encode('{"item":"tea"}'),
      headers: [{ key: 'a', value: utf8.encode('b') }],
    });
  });

  it('says what is wrong with a line', () => {
    const wrong = (text: string) => expect(() => parseLine(text)).toThrow(SyntaxError);
    for (const text of [
      '',
      '[]',
      '{"topic":"t"',
      '{"value":"v"}',
      '{"topic":"t","partition":-1}',
      '{"topic":"t","partition":"1"}',
      '{"topic":"t","value":{"base64":"*"}}',
      '{"topic":"t","headers":["a","b"]}',
      '{"topic":"t","headers":"a"}',
      '{"topic":"t","partitions":0}',
      '{"group":"g","topic":"t","partition":0}',
    ]) {
      wrong(text);
    }
  });
});

describe('other lines', () => {
  it('say how a topic is made', () => {
    const line = { topic: 'orders', partitions: 3, configs: { 'retention.ms': '60000' } };
    expect(parseLine(topicLine(line))).toEqual({ kind: 'topic', line });
  });

  it('say how far a group has read', () => {
    const line = { group: 'billing', topic: 'orders', partition: 0, offset: 42 };
    expect(parseLine(groupLine(line))).toEqual({ kind: 'group', line });
  });
});
