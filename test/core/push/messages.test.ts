import { describe, expect, it } from 'vitest';
import { addressProblem } from '../../../src/core/push/addresses.ts';
import {
  deadLetter,
  messageOf,
  notBeforeHeader,
  UnreadableBody,
} from '../../../src/core/push/messages.ts';
import { queueRecord } from '../../../src/core/push/queue-message.ts';
import { allFailed, outcomesOf } from '../../../src/core/push/verdict.ts';
import { keyOfSecret, webhookBody } from '../../../src/core/push/webhook.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const recordOf = (value: Uint8Array | null, type?: string) => ({
  offset: 4,
  timestamp: 99,
  key: bytes('k'),
  value,
  headers: type === undefined ? [] : [{ key: 'Content-Type', value: bytes(type) }],
});
const bodyOf = (value: Uint8Array | null, format: 'json' | 'text' | 'bytes', type?: string) =>
  messageOf('t', 0, { record: recordOf(value, type), attempts: 0 }, format).body;
const notText = Uint8Array.of(0xff, 0xfe);

describe('a message', () => {
  it('says where it lies, and which attempt it is', () => {
    const message = messageOf('t', 2, { record: recordOf(bytes('{"a":1}')), attempts: 1 }, 'json');
    expect(message).toEqual({
      id: 't-2-4',
      timestamp: 99,
      body: { a: 1 },
      attempts: 2,
      topic: 't',
      partition: 2,
      offset: 4,
      key: 'k',
      headers: [],
    });
  });

  it('has a body as the record says, or else the subscription', () => {
    expect(bodyOf(bytes('12'), 'json')).toBe(12);
    expect(bodyOf(bytes('12'), 'text')).toBe('12');
    expect(bodyOf(bytes('12'), 'bytes')).toEqual(bytes('12'));
    expect(bodyOf(bytes('12'), 'json', 'text/plain; charset=utf-8')).toBe('12');
    expect(bodyOf(bytes('12'), 'text', 'application/cloudevents+json')).toBe(12);
    expect(bodyOf(notText, 'json', 'application/octet-stream')).toEqual(notText);
    expect(bodyOf(bytes('12'), 'text', 'application/x-unheard-of')).toBe('12');
    expect(bodyOf(null, 'json')).toBeNull();
  });

  it('cannot be made of what is not what it is said to be', () => {
    expect(() => bodyOf(bytes('{'), 'json')).toThrow(UnreadableBody);
    expect(() => bodyOf(notText, 'text')).toThrow(UnreadableBody);
  });

  it('goes over the wire with its bytes as base64', () => {
    const record = { ...recordOf(notText), key: notText };
    const message = messageOf('t', 0, { record, attempts: 0 }, 'bytes');
    const batch = { id: 'b', subscription: 's', topic: 't', partition: 0, backlog: 0 };
    const [told] = JSON.parse(webhookBody({ ...batch, messages: [message] })).messages;
    expect(told).toMatchObject({ key_base64: '//4=', body_base64: '//4=', offset: 4 });
    expect(told).not.toHaveProperty('body');
  });

  it('dies with all that is known of it, and is late no more', () => {
    const { headers } = queueRecord('x', { delaySeconds: 5 }, 1_000);
    const record = { ...recordOf(bytes('"x"')), headers };
    const death = {
      subscription: 's',
      topic: 't',
      partition: 1,
      attempts: 0,
      error: 'e'.repeat(2_000),
    };
    const dead = deadLetter(record, death);
    const text = new Map(
      dead.headers.map(({ key, value }) => [key, new TextDecoder().decode(value!)]),
    );
    expect(text.get('__connect.errors.offset')).toBe('4');
    expect(text.get('__connect.errors.stage')).toBe('VALUE_CONVERTER');
    expect(text.get('__connect.errors.exception.message')).toHaveLength(1_000);
    expect(text.get('content-type')).toBe('application/json');
    expect(text.has(notBeforeHeader)).toBe(false);
    expect([dead.key, dead.value, dead.timestamp]).toEqual([record.key, record.value, 99]);
  });
});

