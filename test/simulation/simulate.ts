/**
 * One seed, from beginning to end: a cluster, clients and trouble for a while; then everything
 * heals, whoever lives finishes, all is read and checked. The surprise: the same seed gives the
 * same history to the last byte, told by its hash, so that what a seed found can be looked at
 * again.
 */
import { createHash } from 'node:crypto';
import { castOf, type Life, type Role } from './cast.ts';
import { type Anomaly, check, isAllowed } from './checker/check.ts';
import type { History } from './checker/history.ts';
import { churn, churnTrouble } from './churn/churn.ts';
import { AssignedConsumer } from './clients/assigned-consumer.ts';
import { Client, Crashed, type SimulatedTopic, type Surroundings } from './clients/client.ts';
import { OffsetKeeper } from './clients/offset-keeper.ts';
import { PlainProducer } from './clients/producers.ts';
import { Recorder } from './clients/recorder.ts';
import { deleteTopic, makeTopics } from './clients/topics.ts';
import { isChurn, minutesOf, type Workload } from './workloads.ts';
import { SimulatedCluster } from './world/cluster.ts';
import type { Sabotage } from './world/kinds.ts';
import { type Trouble, troubleOf, World } from './world/world.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** How long trouble lasts, in minutes of the simulated world. */
  readonly minutes?: number;
  readonly trouble?: Trouble;
  readonly workload?: Workload;
  /** A planted bug. */
  readonly sabotage?: Sabotage;
}

export interface SimulationResult {
  readonly seed: number;
  readonly history: History;
  /** What must not be. */
  readonly anomalies: readonly Anomaly[];
  /** Bugs the broker itself met, and clients that were answered nonsense. */
  readonly bugs: readonly string[];
  readonly worstRealtimeLagMs: number;
  /** Of the whole history. */
  readonly hash: string;
  readonly events: number;
  /** At how many points an object could have crashed. */
  readonly crashPoints: number;
  /** Faults and refusals, by kind. */
  readonly faults: ReadonlyMap<string, number>;
}

const topics: readonly SimulatedTopic[] = [
  { name: 'orders', partitions: 2 },
  { name: 'events', partitions: 1 },
  { name: 'copies', partitions: 2 },
  { name: 'drafts', partitions: 1, fleeting: true },
  { name: 'trail', partitions: 1, trimmed: true },
  { name: 'latest', partitions: 1, compacted: true },
];

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed } = options;
  const { workload = 'mixed' } = options;
  const world = new World(seed, options.trouble, isChurn(workload) ? churnTrouble : troubleOf);
  const recorder = new Recorder(() => world.time.now);
  const bugs: string[] = [];
  const restore = listenForBugs(bugs);
  try {
    await world.time.run(() => play(world, recorder, bugs, options));
  } catch (error) {
    bugs.push(`the simulation ended early: ${textOf(error)}`);
  } finally {
    restore();
  }
  const { history } = recorder;
  const { anomalies, worstRealtimeLagMs } = check(history, world.calmFrom);
  return {
    seed,
    history,
    anomalies: anomalies.filter((anomaly) => !isAllowed(anomaly)),
    bugs,
    worstRealtimeLagMs,
    hash: createHash('sha256').update(JSON.stringify(history)).digest('hex').slice(0, 16),
    events: world.time.events,
    crashPoints: world.crashPoints,
    faults: world.faults,
  };
}

const protocols = {
  'churn-classic': 'classic',
  'churn-consumer': 'consumer',
  'churn-share': 'share',
} as const;

function play(
  world: World,
  recorder: Recorder,
  bugs: string[],
  options: SimulationOptions,
): Promise<void> {
  const { workload = 'mixed', minutes = minutesOf(workload), sabotage } = options;
  if (!isChurn(workload)) {
    const transactionsOnly = workload === 'transactions';
    return liveAndHeal(world, recorder, bugs, { minutes, transactionsOnly, sabotage });
  }
  const protocol = protocols[workload];
  return churn(world, recorder, bugs, { protocol, minutes, sabotage });
}

interface Mixed {
  readonly minutes: number;
  readonly transactionsOnly: boolean;
  readonly sabotage: Sabotage | undefined;
}

