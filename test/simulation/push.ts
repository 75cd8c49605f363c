/**
 * A subscription in the simulated world: a producer that writes now and then, a target that fails
 * now and then, and all the trouble that objects have. The surprise: what is checked of order is
 * the target's own view: whatever it is handed, it has taken all before it, or is handed it too.
 */
import { createGateway } from '../../src/broker/gateway.ts';
import type { Batch } from '../../src/core/push/messages.ts';
import type { Subscription } from '../../src/core/push/subscription.ts';
import type { Outcome } from '../../src/core/push/window.ts';
import { KafkaPushClient } from '../../src/fronts/push/kafka-client.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import type { Delivery } from '../../src/runtime/push/outside.ts';
import { SimulatedCluster } from './world/cluster.ts';
import { type Trouble, World } from './world/world.ts';

const partitions = 2;
/** Nothing takes longer: no alarm that is late, and no pause after a failure. */
const longestDelayMs = 300_000;
const somebody = { type: 'User', name: 'ANONYMOUS' };

export interface PushResult {
  /** Written and never taken. */
  readonly lost: readonly string[];
  /** Handed over too early. */
  readonly early: readonly string[];
  /** Taken far too late: nobody was woken for it. */
  readonly late: readonly string[];
  readonly written: number;
  readonly batches: number;
  /** How far the group's offsets are behind the ends. */
  readonly lag: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly crashPoints: number;
}

export interface PushOptions {
  readonly seed: number;
  /** How many records are written. */
  readonly records?: number;
  readonly trouble?: Trouble;
  readonly order?: Subscription['order'];
}

class Target {
  readonly taken = new Set<string>();
  /** By lane, what was handed over first, in order. */
  readonly early: string[] = [];
  /** Taken when all trouble that may have been in the way had passed for long. */
  readonly late: string[] = [];
  readonly writtenAt = new Map<string, number>();
  /** Value → what must have been taken before it. */
  readonly before = new Map<string, string | undefined>();
  batches = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async deliver({ messages }: Batch): Promise<Delivery> {
    this.batches++;
    const world = this.#world;
    const here = new Set(messages.map(({ body }) => `${body}`));
    for (const { body } of messages) {
      const before = this.before.get(`${body}`);
      if (before === undefined || this.taken.has(before) || here.has(before)) continue;
      this.early.push(`${body} before ${before}`);
    }
    await world.time.sleep(world.latency());
    const fails = !world.isHealed && world.random.chance(0.1);
    return { outcomes: messages.map(({ body }) => this.#outcome(`${body}`, fails)) };
  }

  #outcome(body: string, fails: boolean): Outcome {
    const { isHealed, random } = this.#world;
    if (fails || (!isHealed && random.chance(0.03))) {
      return { acked: false, error: 'it failed', delayMs: random.chance(0.5) ? null : 20 };
    }
    this.taken.add(body);
    const waited = this.#world.time.now - (this.writtenAt.get(body) ?? Number.POSITIVE_INFINITY);
    if (waited > longestDelayMs) this.late.push(`${body} after ${waited}`);
    return { acked: true };
  }
}

export async function simulatePush(options: PushOptions): Promise<PushResult> {
  const world = new World(options.seed, options.trouble);
  const { error, warn } = console;
  console.error = () => {};
  console.warn = () => {};
  try {
    return await world.time.run(() => play(world, options));
  } finally {
    Object.assign(console, { error, warn });
  }
}

async function play(world: World, options: PushOptions): Promise<PushResult> {
  const { records = 150, order = 'partition' } = options;
  const target = new Target(world);
  const cluster = new SimulatedCluster(world, {}, { numPartitions: partitions }, (_, batch) =>
    target.deliver(batch),
  );
  const client = () =>
    new KafkaPushClient(
      createGateway(cluster.objects(), defaultBrokerConfig, { open: true }),
      somebody,
    );
  const persistently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch {
        await world.time.sleep(200);
      }
    }
  };
  await persistently(() => makeTopic(cluster));
  await persistently(() => put(cluster, world, order));
  cluster.unleash();
  const written = new Set<string>();
  const last = new Map<string, string>();
  for (let number = 0; number < records; number++) {
    const key = `k${world.random.between(0, 4)}`;
    const value = `${key}:${number}`;
    target.before.set(value, last.get(key));
    last.set(key, value);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const record = { key: bytes(key), value: bytes(value), timestamp: world.time.clock };
    await persistently(() => client().produceAll('orders', [record]));
    written.add(value);
    target.writtenAt.set(value, world.time.now);
    if (number % 40 === 39) await persistently(() => pauseAndResume(cluster));
    // Now and then long enough for everything to fall asleep, and for a lost wake-up to show.
    const isLong = world.random.chance(0.05);
    await world.time.sleep(isLong ? longestDelayMs * 2 : world.random.delay(60));
  }
  world.heal();
  // Longer than any alarm that was late and any pause between two attempts.
  await world.time.sleep(longestDelayMs);
  return {
    lost: [...written].filter((value) => !target.taken.has(value)),
    early: target.early,
    late: target.late,
    written: written.size,
    batches: target.batches,
    lag: await persistently(() => client().backlog('orders', 'push')),
    faults: world.faults,
    crashPoints: world.crashPoints,
  };
}

async function makeTopic(cluster: SimulatedCluster): Promise<void> {
  const topic = { name: 'orders', numPartitions: partitions, replicationFactor: 1 };
  await cluster
    .objects()
    .controller()
    .call('createTopics', {
      topics: [{ ...topic, assignments: [], configs: [] }],
      validateOnly: false,
    });
}

async function put(cluster: SimulatedCluster, world: World, order: Subscription['order']) {
  const at = world.time.clock;
  const subscription: Subscription = {
    name: 'push',
    topics: ['orders'],
    target: { type: 'worker', binding: 'PUSH_TEST' },
    body: 'text',
    maxBatchSize: 5,
    maxBatchTimeoutMs: 100,
    maxRetries: 100,
    retryDelayMs: 50,
    maxRetryDelayMs: 1_000,
    deadLetterTopic: null,
    order,
    maxConcurrency: 5,
    partitionConcurrency: order === 'key' ? 3 : 1,
    principal: somebody,
    createdAt: at,
    updatedAt: at,
  };
  const { errorCode } = await cluster.objects().subscription('push').call('put', { subscription });
  if (errorCode !== 0) throw new Error(`put: ${errorCode}`);
}

async function pauseAndResume(cluster: SimulatedCluster): Promise<void> {
  await cluster.objects().subscription('push').call('pause', {});
  await cluster.objects().subscription('push').call('resume', {});
}
