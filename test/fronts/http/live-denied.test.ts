/** Streams asked for by somebody without rights: refused with a status, before one begins. */
import { expect, test } from 'vitest';
import { allowing } from '../../broker/authorization/guarded-cluster.ts';
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

test.each([
  ['DESCRIBE', 403],
  ['READ', 200],
] as const)('a topic that one may %s: %i', async (right, expected) => {
  await using kedge = new MemoryDoor({ authorizerClassName });
  const controller = kedge.objects.controller();
  const topic = { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await controller.call('createTopics', { topics: [topic], validateOnly: false });
  const acl = allowing([right, 'TOPIC', 't'], { principal: 'User:ANONYMOUS' });
  await controller.call('createAcls', { acls: [acl] });
  expect((await kedge.ask('GET', '/sse/t?maxAgeMs=1')).status).toBe(expected);
});
