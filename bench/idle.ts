/**
 * What an idle consumer takes of the processor, since that is what the gateway is billed for while
 * the objects sleep: workerd's own processor time for each poll, heartbeat and commit that changes
 * nothing. The surprise: it must be less than asking the group would take.
 */
import { ZERO_UUID } from '../src/bytes/uuid.ts';
import { apiVersions } from '../src/protocol/apis/api-versions.ts';
import { fetch } from '../src/protocol/apis/fetch.ts';
import { heartbeat } from '../src/protocol/apis/heartbeat.ts';
import { joinGroup } from '../src/protocol/apis/join-group.ts';
import { offsetCommit } from '../src/protocol/apis/offset-commit.ts';
import { syncGroup } from '../src/protocol/apis/sync-group.ts';
import { type Api, defaultsOf, type Fields, type Infer } from '../src/protocol/schema.ts';
import { createTopic, fetchOf, Wire } from '../test/kafka/wire.ts';
import { type Kedge, spawnKedge } from '../test/kedge-process.ts';
import { type Benchmark, progress, progressDone, table, UsageError } from './benchmark.ts';
import { processorSecondsOf } from './processes.ts';

const help = `idle: what a consumer that waits takes of the gateway's processor.

One member of a group polls an empty partition, heartbeats and commits what it has committed, over
the Kafka port of a Kedge of its own, as fast as answers come, each kind by itself. Prints the time
that workerd was on the processor for each, and the ratio to a request that asks nothing of
anybody. Fails when a heartbeat that the gateway answers takes as much as one that asks the group.

Usage: npm run bench -- idle [--help]
`;

const groupId = 'readers';
const topic = 'orders';
const times = 4_000;

type Question = () => Promise<unknown>;

const processorMs = (kedge: Kedge): number => processorSecondsOf([kedge.workerdPid()]) * 1000;

/** Milliseconds on the processor for one question, most often asked before. */
async function cost(kedge: Kedge, name: string, ask: Question): Promise<number> {
  for (let i = 0; i < times / 4; i++) await ask();
  const before = processorMs(kedge);
  for (let i = 0; i < times; i++) {
    await ask();
    if (i % 500 === 0) progress(`${name}: ${i} of ${times}`);
  }
  return (processorMs(kedge) - before) / times;
}

class Member {
  readonly #wire: Wire;
  #identity = { memberId: '', generationId: -1 };

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Partial<Infer<Q>>,
  ): Promise<Infer<R>> {
    return this.#wire.ask(api, version, { ...defaultsOf(api.request.fields), ...request });
  }

  async join(): Promise<void> {
    const { memberId, generationId } = await this.ask(joinGroup, 3, {
      groupId,
      sessionTimeoutMs: 45_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array() }],
    });
    this.#identity = { memberId, generationId };
    await this.ask(syncGroup, 3, { groupId, ...this.#identity });
  }

  async beat(memberId = this.#identity.memberId): Promise<number> {
    return (await this.ask(heartbeat, 4, { groupId, ...this.#identity, memberId })).errorCode;
  }

  async commit(): Promise<number> {
    const { memberId, generationId } = this.#identity;
    const partition = { partitionIndex: 0, committedOffset: 7, committedLeaderEpoch: -1 };
    const partitions = [{ ...partition, committedMetadata: '' }];
    const topics = [{ name: topic, topicId: ZERO_UUID, partitions }];
    const committer = { groupId, memberId, generationIdOrMemberEpoch: generationId };
    const answer = await this.ask(offsetCommit, 8, { ...committer, topics });
    return answer.topics[0].partitions[0].errorCode;
  }
}

/** Until a connection is old enough to be watched over, and all has been said once. */
async function settle(member: Member): Promise<void> {
  for (let i = 0; i < 14; i++) {
    progress('settling');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if ((await member.beat()) !== 0 || (await member.commit()) !== 0) {
      throw new Error('the member was refused');
    }
  }
}

export const idle: Benchmark = {
  summary: "what a consumer that waits takes of the gateway's processor",
  help,
  async run(args) {
    if (args.length > 0) throw new UsageError(`idle takes no '${args[0]}'.`);
    const kedge = await spawnKedge({ env: { KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0' } });
    try {
      const wire = await Wire.open(kedge);
      const member = new Member(wire);
      await createTopic(wire, topic);
      await member.join();
      await settle(member);
      const poll = fetchOf(topic, 0, { maxWaitMs: 1 });
      const questions: [string, Question][] = [
        ['ApiVersions', () => member.ask(apiVersions, 3, {})],
        ['Fetch, nothing new', () => wire.ask(fetch, 11, poll)],
        ['Heartbeat, nothing new', () => member.beat()],
        ['OffsetCommit, nothing new', () => member.commit()],
        ['Heartbeat that asks the group', () => member.beat('nobody')],
      ];
      const costs: number[] = [];
      for (const [name, ask] of questions) costs.push(await cost(kedge, name, ask));
      progressDone();
      const rows = questions.map(([name], i) => [
        name,
        `${costs[i].toFixed(3)} ms`,
        (costs[i] / costs[0]).toFixed(1),
      ]);
      console.log(table([['Request', 'processor', 'to ApiVersions'], ...rows]));
      wire.close();
      return costs[2] < costs[4];
    } finally {
      await kedge.stop();
    }
  },
};
