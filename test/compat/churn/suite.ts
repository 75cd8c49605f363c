/**
 * Groups of Java, librdkafka and kafkajs members that have no peace, by each protocol. The members
 * of the classic group are of all clients: `roundrobin` is what they all know. Every third member
 * is a static one where its client knows how: kafkajs knows none, and a librdkafka that finds its
 * name taken, which the consumer protocol does not take away from the dead, says nothing any more.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../simulation/world/random.ts';
import { cacheOf } from '../install.ts';
import { type Case, runCases, type Suite, type SuiteContext } from '../suite.ts';
import { equal } from '../words.ts';
import { type Client, debianPackages, install, programs, version } from './clients.ts';
import type { Churn, Group } from './group.ts';
import { OwnersGroup } from './owners.ts';
import { ShareGroup } from './share-group.ts';
import type { Program } from './slot.ts';

/** Sessions as short as those of the classic members. */
const settings = {
  KAFKA_GROUP_CONSUMER_SESSION_TIMEOUT_MS: '6000',
  KAFKA_GROUP_CONSUMER_HEARTBEAT_INTERVAL_MS: '1000',
  KAFKA_GROUP_SHARE_SESSION_TIMEOUT_MS: '6000',
  KAFKA_GROUP_SHARE_HEARTBEAT_INTERVAL_MS: '1000',
};

/** Longer than a session. */
const STALL_MS = [7_500, 10_000] as const;
/** Longer than records are held for a member of a share group. */
const SHARE_STALL_MS = [16_500, 20_000] as const;
const shortOne = { partitions: 12, troubleMs: 10_000, stallMs: STALL_MS, crashes: 1 };
const longOne = { partitions: 48, troubleMs: 120_000, stallMs: STALL_MS, crashes: 3 };

function churnCase(name: string, protocol: string, clients: readonly Client[]): Case {
  const shape = ({ long }: SuiteContext): Churn => {
    const members = Array.from({ length: long ? 12 : 6 }, (_, at) => {
      const client = clients[at % clients.length]!;
      const isStatic = at % 3 === 0 && (client === 'java' || protocol !== 'consumer');
      return { ...programs[client], protocol, isStatic };
    });
    const stallMs = long && protocol === 'share' ? SHARE_STALL_MS : STALL_MS;
    return { ...(long ? longOne : shortOne), members, stallMs };
  };
  const Kind = protocol === 'share' ? ShareGroup : OwnersGroup;
  return groupCase<Group>(name, Kind, shape, (group) => group.churn());
}

function groupCase<G extends Group>(
  name: string,
  Kind: new (...about: ConstructorParameters<typeof OwnersGroup>) => G,
  shape: (context: SuiteContext) => Churn,
  trouble: (group: G) => Promise<void>,
): Case {
  return {
    name,
    timeoutMs: 300_000,
    run: async (context, signal) => {
      const seed = Number(process.env.COMPAT_SEED ?? Math.floor(Math.random() * 1e9));
      const group = new Kind(context, shape(context), new Random(seed), signal);
      try {
        await group.run(() => trouble(group));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const file = join(cacheOf('churn'), `${name}.log`);
        writeFileSync(file, group.log);
        const what = `COMPAT_SEED=${seed} (${group.summary}), ${group.doing}`;
        throw new Error(`${what}: ${message}\nThe members' logs are in ${file}`);
      } finally {
        await group.close();
      }
      context.note(`${name}, seed ${seed}: ${group.summary}`);
    },
  };
}

/** From the classic protocol to the new one and back, member by member. kafkajs knows no other. */
const migration = groupCase(
  'migration',
  OwnersGroup,
  ({ long }) => {
    const clients: Client[] = ['java', 'kafkajs', 'librdkafka'];
    if (long) clients.push('java', 'java', 'debian', 'java', 'java', 'java');
    const members = clients.map((one) => ({ ...programs[one], protocol: 'classic' }));
    return { ...(long ? longOne : shortOne), members };
  },
  async (group) => {
    const before = new Map(group.members.map((one) => [one, one.program]));
    const speaksBoth = ({ client }: Program) => client === 'Java' || client === 'librdkafka';
    equal(await group.isClassic(), true);
    const crash = delay(2_000).then(() => group.crashBroker());
    await group.roll((member) => {
      const program = before.get(member)!;
      return { ...(speaksBoth(program) ? program : programs.java), protocol: 'consumer' };
    });
    await crash;
    await group.converged();
    equal(await group.isClassic(), false);
    await group.crashBroker();
    await group.roll((member) => before.get(member)!);
    await group.converged();
    equal(await group.isClassic(), true);
  },
);

const cases: readonly Case[] = [
  churnCase('classic', 'classic', ['java', 'kafkajs', 'kafkajs', 'librdkafka', 'java', 'debian']),
  churnCase('cooperative', 'cooperative', ['java', 'librdkafka']),
  churnCase('consumer', 'consumer', ['java', 'librdkafka']),
  churnCase('share', 'share', ['javaShare', 'librdkafkaShare']),
  migration,
];

export const suite: Suite = {
  name: 'churn',
  long: true,
  settings,
  debianPackages,
  install,
  version,
  run: (context) => runCases(cases, context),
};
