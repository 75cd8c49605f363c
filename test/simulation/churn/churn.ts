/**
 * Ten minutes in the life of a group whose members join, leave, crash and stall, while topics come,
 * go and grow and all the trouble of a simulated world befalls the cluster; then everybody is left
 * in peace. The surprise: what is to be shown comes last: the group finds its rest, and nothing is
 * left unread.
 */
import { createPartitions } from '../../../src/protocol/apis/create-partitions.ts';
import { leaveGroup } from '../../../src/protocol/apis/leave-group.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { AssignedConsumer } from '../clients/assigned-consumer.ts';
import { Client, type SimulatedTopic, type Surroundings } from '../clients/client.ts';
import { PlainProducer } from '../clients/producers.ts';
import type { Recorder } from '../clients/recorder.ts';
import { deleteTopic, makeTopics } from '../clients/topics.ts';
import { SimulatedCluster } from '../world/cluster.ts';
import type { Sabotage } from '../world/kinds.ts';
import type { Random } from '../world/random.ts';
import { type Trouble, troubleOf, type World } from '../world/world.ts';
import { type Protocol, planOf } from './plans.ts';
import { settle } from './settling.ts';
import { shareRules } from './share-rules.ts';
import { Slot } from './slot.ts';

export interface ChurnOptions {
  readonly protocol: Protocol;
  readonly minutes: number;
  readonly sabotage?: Sabotage | undefined;
}

const group = 'churning';

/** Less of it at a time than in a world that lasts half a minute. */
export function churnTrouble(random: Random): Trouble {
  const trouble = troubleOf(random);
  return {
    ...trouble,
    cutConnection: trouble.cutConnection / 4,
    evictEveryMs: trouble.evictEveryMs * 5,
    deployEveryMs: trouble.deployEveryMs * 5,
    clockJumpEveryMs: trouble.clockJumpEveryMs * 5,
  };
}

interface Growing extends SimulatedTopic {
  partitions: number;
}

export async function churn(
  world: World,
  recorder: Recorder,
  bugs: string[],
  { protocol, minutes, sabotage }: ChurnOptions,
): Promise<void> {
  const cluster = new SimulatedCluster(world, sabotage, {
    groupConsumerSessionTimeoutMs: 20_000,
    groupConsumerHeartbeatIntervalMs: 4_000,
    groupShareSessionTimeoutMs: 20_000,
    groupShareHeartbeatIntervalMs: 4_000,
  });
  const growing: Growing = { name: 'grown', partitions: 1, growing: true };
  const topics: readonly SimulatedTopic[] = [
    { name: 'orders', partitions: 3 },
    growing,
    { name: 'drafts', partitions: 2, fleeting: true },
  ];
  let isWindingDown = false;
  let values = 0;
  const around: Surroundings = {
    world,
    cluster,
    recorder,
    topics,
    newValue: () => `v${values++}`,
    isWindingDown: () => isWindingDown,
  };
  const admin = new Client(around, 'admin');
  await makeTopics(admin);
  const limit = world.random.fork('limit').pick([2, 5, 10]);
  const shared = protocol === 'share' ? await shareRules(admin, group, limit) : undefined;
  cluster.unleash();
  const half = (minutes * 60_000) / 2;
  const stage = () => (isWindingDown ? 2 : world.time.now > half ? 1 : 0);
  const plan = planOf(world.random.fork('plan'), protocol, stage);
  const slots = slotsOf(around, plan, bugs);
  const feeding = feed(around);
  const over = Promise.withResolvers<void>();
  const tending = tend(around, growing, { renewsTopics: plan.renewsTopics, over: over.promise });
  const lives = slots.map((slot) => slot.run());
  await world.time.sleep(2 * half);
  isWindingDown = true;
  over.resolve();
  await world.time.sleep(world.trouble.messageMs);
  world.heal();
  await Promise.all([feeding, tending]);
  await makeTopics(admin);
  for (const slot of slots) slot.calm();
  if (plan.isRolling) for (const slot of slots) slot.tenant?.close();
  await settle(admin, { group, shared }, () => slots.map(({ tenant }) => tenant));
  for (const slot of slots) slot.end();
  await Promise.all(lives);
  await new AssignedConsumer(around, 'final').readEverything();
}

function slotsOf(around: Surroundings, plan: ReturnType<typeof planOf>, bugs: string[]) {
  const { topics } = around;
  const { incidentEveryMs } = plan;
  const onBug = (text: string) => void bugs.push(text);
  const slot = (name: string, instanceId: string | null) =>
    new Slot(around, {
      name,
      isStatic: instanceId !== null,
      incidentEveryMs,
      create: (process) => plan.create(around, process, { group, instanceId, topics }),
      ...(instanceId === null ? {} : { expel: () => expel(around, instanceId) }),
      onBug,
    });
  return [
    ...Array.from({ length: plan.dynamicMembers }, (_, i) => slot(`member${i}`, null)),
    ...Array.from({ length: plan.staticMembers }, (_, i) => slot(`static${i}`, `instance-${i}`)),
  ];
}

async function expel(around: Surroundings, groupInstanceId: string): Promise<void> {
  const members = [{ memberId: '', groupInstanceId, reason: null }];
  await new Client(around, `operator of ${groupInstanceId}`).ask(leaveGroup, 5, {
    groupId: group,
    members,
  });
}

async function feed(around: Surroundings): Promise<void> {
  const producer = new PlainProducer(around, 'feeder');
  await producer.feed(around.world.random.fork('feeder').pick([700, 2_000, 6_000]));
}

/** Topics come, go and grow. */
async function tend(
  around: Surroundings,
  growing: Growing,
  { renewsTopics, over }: { renewsTopics: boolean; over: Promise<void> },
): Promise<void> {
  const admin = new Client(around, 'keeper');
  const { random } = admin;
  const patience = random.pick([30_000, 90_000, 300_000]);
  const fleeting = around.topics.filter((topic) => topic.fleeting);
  for (;;) {
    await Promise.race([admin.sleep(random.delay(patience)), over]);
    if (around.isWindingDown()) return;
    if (growing.partitions < 4 && random.chance(0.4)) await grow(admin, growing);
    else if (renewsTopics) {
      for (const topic of fleeting) await deleteTopic(admin, topic);
      if (random.chance(0.3)) await admin.sleep(random.delay(10_000));
      await makeTopics(admin, fleeting);
    }
  }
}

async function grow(admin: Client, topic: Growing): Promise<void> {
  const count = topic.partitions + 1;
  const answer = await admin.ask(createPartitions, 3, {
    topics: [{ name: topic.name, count, assignments: null }],
    timeoutMs: 30_000,
    validateOnly: false,
  });
  const code = answer?.results[0].errorCode;
  // One whose answer was lost may have been carried out.
  if (code === ErrorCode.NONE || code === ErrorCode.INVALID_PARTITIONS) topic.partitions = count;
}
