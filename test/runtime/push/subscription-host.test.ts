import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/core/push/messages.ts';
import type { Outcome } from '../../../src/core/push/window.ts';
import { allowing } from '../../broker/authorization/guarded-cluster.ts';
import { until } from '../../until.ts';
import { PushCluster } from './push-cluster.ts';

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`);
/** Takes all but what is chosen. */
const but =
  (isRefused: (body: unknown, attempts: number) => boolean, delayMs: number | null = null) =>
  ({ messages }: Batch) => ({
    outcomes: messages.map(
      ({ body, attempts }): Outcome =>
        isRefused(body, attempts) ? { acked: false, error: 'not now', delayMs } : { acked: true },
    ),
  });

describe('a subscription', () => {
  it('delivers what is there and what comes, in order, and commits it', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(numbers(0, 25));
    expect(await cluster.put()).toMatchObject({ errorCode: 0, created: true });
    await until(() => expect(cluster.bodies()).toEqual(numbers(0, 25)));
    expect(cluster.batches.map(({ messages }) => messages.length)).toEqual([10, 10, 5]);
    await until(async () => expect(await cluster.committed()).toBe(25));
    await cluster.send(numbers(25, 27));
    await until(() => expect(cluster.bodies()).toEqual(numbers(0, 27)));
    await until(async () => expect(await cluster.committed()).toBe(27));
    const { partitions, state, lastError } = await cluster.describe();
    expect([state, lastError]).toEqual(['running', null]);
    expect(partitions).toMatchObject([{ topic: 'orders', position: 27, inFlight: 0 }]);
  });

  it('waits for a batch to be full, or for as long as it may', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.put({ maxBatchSize: 4, maxBatchTimeoutMs: 400 });
    await until(async () => expect((await cluster.describe()).partitions).toHaveLength(1));
    await cluster.send(['a', 'b']);
    await cluster.send(['c']);
    await cluster.send(['d', 'e']);
    await until(() => expect(cluster.bodies()).toEqual(['a', 'b', 'c', 'd', 'e']));
    expect(cluster.batches.map(({ messages }) => messages.length)).toEqual([4, 1]);
  });

  it('holds up a partition behind a record that is retried, and buries it in the end', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(numbers(0, 6));
    cluster.deliver = but((body) => body === '2');
    await cluster.put({ maxBatchSize: 2, maxRetries: 2 });
    await until(() => expect(cluster.bodies().at(-1)).toBe('5'));
    expect(cluster.bodies()).toEqual(['0', '1', '2', '3', '2', '2', '4', '5']);
    await until(async () => expect(await cluster.committed()).toBe(6));
    const [dead] = await cluster.read('orders.dlq');
    expect(dead).toEqual({
      value: '2',
      headers: {
        '__connect.errors.topic': 'orders',
        '__connect.errors.partition': '0',
        '__connect.errors.offset': '2',
        '__connect.errors.connector.name': 'push',
        '__connect.errors.task.id': '0',
        '__connect.errors.stage': 'TASK_PUT',
        '__connect.errors.exception.message': 'not now',
        'kedge.push.attempts': '3',
      },
    });
  });

  it('lets other keys pass in order by key, several batches at a time', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    const bytes = (text: string) => new TextEncoder().encode(text);
    const keyOf = (body: unknown) => Number(body) % 12;
    await cluster.send(
      numbers(0, 60).map((n) => ({ key: bytes(`k${keyOf(n)}`), value: bytes(n), timestamp: 0 })),
    );
    let atOnce = 0;
    let most = 0;
    cluster.deliver = async (batch) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce--;
      return but((body, attempts) => body === '3' && attempts < 3, 30)(batch);
    };
    await cluster.put({ order: 'key', partitionConcurrency: 3, maxBatchSize: 4 });
    await until(async () => expect(await cluster.committed()).toBe(60));
    expect(most).toBe(3);
    for (let key = 0; key < 12; key++) {
      const those = cluster.bodies().filter((body) => keyOf(body) === key);
      const all = numbers(0, 60).filter((n) => keyOf(n) === key);
      expect(those).toEqual(key === 3 ? ['3', '3', ...all] : all);
    }
    expect(cluster.bodies().indexOf('16')).toBeLessThan(cluster.bodies().lastIndexOf('3'));
  });

  it('buries at once what is not JSON where JSON is expected', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(['1', '{', '3']);
    await cluster.put({ body: 'json' });
    await until(() => expect(cluster.bodies()).toEqual([1, 3]));
    await until(async () => expect(await cluster.read('orders.dlq')).toHaveLength(1));
    const [{ value, headers }] = await cluster.read('orders.dlq');
    expect(value).toBe('{');
    expect(headers['__connect.errors.stage']).toBe('VALUE_CONVERTER');
    expect(headers['kedge.push.attempts']).toBe('0');
  });

  it('drops what failed too often where there is no dead-letter topic', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(['a', 'b']);
    cluster.deliver = but((body) => body === 'a');
    await cluster.put({ maxRetries: 0, deadLetterTopic: null, maxBatchSize: 1 });
    await until(() => expect(cluster.bodies()).toEqual(['a', 'b']));
    await until(async () => expect(await cluster.committed()).toBe(2));
    expect(await cluster.topicId('orders.dlq')).toBe('AAAAAAAAAAAAAAAAAAAAAA');
  });

  it('goes on from the offsets that were set while it was paused', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(['a', 'b', 'c']);
    await cluster.put();
    await until(async () => expect(await cluster.committed()).toBe(3));
    const stub = cluster.objects.subscription('push');
    await stub.call('pause', {});
    await cluster.send(['d']);
    const topicId = await cluster.topicId('orders');
    await cluster.objects.group('push').call('commitOffsets', {
      groupId: 'push',
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      namesMissingGroup: true,
      topics: [
        {
          name: 'orders',
          topicId,
          partitions: [
            { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, metadata: null },
          ],
        },
      ],
    });
    expect(cluster.bodies()).toEqual(['a', 'b', 'c']);
    await stub.call('resume', {});
    await until(() => expect(cluster.bodies()).toEqual(['a', 'b', 'c', 'b', 'c', 'd']));
    await until(async () => expect(await cluster.committed()).toBe(4));
  });

  it('is paused when nothing is in flight any more', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(numbers(0, 3));
    const answer = Promise.withResolvers<void>();
    cluster.deliver = async (batch) => {
      await answer.promise;
      return but(() => false)(batch);
    };
    await cluster.put({ maxBatchSize: 1 });
    await until(() => expect(cluster.batches).toHaveLength(1));
    let isPaused = false;
    const paused = cluster.objects.subscription('push').call('pause', {});
    void paused.then(() => {
      isPaused = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isPaused).toBe(false);
    expect((await cluster.describe()).partitions[0]).toMatchObject({ inFlight: 1, position: 0 });
    answer.resolve();
    await paused;
    expect([cluster.batches.length, await cluster.committed()]).toEqual([1, 1]);
  });

  it('finds partitions that are added, and a topic that is made anew', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.put({ topics: ['orders', 'later'] });
    await until(async () => expect((await cluster.describe()).partitions).toHaveLength(1));
    await cluster.addPartitions('orders', 2);
    await until(async () => expect((await cluster.describe()).partitions).toHaveLength(2));
    await cluster.send(['new'], 'orders', 1);
    await until(() => expect(cluster.bodies(1)).toEqual(['new']));
    await cluster.makeTopic('later');
    await cluster.send(['first'], 'later');
    await until(() => expect(cluster.messages.map(({ body }) => body)).toContain('first'));
    await cluster.objects.controller().call('deleteTopics', {
      topics: [{ name: 'later', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    });
    await cluster.makeTopic('later');
    await cluster.send(['second'], 'later');
    await until(() => expect(cluster.messages.at(-1)?.body).toBe('second'));
    expect((await cluster.describe()).partitions).toHaveLength(3);
  });

  it('goes on where the log begins when retention was faster', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(['a', 'b', 'c']);
    const topicId = await cluster.topicId('orders');
    const spec = { topicId, topic: 'orders', partition: 0, configs: {} };
    await cluster.objects.partition(topicId, 0).call('deleteRecords', { spec, offset: 2 });
    await cluster.put();
    await until(() => expect(cluster.bodies()).toEqual(['c']));
    await until(async () => expect(await cluster.committed()).toBe(3));
  });

  it('counts no attempt while its target is not there, and says why', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.send(['a']);
    let isThere = false;
    cluster.deliver = (batch) =>
      isThere ? but(() => false)(batch) : { misconfigured: 'no such binding' };
    await cluster.put({ maxRetries: 0 });
    await until(async () => {
      expect((await cluster.describe()).lastError?.message).toBe('no such binding');
    });
    isThere = true;
    await cluster.put({ maxRetries: 0, updatedAt: 1 });
    await until(async () => expect(await cluster.committed()).toBe(1));
    expect(cluster.messages.at(-1)?.attempts).toBe(1);
  });

  it('delivers nothing of a transaction that is aborted or open', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.put();
    const topicId = await cluster.topicId('orders');
    const partition = cluster.objects.partition(topicId, 0);
    await until(async () => expect((await cluster.describe()).partitions).toHaveLength(1));
    const marker = { producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, transactionNumber: 1 };
    await partition.call('writeMarker', { marker: { ...marker, committed: false } as never });
    await cluster.send(['after']);
    await until(() => expect(cluster.bodies()).toEqual(['after']));
    await until(async () => expect(await cluster.committed()).toBeGreaterThan(0));
  });

  it('costs nothing while it is idle, and one call to be woken', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.put({ maxBatchTimeoutMs: 0 });
    await cluster.send(['a']);
    await until(async () => expect(await cluster.committed()).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const meter = cluster.objects.meters.get('subscription push')!;
    const before = meter.usage.requests;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(meter.usage.requests).toEqual(before);
    await cluster.send(['b', 'c', 'd']);
    await until(async () => expect(await cluster.committed()).toBe(4));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { call, alarm } = meter.usage.requests;
    expect([call - before.call, alarm - before.alarm]).toEqual([1, 1]);
  });

  it('is gone when it is deleted, for partitions, too', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic();
    await cluster.put();
    await until(async () => expect((await cluster.describe()).partitions).toHaveLength(1));
    await cluster.objects.subscription('push').call('delete', {});
    await cluster.send(['a']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(cluster.batches).toEqual([]);
    expect(await cluster.describe()).toBeNull();
    const { names } = await cluster.objects.controller().call('listSubscriptions', {});
    expect(names).toEqual([]);
  });

  it('acts as the user who made it, and may do what that user may do', async () => {
    const authorizerClassName = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';
    const ada = { type: 'User', name: 'ada' };
    const grant = (cluster: PushCluster, ...rights: Parameters<typeof allowing>[0][]) =>
      cluster.objects.controller().call('createAcls', {
        acls: rights.map((right) => allowing(right, { principal: 'User:ada' })),
      });
    using denied = new PushCluster({ config: { authorizerClassName } });
    await denied.makeTopic();
    await denied.send(['a']);
    await grant(denied, ['READ', 'GROUP', 'push'], ['DESCRIBE', 'TOPIC', 'orders']);
    await denied.put({ principal: ada });
    await until(async () => {
      expect((await denied.describe()).lastError?.message).toMatch(/AUTHORIZATION_FAILED/);
    });
    expect(denied.batches).toEqual([]);
    using allowed = new PushCluster({ config: { authorizerClassName } });
    await allowed.makeTopic();
    await allowed.send(['a']);
    await grant(allowed, ['READ', 'GROUP', 'push'], ['READ', 'TOPIC', 'orders']);
    await allowed.put({ principal: ada });
    await until(() => expect(allowed.bodies()).toEqual(['a']));
  });

  it('has every partition have its turn, however much there is to do', async () => {
    using cluster = new PushCluster();
    await cluster.makeTopic('orders', 3);
    for (const partition of [0, 1, 2]) await cluster.send(numbers(0, 100), 'orders', partition);
    await cluster.put({ maxConcurrency: 1, maxBatchSize: 1 });
    await until(() => expect(cluster.batches).toHaveLength(300));
    const turns = cluster.batches.map(({ partition }) => partition);
    expect([turns.slice(0, 20), turns.slice(20, 40), turns.slice(40, 60)]).toEqual([
      Array(20).fill(turns[0]),
      Array(20).fill(turns[20]),
      Array(20).fill(turns[40]),
    ]);
    expect(new Set([turns[0], turns[20], turns[40]]).size).toBe(3);
    for (const partition of [0, 1, 2]) expect(cluster.bodies(partition)).toEqual(numbers(0, 100));
  });
});
