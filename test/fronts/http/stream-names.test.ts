import { describe, expect, it } from 'vitest';
import { offsetToken, parseOffsetToken } from '../../../src/core/stream/offset-token.ts';
import { nameOf, topicOf } from '../../../src/core/stream/stream-name.ts';
import { cursorAfter } from '../../../src/fronts/http/streams/cursor.ts';
import { batchesOf, bodyOf, messagesOf } from '../../../src/fronts/http/streams/messages.ts';
import { chance } from '../../contracts/partition-log.ts';

describe('the topic of a stream', () => {
  it.each([
    ['orders', 'orders'],
    ['my_topic.v2-x', 'my_topic.v2-x'],
    ['chat/rooms/7', 'chat..rooms..7'],
    ['a//b', 'a....b'],
    ['a./b', 'a--2E..b'],
    ['a..b', 'a--2E--2Eb'],
    ['café', 'caf--C3--A9'],
    ['--2F', '--2D-2F'],
    ['--x', '--x'],
    ['/', '--2F'],
    ['.', '--2E'],
  ])('of %s is %s, and back', (name, topic) => {
    expect(topicOf(name)).toBe(topic);
    expect(nameOf(topic)).toBe(name);
  });

  it('is none for what is empty or too long', () => {
    expect(topicOf('')).toBeUndefined();
    expect(topicOf('x'.repeat(249))).toBe('x'.repeat(249));
    expect(topicOf('x'.repeat(250))).toBeUndefined();
  });

  it('is another one for every name, and legal', () => {
    const random = chance(7);
    const alphabet = ['.', '/', '-', '2', 'F', 'D', 'E', 'é', 'x', '_', '😀', ' '];
    for (let i = 0; i < 20_000; i++) {
      const name = Array.from({ length: 1 + random(7) }, () => alphabet[random(12)]).join('');
      const topic = topicOf(name)!;
      expect(topic).toMatch(/^(?!\.{1,2}$)[A-Za-z0-9._-]+$/);
      expect(nameOf(topic)).toBe(name);
    }
  });
});

describe('offsets', () => {
  it('sort as text', () => {
    const tokens = [0, 9, 10, 1_000_000, Number.MAX_SAFE_INTEGER].map(offsetToken);
    expect([...tokens].sort()).toEqual(tokens);
    expect(tokens.map(parseOffsetToken)).toEqual([0, 9, 10, 1_000_000, Number.MAX_SAFE_INTEGER]);
  });

  it('are read as Kafka says them, too', () => {
    expect(parseOffsetToken('42')).toBe(42);
    expect(parseOffsetToken('1_42')).toBe(Number.MAX_SAFE_INTEGER);
    for (const text of ['', '-1', 'now', '1.5', '1_2_3', ' 1', '1\n', '_1', '1e3']) {
      expect(parseOffsetToken(text)).toBeUndefined();
    }
  });
});

describe('the cursor', () => {
  const now = 1_728_432_000_000 + 100 * 20_000;

  it('is the interval, or beyond that of a reader who is as far', () => {
    expect(cursorAfter(undefined, now, 0)).toBe('100');
    expect(cursorAfter('99', now, 0)).toBe('100');
    expect(cursorAfter('nonsense', now, 0)).toBe('100');
    expect(cursorAfter('100', now, 0)).toBe('101');
    expect(cursorAfter('500', now, 0.999_999)).toBe('680');
  });
});

describe('messages', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const json = 'application/json; charset=utf-8';
  const texts = (body: string) =>
    messagesOf(bytes(body), json).map((message) => new TextDecoder().decode(message));
  const record = (value: string | null, offset = 0) => ({
    offset,
    timestamp: 0,
    key: null,
    value: value === null ? null : bytes(value),
    headers: [],
  });
  const told = (...values: (string | null)[]) =>
    new TextDecoder().decode(
      bodyOf(
        values.map((value) => record(value)),
        json,
      ),
    );

  it('of JSON are the elements of an array, one level deep, letter for letter', () => {
    expect(texts('{"a":1}')).toEqual(['{"a":1}']);
    expect(texts(' [ {"a": [1, 2]} , "x,]\\"[" ,[3],12345678901234567890, null ] ')).toEqual([
      '{"a": [1, 2]}',
      '"x,]\\"["',
      '[3]',
      '12345678901234567890',
      'null',
    ]);
    expect(texts('[]')).toEqual([]);
    expect(texts('[[]]')).toEqual(['[]']);
  });

  it('that are no JSON are refused', () => {
    for (const body of ['', ' ', '{', '[1,]', '[1] [2]', 'x']) {
      if (body !== '') expect(() => texts(body)).toThrow('not JSON');
    }
    expect(() => messagesOf(Uint8Array.of(0x22, 0xff, 0x22), json)).toThrow('not JSON');
  });

  it('that clients of Kafka wrote are told as JSON all the same', () => {
    expect(told('{"a":1}', '2')).toBe('[{"a":1},2]');
    expect(told()).toBe('[]');
    expect(JSON.parse(told('1,2', null, '', '[1'))).toEqual(['1,2', null, '', '[1']);
  });

  it('are put into batches no larger than the topic takes', () => {
    const messages = Array.from({ length: 10 }, () => new Uint8Array(300));
    const size = batchesOf(messages, 10_000, 0)!.length;
    expect(batchesOf(messages, 1_000, 0)!.length).toBeGreaterThan(size);
    expect(batchesOf([], 1_000, 0)).toBeNull();
  });
});
