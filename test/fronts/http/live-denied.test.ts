/** Streams asked for by somebody without rights: refused with a status, before there is a stream. */
import { expect, test } from 'vitest';
import { MemoryDoor } from './memory-door.ts';

const authorizerClassName = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';
const headers = { upgrade: 'websocket' };

test.each([
  '/sse/t',
  '/sse/t,u?offset=earliest',
  '/ws/reader/t',
  '/ws/producer/t',
  '/ws/consumer/t/g',
])('GET %s', async (path) => {
  await using kedge = new MemoryDoor({ authorizerClassName });
  const { status, json } = await kedge.ask('GET', path, { headers });
  expect({ status, json }).toEqual({
    status: 403,
    json: { error_code: 40301, message: expect.any(String) },
  });
});
