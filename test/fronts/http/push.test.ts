/** Push subscriptions over HTTP, and what is refused. */
import { describe, expect, it } from 'vitest';
import { MemoryDoor } from './memory-door.ts';

const worker = { type: 'worker', binding: 'PUSH_ORDERS' };
const good = { topics: ['orders'], target: worker };
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

async function withTopic(kedge: MemoryDoor): Promise<void> {
  const topic = { numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] };
  await kedge.objects.controller().call('createTopics', {
    topics: [{ ...topic, name: 'orders' }],
    validateOnly: false,
  });
}

const put = (kedge: MemoryDoor, body: unknown, name = 'push') =>
  kedge.ask('PUT', `/push/subscriptions/${name}`, { body, type: 'application/json' });

describe('a subscription over HTTP', () => {
  it('is made, shown, changed and deleted', async () => {
    await using kedge = new MemoryDoor();
    await withTopic(kedge);
    const made = await put(kedge, { ...good, max_retries: 7, order: 'key' });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      name: 'push',
      topics: ['orders'],
      target: worker,
      max_batch_size: 10,
      max_batch_timeout_ms: 5_000,
      max_retries: 7,
      dead_letter_topic: '{topic}.dlq',
      order: 'key',
      principal: 'User:ANONYMOUS',
      state: 'running',
    });
    expect((await put(kedge, good)).status).toBe(200);
    const { json } = await kedge.ask('GET', '/push/subscriptions');
    expect(json.subscriptions).toMatchObject([{ name: 'push', max_retries: 3 }]);
    for (const [state, action] of [
      ['paused', 'pause'],
      ['running', 'resume'],
    ]) {
      expect((await kedge.ask('POST', `/push/subscriptions/push/${action}`)).status).toBe(204);
      expect((await kedge.ask('GET', '/push/subscriptions/push')).json.state).toBe(state);
    }
    expect((await kedge.ask('DELETE', '/push/subscriptions/push')).status).toBe(204);
    expect((await kedge.ask('GET', '/push/subscriptions')).json).toEqual({ subscriptions: [] });
  });

  it('begins where it is told, in partitions of which its group has committed nothing', async () => {
    await using kedge = new MemoryDoor();
    await withTopic(kedge);
    const type = 'application/vnd.kafka.json.v2+json';
    const records = [0, 1].flatMap((partition) => [1, 2, 3].map((value) => ({ value, partition })));
    await kedge.ask('POST', '/rest/topics/orders', { body: { records }, type });
    const committed = async (group: string) => {
      const { topics } = await kedge.objects.group(group).call('fetchOffsets', {
        groupId: group,
        memberId: null,
        memberEpoch: -1,
        topics: null,
        requireStable: false,
      } as never);
      const [{ partitions }] = topics;
      return partitions.map(({ committedOffset }) => committedOffset);
    };
    const paused = { offsets: [{ topic: 'orders', partition: 1, offset: 2 }] };
    await put(kedge, { ...good, start: paused }, 'given');
    expect(await committed('given')).toEqual([0, 2]);
    await put(kedge, { ...good, start: 'latest' }, 'end');
    expect(await committed('end')).toEqual([3, 3]);
    await put(kedge, { ...good, start: { timestamp: 9e14 } }, 'future');
    expect(await committed('future')).toEqual([3, 3]);
    await put(kedge, { ...good, start: { timestamp: 0 } }, 'past');
    expect(await committed('past')).toEqual([0, 0]);
    await put(kedge, { ...good, start: 'latest' }, 'given');
    expect(await committed('given')).toEqual([0, 2]);
  });

  it.each([
    [undefined, 422],
    ['nonsense', 400],
    [[], 400],
    [{}, 422],
    [{ ...good, topics: [] }, 422],
    [{ ...good, topics: 'orders' }, 400],
    [{ ...good, topics: ['nowhere'] }, 404],
    [{ ...good, target: { type: 'pigeon' } }, 422],
    [{ ...good, target: { ...worker, url: 'https://x.example' } }, 422],
    [{ ...good, target: { type: 'webhook', url: 'https://x.example' } }, 422],
    [{ ...good, target: { type: 'webhook', url: 'https://x.example', secrets: ['x'] } }, 422],
    [{ ...good, max_batch_size: 0 }, 422],
    [{ ...good, max_batch_size: 101 }, 422],
    [{ ...good, max_batch_size: '10' }, 400],
    [{ ...good, max_batch_timeout_ms: 60_001 }, 422],
    [{ ...good, max_retries: 101 }, 422],
    [{ ...good, order: 'random' }, 422],
    [{ ...good, partition_concurrency: 2 }, 422],
    [{ ...good, start: 'middle' }, 422],
    [{ ...good, start: { timestamp: 1, offsets: [] } }, 422],
    [{ ...good, filters: [] }, 422],
  ])('is not made of %j', async (body, expected) => {
    await using kedge = new MemoryDoor();
    await withTopic(kedge);
    const { status, json } = await put(kedge, body);
    expect([status, typeof json.error_code, typeof json.message]).toEqual([
      expected,
      'number',
      'string',
    ]);
    expect((await kedge.ask('GET', '/push/subscriptions')).json.subscriptions).toEqual([]);
  });

  it('never shows a secret', async () => {
    await using kedge = new MemoryDoor();
    await withTopic(kedge);
    const target = { type: 'webhook', url: 'https://x.example/', secrets: [secret] };
    const answers = [
      await put(kedge, { ...good, target }),
      await kedge.ask('GET', '/push/subscriptions'),
      await kedge.ask('GET', '/push/subscriptions/push'),
      await put(kedge, { ...good, target: { ...target, secrets: [secret, 'whsec_c2hvcnQ='] } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 422]);
    for (const { text } of answers) expect(text).not.toContain('whsec_Bw');
  });

  it('has names as topics have them', async () => {
    await using kedge = new MemoryDoor();
    await withTopic(kedge);
    for (const name of ['a%20b', '%2e', 'x'.repeat(201), 'caf%C3%A9']) {
      expect((await put(kedge, good, name)).status, name).toBeGreaterThanOrEqual(400);
    }
    expect((await put(kedge, good, 'a.b-c_D9')).status).toBe(201);
  });

  it('that does not exist is not found', async () => {
    await using kedge = new MemoryDoor();
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
    ]) {
      const { status, json } = await kedge.ask(method, `/push/subscriptions/nobody${path}`);
      expect([status, json.error_code]).toEqual([404, 404]);
    }
    expect((await kedge.ask('PATCH', '/push/subscriptions/nobody')).status).toBe(405);
    expect((await kedge.ask('GET', '/push/elsewhere')).status).toBe(404);
  });
});