async function liveAndHeal(
  world: World,
  recorder: Recorder,
  bugs: string[],
  { minutes, transactionsOnly, sabotage }: Mixed,
): Promise<void> {
  const cluster = new SimulatedCluster(world, sabotage);
  let windingDown = false;
  let values = 0;
  const around: Surroundings = {
    world,
    cluster,
    recorder,
    topics,
    newValue: () => `v${values++}`,
    isWindingDown: () => windingDown,
  };
  const { trouble } = world;
  const admin = new Client(around, 'admin');
  await makeTopics(admin);
  cluster.unleash();
  const lives = castOf(world.random.fork('cast'), transactionsOnly).map((role) =>
    liveAgainAndAgain(role, around, bugs),
  );
  await world.time.sleep(minutes * 60_000);
  windingDown = true;
  await world.time.sleep(trouble.messageMs);
  world.heal();
  // Whoever waits for a topic that was deleted last shall have it.
  await makeTopics(admin);
  await Promise.all(lives);
  // Longer than any session, silent line or alarm that was late.
  await world.time.sleep(180_000);
  world.calmFrom = world.time.now;
  await makeTopics(admin);
  await renewTopics(around, admin);
  await new AssignedConsumer(around, 'final').readEverything();
}

/** Makes topics anew that every gateway remembers, and writes to them when nothing may linger. */
async function renewTopics(around: Surroundings, admin: Client): Promise<void> {
  const fleeting = around.topics.filter((topic) => topic.fleeting);
  const write = async (process: string) => {
    for (let i = 0; i < 4; i++) await new PlainProducer(around, `${process}.${i}`).sendOnceToEach();
  };
  await write('before');
  await new OffsetKeeper(around, 'offsets.0').commitEverywhere(1);
  for (const topic of fleeting) await deleteTopic(admin, topic);
  await makeTopics(admin, fleeting);
  await around.world.time.sleep(12_000);
  await write('after');
  for (let i = 1; i < 4; i++) await new OffsetKeeper(around, `offsets.${i}`).askEverywhere();
  await new OffsetKeeper(around, 'offsets.4').commitEverywhere(2);
  for (let i = 5; i < 8; i++) await new OffsetKeeper(around, `offsets.${i}`).askEverywhere();
}

/** Each life ends with a crash, but the last; or the next one begins while it goes on. */
async function liveAgainAndAgain(
  { name, leavesZombies, create }: Role,
  around: Surroundings,
  bugs: string[],
): Promise<void> {
  const { world } = around;
  const lives: Promise<void>[] = [];
  for (let life = 0; !around.isWindingDown(); life++) {
    const one = create(around, `${name}.${life}`);
    const isOver = Promise.withResolvers<void>();
    const { clientCrashEveryMs } = world.trouble;
    if (Number.isFinite(clientCrashEveryMs)) {
      world.time.after(world.random.delay(clientCrashEveryMs), () => {
        if (world.isHealed) return;
        const survives = leavesZombies === true && world.random.chance(0.5);
        world.count(survives ? 'zombie' : 'clientCrash');
        if (survives) isOver.resolve();
        else one.crash();
      });
    }
    const lived = live(one, `${name}.${life}`, bugs);
    lives.push(lived);
    await Promise.race([lived, isOver.promise]);
    if (!around.isWindingDown()) await world.time.sleep(world.random.delay(500));
  }
  await Promise.all(lives);
}

async function live(one: Life, process: string, bugs: string[]): Promise<void> {
  try {
    await one.live();
  } catch (error) {
    if (!(error instanceof Crashed)) bugs.push(`${process}: ${textOf(error)}`);
  }
}

/** Errors that faults bring about; everything else the broker complains of is a bug. */
const expected = /partition lost a write|the object restarted/;

function listenForBugs(bugs: string[]): () => void {
  const { error } = console;
  console.error = (...words: unknown[]) => {
    const text = words.map(textOf).join(' ');
    if (!expected.test(text)) bugs.push(text);
  };
  return () => {
    console.error = error;
  };
}

function textOf(thing: unknown): string {
  if (thing instanceof Error) return thing.stack ?? thing.message;
  return typeof thing === 'string' ? thing : JSON.stringify(thing);
}
