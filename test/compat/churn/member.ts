/**
 * A member of a group that has no peace, with kafkajs. Like those in Java (ChurnMember.java) and on
 * librdkafka (confluent_churn.py) it is given
 *
 *     <bootstrap> <topic> <group> <protocol> <instance id, or nothing>
 *
 * reads the topic, commits what it has read after each poll, leaves when its standard input ends,
 * and prints what it does and what happens to it, each with the microseconds of the clock that all
 * processes of the machine share:
 *
 *     <time> assigned <partition> …    and `revoked`, or `lost` when nobody waited for it to let go
 *     <time> read <partition> <first offset> <last offset>
 *     <time> odd <partition> <offset> <value>       the value of a record is to be its offset
 *     <time> committing <number> <partition>:<offset> …
 *     <time> committed <number>
 *     <time> refused <number> <why>
 *
 * A static member whose name is still taken, by its life before, exits with 3 and is started again.
 * kafkajs has no `roundrobin` by that name, which is what the other clients call theirs.
 */
import {
  type EachBatchPayload,
  Kafka,
  logLevel,
  type PartitionAssigner,
  PartitionAssigners,
} from 'kafkajs';

const [bootstrap, topic, groupId] = process.argv.slice(2) as [string, string, string];
const name = 'roundrobin';

const roundrobin: PartitionAssigner = (config) => {
  const own = PartitionAssigners.roundRobin(config);
  return { ...own, name, protocol: (topics) => ({ ...own.protocol(topics), name }) };
};

const kafka = new Kafka({
  brokers: [bootstrap],
  logLevel: logLevel.ERROR,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 500 },
});
const consumer = kafka.consumer({
  groupId,
  partitionAssigners: [roundrobin],
  sessionTimeout: 6_000,
  heartbeatInterval: 1_000,
  rebalanceTimeout: 30_000,
  maxWaitTimeInMs: 100,
});
let held: readonly number[] = [];
/** When it was last asked to let go, unless it has gone on as it was: its join had failed. */
let askedAt: bigint | null = null;
let commits = 0;
let leaving = false;

function now(): bigint {
  return process.hrtime.bigint() / 1_000n;
}

function say(...words: readonly (string | number | bigint)[]): void {
  process.stdout.write(`${words.join(' ')}\n`);
}

function letGo(at: bigint | null): void {
  if (held.length > 0) say(at ?? now(), at === null ? 'lost' : 'revoked', ...held);
  held = [];
  askedAt = null;
}

async function eachBatch(payload: EachBatchPayload): Promise<void> {
  if (leaving) return;
  askedAt = null;
  const { partition, messages } = payload.batch;
  const [first, last] = [Number(messages[0]!.offset), Number(messages.at(-1)!.offset)];
  say(now(), 'read', partition, first, last);
  for (const [index, { offset, value }] of messages.entries()) {
    if (Number(offset) !== first + index || `${value}` !== offset) {
      say(now(), 'odd', partition, offset, `${value}`);
    }
  }
  payload.resolveOffset(`${last}`);
  const offsets = payload.uncommittedOffsets();
  const told = offsets.topics.flatMap((one) => one.partitions);
  commits += 1;
  const number = commits;
  say(now(), 'committing', number, ...told.map((one) => `${one.partition}:${one.offset}`));
  try {
    await payload.commitOffsetsIfNecessary(offsets);
    say(now(), 'committed', number);
  } catch (error) {
    const { type, name } = error as { type?: string; name: string };
    say(now(), 'refused', number, type ?? name);
    throw error;
  }
}

consumer.on(consumer.events.REBALANCING, () => {
  askedAt = now();
});
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  letGo(askedAt);
  held = payload.memberAssignment[topic] ?? [];
  say(now(), 'assigned', ...held);
});
consumer.on(consumer.events.CRASH, ({ payload }) => {
  process.stderr.write(`${payload.error.stack}\n`);
  if (!payload.restart) process.exit(3);
});
process.stdin.on('end', async () => {
  leaving = true;
  letGo(now());
  await consumer.disconnect();
  process.exit(0);
});
process.stdin.resume();

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
