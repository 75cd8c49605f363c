import { describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../../src/core/push/messages.ts';
import type { Outcome } from '../../../src/core/push/window.ts';
import { PushCluster } from './push-cluster.ts';

const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000 });
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
    expect(cluster.bodies()).toEqual(['0', '1', '2', '3', '2', '4', '2', '5']);
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
});
