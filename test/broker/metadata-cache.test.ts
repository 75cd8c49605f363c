import { describe, expect, it } from 'vitest';
import {
  ClusterMemory,
  maxAgeMs,
  metadataCache,
  recentMs,
} from '../../src/broker/metadata-cache.ts';
import type { ClusterCalls, TopicView } from '../../src/core/cluster/commands.ts';
import type { Objects } from '../../src/runtime/stubs.ts';
import { Weather } from '../../src/runtime/weather.ts';

const view = (name: string, topicId: string, partitions = 1): TopicView => ({
  name,
  topicId,
  partitions,
  configs: {},
});

/** A controller with these topics, a clock, and gateways' views of one shared memory. */
class World {
  readonly topics = new Map<string, TopicView>();
  readonly memory = new ClusterMemory();
  asked: ClusterCalls['getTopics']['command'][] = [];
  now = 1_000_000;
  stormy = false;
  /** When set, answers wait for it, and are as the topics were before. */
  gate: Promise<void> | undefined;

  readonly objects = {
    controller: () => ({
      call: async (_kind: string, command: ClusterCalls['getTopics']['command']) => {
        this.asked.push(command);
        if (this.stormy) throw new Weather(new Error('moving'));
        const { names, topicIds } = command;
        const topics = [...this.topics.values()].filter(
          ({ name, topicId }) =>
            (names === null && topicIds === null) ||
            names?.includes(name) ||
            topicIds?.includes(topicId),
        );
        await this.gate;
        return { clusterId: 'cluster', topics, quotas: 0 };
      },
    }),
  } as unknown as Objects;

  constructor(...topics: TopicView[]) {
    for (const topic of topics) this.topics.set(topic.name, topic);
  }

  connect() {
    return metadataCache(this.memory, this.objects, () => this.now);
  }
}

const orders = view('orders', 'id-1');

describe('a topic', () => {
  it('is looked up once and then known to every connection of the isolate', async () => {
    const world = new World(orders);
    expect(await world.connect().topic('orders')).toEqual(orders);
    expect(await world.connect().topic('orders')).toEqual(orders);
    expect(await world.connect().topicById('id-1')).toEqual(orders);
    expect(world.asked).toHaveLength(1);
  });

  it('that is missing is looked up every time', async () => {
    const world = new World();
    const cache = world.connect();
    expect(await cache.topic('orders')).toBeUndefined();
    world.topics.set('orders', orders);
    expect(await cache.topic('orders')).toEqual(orders);
    expect(await cache.topicById('id-2')).toBeUndefined();
    expect(await cache.topicById('id-2')).toBeUndefined();
    expect(world.asked).toHaveLength(4);
  });

  it('is looked up once by a connection that asks many times at once', async () => {
    const world = new World(orders);
    const cache = world.connect();
    const found = await Promise.all([1, 2, 3].map(() => cache.topic('orders')));
    expect(found).toEqual([orders, orders, orders]);
    expect(world.asked).toHaveLength(1);
  });

  it('is never awaited from another connection', async () => {
    const world = new World(orders);
    const stuck = Promise.withResolvers<void>();
    world.gate = stuck.promise;
    const first = world.connect().topic('orders');
    world.gate = undefined;
    expect(await world.connect().topic('orders')).toEqual(orders);
    stuck.resolve();
    expect(await first).toEqual(orders);
    expect(world.asked).toHaveLength(2);
  });

  it('is asked for again when it is old, but served old in bad weather', async () => {
    const world = new World(orders);
    const cache = world.connect();
    await cache.topic('orders');
    world.now += maxAgeMs;
    world.stormy = true;
    expect(await cache.topic('orders')).toEqual(orders);
    await expect(cache.topic('other')).rejects.toBeInstanceOf(Weather);
    world.stormy = false;
    world.topics.set('orders', { ...orders, configs: { 'retention.ms': '1' } });
    expect(await cache.topic('orders')).toMatchObject({ configs: { 'retention.ms': '1' } });
  });

  it('of the same name with another id takes its place', async () => {
    const world = new World(orders);
    const cache = world.connect();
    await cache.topic('orders');
    cache.forget('orders');
    world.topics.set('orders', view('orders', 'id-2'));
    expect(await cache.topic('orders')).toMatchObject({ topicId: 'id-2' });
    expect(await cache.topicById('id-1')).toBeUndefined();
    expect(await cache.topicById('id-2')).toMatchObject({ name: 'orders' });
  });

  it('that was learned meanwhile is not overwritten by an older answer', async () => {
    const world = new World(orders);
    const cache = world.connect();
    const stuck = Promise.withResolvers<void>();
    world.gate = stuck.promise;
    const old = [cache.topic('orders'), cache.topic('fresh'), cache.topics()];
    world.now++;
    cache.learn([view('orders', 'id-1', 5), view('fresh', 'id-3')]);
    stuck.resolve();
    await Promise.all(old);
    expect(await cache.topic('orders')).toMatchObject({ partitions: 5 });
    expect(await cache.topic('fresh')).toMatchObject({ topicId: 'id-3' });
    expect(world.asked).toHaveLength(3);
  });
});