describe('a message of a queue', () => {
  it('is a record that says what it is and when', () => {
    const { value, headers } = queueRecord({ a: 1 }, { delaySeconds: 1.5 }, 1_000);
    expect([value, headers.map(({ key }) => key)]).toEqual([
      bytes('{"a":1}'),
      ['content-type', notBeforeHeader],
    ]);
    expect(headers[1].value).toEqual(bytes('2500'));
    expect(queueRecord(new ArrayBuffer(2), { contentType: 'bytes' }, 0).value).toHaveLength(2);
  });

  it.each([
    [undefined, {}],
    [1, { contentType: 'text' }],
    ['x', { contentType: 'bytes' }],
    ['x', { contentType: 'v8' }],
    ['x', { contentType: 'xml' }],
    ['x', { delaySeconds: -1 }],
    ['x', { delaySeconds: 43_201 }],
    ['x', { delaySeconds: Number.NaN }],
  ] as const)('is not made of %j with %j', (body, options) => {
    expect(() => queueRecord(body, options as never, 0)).toThrow(TypeError);
  });
});

describe('a verdict', () => {
  const messages = ['a', 'b', 'c'].map((id) => ({ id })) as never;
  const words = (verdict: unknown) =>
    outcomesOf(messages, verdict).map((one) => (one.acked ? 'ack' : (one.delayMs ?? 'retry')));

  it('takes everything of which nothing is said', () => {
    expect(words(undefined)).toEqual(['ack', 'ack', 'ack']);
    expect(words('nonsense')).toEqual(['ack', 'ack', 'ack']);
    expect(words({ retries: [{ id: 'b' }, { id: 'stranger' }] })).toEqual(['ack', 'retry', 'ack']);
  });

  it('of one who threw takes what was acknowledged before', () => {
    expect(words({ error: 'no', acks: [{ id: 'a' }] })).toEqual(['ack', 'retry', 'retry']);
    const [, outcome] = outcomesOf(messages, { error: 'no', acks: ['a'] });
    expect(outcome).toMatchObject({ error: 'no' });
  });

  it('has a delay for all, and another for one', () => {
    const verdict = { retry_all: { delay_seconds: 2 }, retries: [{ id: 'b', delay_seconds: 1 }] };
    expect(words({ ...verdict, acks: [{ id: 'c' }] })).toEqual([2_000, 1_000, 'ack']);
    expect(words({ retryAll: { delaySeconds: 1e9 } })).toEqual(Array(3).fill(43_200_000));
    expect(words({ retryAll: true })).toEqual(['retry', 'retry', 'retry']);
    expect(words({ retryAll: false })).toEqual(['ack', 'ack', 'ack']);
  });

  it('of one who is gone takes nothing', () => {
    expect(allFailed(messages, 'gone')).toHaveLength(3);
  });
});

describe('the address of a webhook', () => {
  it.each([
    'https://example.com/hook',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://xn--bcher-kva.example:8443/in?x=1',
  ])('may be %s', (url) => expect(addressProblem(url, [])).toBeUndefined());

  it.each([
    'http://example.com/',
    'https://0/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://192.168.0.1/',
    'https://172.31.255.255/',
    'https://100.64.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://[2001:db8::1]/',
    'https://[2002:7f00:1::]/',
    'https://[64:ff9b::7f00:1]/',
    'https://localhost./',
    'https://intranet./',
    'https://printer.local/',
    'https://db.internal/',
    'https://intranet/',
    'https://me:secret@example.com/',
    'file:///etc/passwd',
  ])('may not be %s', (url) => expect(addressProblem(url, [])).toBeTypeOf('string'));

  it('may be a private one that is listed, with its port or without, and no other', () => {
    expect(addressProblem('http://127.0.0.1:8080/', ['127.0.0.1'])).toBeUndefined();
    expect(addressProblem('http://127.0.0.1:8080/', ['127.0.0.1:8080'])).toBeUndefined();
    expect(addressProblem('http://127.0.0.1:8081/', ['127.0.0.1:8080'])).toBeTypeOf('string');
  });

  it('never comes back with the secret in it', () => {
    expect(addressProblem('https://me:secret@example.com/', [])).not.toContain('secret');
  });
});

it('takes as a secret what Standard Webhooks takes', () => {
  const secret = (size: number) => `whsec_${Buffer.alloc(size, 1).toString('base64')}`;
  expect([23, 24, 64, 65].map((size) => keyOfSecret(secret(size))?.length)).toEqual([
    undefined,
    24,
    64,
    undefined,
  ]);
  expect(keyOfSecret('c2VjcmV0')).toBeUndefined();
});
