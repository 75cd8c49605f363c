/**
 * Doors with consumers of their own, asked by somebody without rights: refused in the words of the
 * dialect, and nothing is done, not even to objects that no handler stands before.
 */
import { expect, test } from 'vitest';
import { MemoryDoor } from './memory-door.ts';

const nobodyMay = {
  authorizerClassName: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
};

const event = { specversion: '1.0', id: '1', source: '/', type: 't' };
const partition = { topic: 't', partition: 0 };

test.each([
  ['POST', '/produce', { topic: 't', value: 'x' }],
  ['POST', '/produce/t', { value: 'x' }],
  ['GET', '/produce/t/x', undefined],
  ['POST', '/webhook?topic=t', 'x'],
  ['POST', '/fetch', { ...partition, offset: 0 }],
  ['POST', '/consume/g/i', { topic: 't', timeout: 10 }],
  ['GET', '/consume/g/i/t', undefined],
  ['POST', '/commit/g/i', undefined],
  ['POST', '/delete-consumer/g/i', undefined],
  ['POST', '/committed/g/i', partition],
  ['POST', '/offsets/latest', partition],
])('Upstash: %s %s', async (method, path, body) => {
  await using kedge = new MemoryDoor(nobodyMay);
  const { status, json } = await kedge.ask(method, `/upstash${path}`, { body });
  expect({ status, json }).toEqual({
    status: 403,
    json: { error: expect.any(String), status: 403 },
  });
});

test('Upstash: lists are empty', async () => {
  await using kedge = new MemoryDoor(nobodyMay);
  expect((await kedge.ask('GET', '/upstash/topics')).json).toEqual({});
  expect((await kedge.ask('GET', '/upstash/consumers')).json).toEqual([]);
});

test.each([
  ['POST', '/t', event],
  ['OPTIONS', '/t', undefined],
  ['GET', '/t/partitions/0', undefined],
  ['GET', '/t/consumers/g/i', undefined],
  ['DELETE', '/t/consumers/g/i', undefined],
])('CloudEvents: %s %s', async (method, path, body) => {
  await using kedge = new MemoryDoor(nobodyMay);
  const type = 'application/cloudevents+json';
  const { status, json } = await kedge.ask(method, `/cloudevents${path}`, { body, type });
  expect(status).toBe(403);
  expect(json).toEqual({ error_code: 40301, message: expect.any(String) });
});