describe('what Metadata answers', () => {
  it('is at most a second old', async () => {
    const world = new World(orders, view('events', 'id-2'));
    const cache = world.connect();
    expect([...(await cache.recent(['orders', 'events', 'nobody'])).keys()]).toEqual([
      'orders',
      'events',
    ]);
    world.topics.delete('orders');
    world.now += recentMs - 1;
    expect(await cache.recent(['orders'])).toHaveProperty('size', 1);
    world.now += 1;
    expect(await cache.recent(['orders'])).toHaveProperty('size', 0);
    expect(await cache.recentById(['id-1', 'id-2'])).toEqual(
      new Map([['id-2', view('events', 'id-2')]]),
    );
  });

  it('is older in bad weather, as long as everything asked for is known', async () => {
    const world = new World(orders);
    const cache = world.connect();
    await expect(cache.topics()).resolves.toHaveLength(1);
    world.now += recentMs;
    world.stormy = true;
    expect(await cache.topics()).toEqual([orders]);
    expect((await cache.recent(['orders'])).get('orders')).toEqual(orders);
    expect((await cache.recentById(['id-1'])).get('id-1')).toEqual(orders);
    await expect(cache.recent(['orders', 'unknown'])).rejects.toBeInstanceOf(Weather);
    await expect(cache.recentById(['id-9'])).rejects.toBeInstanceOf(Weather);
    const stranger = metadataCache(new ClusterMemory(), world.objects, () => world.now);
    await expect(stranger.topics()).rejects.toBeInstanceOf(Weather);
  });

  it('asks for all that is missing in one call', async () => {
    const world = new World(orders);
    await world.connect().recent(['orders', 'a', 'b']);
    expect(world.asked).toEqual([{ names: ['orders', 'a', 'b'], topicIds: [] }]);
  });

  it('lists every topic, and what is gone is forgotten', async () => {
    const world = new World(orders, view('events', 'id-2'));
    const cache = world.connect();
    expect(await cache.topics()).toHaveLength(2);
    world.topics.delete('orders');
    expect(await cache.topics()).toHaveLength(2);
    world.now += recentMs;
    expect(await cache.topics()).toEqual([view('events', 'id-2')]);
    expect(world.asked).toHaveLength(2);
    expect(await cache.topic('events')).toBeDefined();
    expect(world.asked).toHaveLength(2);
  });

  it('is the truth of this moment after a refresh', async () => {
    const world = new World(orders);
    const cache = world.connect();
    await cache.topic('orders');
    world.topics.set('orders', { ...orders, partitions: 9 });
    expect((await cache.refresh(['orders', 'x'])).get('orders')).toMatchObject({ partitions: 9 });
    world.topics.clear();
    expect(await cache.refresh(['orders'])).toHaveProperty('size', 0);
    expect(await cache.topic('orders')).toBeUndefined();
    expect(await cache.refresh([])).toHaveProperty('size', 0);
  });

  it('knows the cluster id after any answer', async () => {
    const world = new World(orders);
    const cache = world.connect();
    expect(await cache.clusterId()).toBe('cluster');
    expect(world.asked).toEqual([{ names: [], topicIds: [] }]);
    expect(await world.connect().clusterId()).toBe('cluster');
    expect(world.asked).toHaveLength(1);
  });
});
