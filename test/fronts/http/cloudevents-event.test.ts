/** Events as JSON and as records, held against the bindings' own rules. */
import { describe, expect, test } from 'vitest';
import {
  type CloudEvent,
  eventAt,
  eventOf,
  eventToJson,
  InvalidEvent,
  parseBatch,
  parseEvent,
  recordOf,
} from '../../../src/fronts/http/cloudevents/event.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
const base = { specversion: '1.0', id: '1', source: '/s', type: 't' };
const event = (more: object = {}): CloudEvent => parseEvent(JSON.stringify({ ...base, ...more }));
const headersOf = (one: CloudEvent, mode: 'binary' | 'structured' = 'binary') =>
  Object.fromEntries(recordOf(one, mode).headers.map(({ key, value }) => [key, text(value)]));

describe('in a record', () => {
  test('binary: the attributes are headers in plain UTF-8, the data is the value', () => {
    const one = event({ subject: 'Grüße "%"', data: { a: 1 }, flag: true, count: 7 });
    expect(headersOf(one)).toEqual({
      ce_specversion: '1.0',
      ce_id: '1',
      ce_source: '/s',
      ce_type: 't',
      ce_subject: 'Grüße "%"',
      ce_flag: 'true',
      ce_count: '7',
      'content-type': 'application/json',
    });
    expect(text(recordOf(one, 'binary').value)).toBe('{"a":1}');
  });

  test('binary: no data is no value', () => {
    const one = event({ partitionkey: 'k' });
    expect(recordOf(one, 'binary')).toMatchObject({ key: utf8('k'), value: null });
    expect(eventOf(recordOf(one, 'binary'))).toEqual(one);
  });

  test('structured: all of it is the value', () => {
    const one = event({ data: [1], count: 7, partitionkey: 'k' });
    const record = recordOf(one, 'structured');
    expect(record.key).toEqual(utf8('k'));
    expect(headersOf(one, 'structured')).toEqual({
      'content-type': 'application/cloudevents+json; charset=UTF-8',
    });
    expect(eventOf(record)).toEqual(one);
  });

  test('is told from what is no event', () => {
    const plain = { key: utf8('k'), value: utf8('{"a":1.0}'), headers: [], offset: 5 };
    expect(eventOf(plain)).toBeNull();
    const wrapped = eventAt('my topic', 2, { ...plain, timestamp: 0 });
    expect(eventToJson(wrapped)).toBe(
      '{"specversion":"1.0","id":"my topic-2-5","source":"/topics/my%20topic",' +
        '"type":"kedge.record","time":"1970-01-01T00:00:00.000Z","partitionkey":"k",' +
        '"datacontenttype":"application/json","data":{"a":1.0}}',
    );
    const named = [...recordOf(event(), 'binary').headers, { key: 'ce_data', value: utf8('x') }];
    expect(eventOf({ key: null, value: null, headers: named })).toBeNull();
    const broken = [{ key: 'content-type', value: utf8('application/cloudevents+json') }];
    expect(eventOf({ key: null, value: utf8('{'), headers: broken })).toBeNull();
    expect(eventOf({ key: null, value: null, headers: broken })).toBeNull();
  });
});

describe('in JSON', () => {
  const back = (json: object) => JSON.parse(eventToJson(parseEvent(JSON.stringify(json))));

  test.each([
    [{ ...base, data: { a: [1, null] } }, { datacontenttype: 'application/json' }],
    [{ ...base, datacontenttype: 'text/plain', data: 'hello' }, {}],
    [{ ...base, datacontenttype: 'application/xml', data: '<a/>' }, {}],
    [{ ...base, datacontenttype: 'application/json', data: 'a string' }, {}],
    [{ ...base, datacontenttype: 'application/x+json; charset=utf-8', data: 3 }, {}],
    [{ ...base, datacontenttype: 'image/png', data_base64: 'AP8=' }, {}],
    [{ ...base, data_base64: 'AP8=' }, {}],
    [{ ...base, ext: null }, { ext: undefined }],
  ])('%j comes back as it was', (json, changed) => {
    const expected: Record<string, unknown> = { ...json, ...changed };
    for (const [name, value] of Object.entries(expected)) {
      if (value === undefined) delete expected[name];
    }
    expect(back(json)).toEqual(expected);
  });

  test('keeps the numbers of the data', () => {
    const json = '{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"n":1.0}}';
    expect(eventToJson(parseEvent(json))).toContain('"data":{"n":1.0}');
  });

  test('takes bytes that are not what their type says for bytes', () => {
    const attributes = { ...base, datacontenttype: 'application/json' };
    expect(eventToJson({ attributes, data: utf8('{') })).toContain('"data_base64":"ew=="');
    const text = { ...base, datacontenttype: 'text/plain' };
    const data = Uint8Array.of(255);
    expect(eventToJson({ attributes: text, data })).toContain('"data_base64":"/w=="');
  });

  test.each([
    ['[]', 'A CloudEvent is a JSON object.'],
    ['{', 'not JSON'],
    ['{}', 'specversion'],
    [JSON.stringify({ ...base, specversion: '0.3' }), 'must be 1.0, not 0.3'],
    [JSON.stringify({ ...base, source: '' }), 'needs the attribute source'],
    [JSON.stringify({ ...base, upperCase: 'x' }), 'and not upperCase'],
    [JSON.stringify({ ...base, nested: {} }), 'nested must be a string'],
    [JSON.stringify({ ...base, big: 2 ** 40 }), 'big must be a string'],
    [JSON.stringify({ ...base, data: 1, data_base64: '' }), 'not both'],
    [JSON.stringify({ ...base, data_base64: '***' }), 'base64'],
  ])('%s is refused', (json, why) => {
    expect(() => parseEvent(json)).toThrow(InvalidEvent);
    expect(() => parseEvent(json)).toThrow(why);
  });

  test('a batch is an array', () => {
    expect(parseBatch(JSON.stringify([base, { ...base, id: '2' }]))).toHaveLength(2);
    expect(() => parseBatch(JSON.stringify(base))).toThrow('array');
  });
});
