import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anonymous } from '../../src/broker/authorizer.ts';
import { dispatch } from '../../src/broker/broker.ts';
import { type ClientContext, clientContext, createGateway } from '../../src/broker/gateway.ts';
import { MemberWatches } from '../../src/broker/member-watches.ts';
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { ConfigOperation } from '../../src/core/cluster/altered-configs.ts';
import { consumerGroupHeartbeat } from '../../src/protocol/apis/consumer-group-heartbeat.ts';
import { createPartitions } from '../../src/protocol/apis/create-partitions.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { deleteTopics } from '../../src/protocol/apis/delete-topics.ts';
import { heartbeat } from '../../src/protocol/apis/heartbeat.ts';
import { joinGroup } from '../../src/protocol/apis/join-group.ts';
import { offsetCommit } from '../../src/protocol/apis/offset-commit.ts';
import { shareGroupHeartbeat } from '../../src/protocol/apis/share-group-heartbeat.ts';
import { syncGroup } from '../../src/protocol/apis/sync-group.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { type Api, defaultsOf, type Fields, type Infer } from '../../src/protocol/schema.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { MemoryObjects } from '../../src/runtime/memory-objects.ts';
import type { Objects } from '../../src/runtime/stubs.ts';
import { MemoryWatches } from '../../src/runtime/watch.ts';

const config = { ...defaultBrokerConfig, groupInitialRebalanceDelayMs: 0 };
const groupId = 'g';
const sessionTimeoutMs = 10_000;

let objects: MemoryObjects;

beforeEach(() => {
  vi.useFakeTimers();
  objects = new MemoryObjects({ config, hibernates: true });
});

afterEach(() => {
  objects.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** One connection to a gateway of its own. */
class Client {
  readonly context: ClientContext;

  constructor() {
    this.context = clientContext(createGateway(objects, config, { open: true }), {
      principal: anonymous,
      clientHost: '/127.0.0.1',
      dialled: { host: 'localhost', port: 9092 },
      signal: new AbortController().signal,
    });
  }

  ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    apiVersion: number,
    request: Partial<Infer<Q>>,
  ): Promise<Infer<R>> {
    const whole = { ...defaultsOf(api.request.fields), ...request };
    return dispatch(api, whole, { ...this.context, apiVersion, clientId: 'c' });
  }

  hangUp(): void {
    this.context.watches.closeAll();
  }

  async createTopic(name: string, numPartitions = 1): Promise<void> {
    const made = { name, numPartitions, replicationFactor: -1, assignments: [], configs: [] };
    await this.ask(createTopics, 7, { topics: [made], timeoutMs: 1_000 });
  }

  async beat({ memberId, generationId }: { memberId: string; generationId: number }) {
    return (await this.ask(heartbeat, 4, { groupId, memberId, generationId })).errorCode;
  }

  join(memberId = '') {
    const protocols = [{ name: 'range', metadata: new Uint8Array() }];
    const timeouts = { sessionTimeoutMs, rebalanceTimeoutMs: 60_000 };
    const about = { groupId, memberId, protocolType: 'consumer', protocols };
    return this.ask(joinGroup, 3, { ...about, ...timeouts });
  }

  /** A member of a group of its own, which vouches for it from now on. */
  async member() {
    const joining = this.join();
    await pass(100);
    const { memberId, generationId } = await joining;
    await this.ask(syncGroup, 3, { groupId, memberId, generationId });
    const member = { memberId, generationId };
    for (let i = 0; i < 2; i++) expect(await this.beat(member)).toBe(ErrorCode.NONE);
    await pass(0);
    return member;
  }

  async commit(offset: number, { memberId, generationId }: Member, topic = 't') {
    const answer = await this.ask(offsetCommit, 8, {
      groupId,
      memberId,
      generationIdOrMemberEpoch: generationId,
      topics: [
        {
          name: topic,
          topicId: ZERO_UUID,
          partitions: [
            {
              partitionIndex: 0,
              committedOffset: offset,
              committedLeaderEpoch: -1,
              committedMetadata: '',
            },
          ],
        },
      ],
    });
    return answer.topics[0].partitions[0].errorCode;
  }
}

interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

const callsOf = (name: string) => objects.meters.get(name)?.usage.requests.call ?? 0;
const groupCalls = () => callsOf(`group ${groupId}`);

/** How often this is asked of the group, be it all done. */
async function asking(work: () => Promise<unknown>): Promise<number> {
  const before = groupCalls();
  await work();
  return groupCalls() - before;
}

async function committedOffset(): Promise<number> {
  const asked = { groupId, topics: null, requireStable: false };
  const { topics } = await objects.group(groupId).call('fetchOffsets', asked);
  return topics[0].partitions[0].committedOffset;
}

async function groupMembers(): Promise<string[]> {
  const { group } = await objects.group(groupId).call('describeGroup', { groupId });
  return group.members.map(({ memberId }) => memberId);
}

describe('a classic member', () => {
  it('that heartbeats is answered without asking its group', async () => {
    const client = new Client();
    const member = await client.member();
    const asked = await asking(async () => {
      for (let i = 0; i < 100; i++) {
        await pass(3_000);
        expect(await client.beat(member)).toBe(ErrorCode.NONE);
      }
    });
    expect(asked).toBe(0);
    expect(await groupMembers()).toEqual([member.memberId]);
    client.hangUp();
  });

  it('is asked for again where it is another generation, or another member', async () => {
    const client = new Client();
    const member = await client.member();
    const { UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION } = ErrorCode;
    expect(await client.beat({ ...member, memberId: 'me' })).toBe(UNKNOWN_MEMBER_ID);
    expect(await client.beat({ ...member, generationId: 9 })).toBe(ILLEGAL_GENERATION);
    expect(await client.beat(member)).toBe(ErrorCode.NONE);
    client.hangUp();
  });

  it('hears of a rebalance with its next heartbeat', async () => {
    const client = new Client();
    const member = await client.member();
    const newcomer = new Client().join();
    await pass(0);
    expect(await client.beat(member)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    await client.join(member.memberId);
    expect((await newcomer).errorCode).toBe(ErrorCode.NONE);
    client.hangUp();
  });

  it('that falls silent is out after its session timeout, to the second', async () => {
    const client = new Client();
    const member = await client.member();
    await pass(60_000 - sessionTimeoutMs);
    // It was silent before, and is long gone.
    expect(await groupMembers()).toEqual([]);
    expect(await client.beat(member)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const again = await client.member();
    await pass(sessionTimeoutMs - 1_000);
    expect(await groupMembers()).toEqual([again.memberId]);
    await pass(2_000);
    expect(await groupMembers()).toEqual([]);
    client.hangUp();
  });

  it('whose connection is lost has what is left of its session', async () => {
    const client = new Client();
    const member = await client.member();
    await pass(6_000);
    client.hangUp();
    await pass(3_000);
    expect(await groupMembers()).toEqual([member.memberId]);
    await pass(2_000);
    expect(await groupMembers()).toEqual([]);
  });

  it('may come back over another connection', async () => {
    const client = new Client();
    const member = await client.member();
    await pass(6_000);
    const next = new Client();
    for (let i = 0; i < 2; i++) expect(await next.beat(member)).toBe(ErrorCode.NONE);
    await pass(0);
    client.hangUp();
    const asked = await asking(async () => {
      for (let i = 0; i < 20; i++) {
        await pass(3_000);
        expect(await next.beat(member)).toBe(ErrorCode.NONE);
      }
    });
    expect(asked).toBe(0);
    next.hangUp();
  });

  it('that asks once, as a request over HTTP does, is not vouched for', async () => {
    const client = new Client();
    const member = await client.member();
    client.hangUp();
    const opened = () => objects.meters.get(`group ${groupId}`)!.usage.requests.watchOpened;
    const before = opened();
    for (let i = 0; i < 3; i++) {
      const once = new Client();
      expect(await once.beat(member)).toBe(ErrorCode.NONE);
      once.hangUp();
    }
    expect(opened()).toBe(before);
  });
});

describe.each(['consumer', 'share'] as const)('a member of a %s group', (kind) => {
  const memberId = 'AAAAAAAAAAAAAAAAAAAAAA';

  async function joined() {
    const client = new Client();
    await client.createTopic('t');
    let memberEpoch = 0;
    let partitions = 0;
    const beat = async (said: object = {}, as = memberId) => {
      const request = { groupId, memberId: as, memberEpoch, ...said };
      const api = kind === 'consumer' ? consumerGroupHeartbeat : shareGroupHeartbeat;
      const answer = await client.ask(api as typeof consumerGroupHeartbeat, 1, request);
      if (answer.errorCode === ErrorCode.NONE && as === memberId) {
        memberEpoch = answer.memberEpoch;
        const [assigned] = answer.assignment?.topicPartitions ?? [];
        if (assigned) partitions = assigned.partitions.length;
      }
      return answer;
    };
    const timeout = kind === 'consumer' ? { rebalanceTimeoutMs: 60_000, topicPartitions: [] } : {};
    const first = { subscribedTopicNames: ['t'], ...timeout };
    expect((await beat(first)).errorCode).toBe(ErrorCode.NONE);
    const live = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 5_000) {
        await pass(5_000);
        expect((await beat()).errorCode).toBe(ErrorCode.NONE);
      }
    };
    await live(120_000);
    return { client, beat, live, first, partitions: () => partitions };
  }

  it('that heartbeats is answered without asking its group', async () => {
    const { client, live } = await joined();
    const before = callsOf('controller');
    expect(await asking(() => live(600_000))).toBe(0);
    expect(callsOf('controller') - before).toBe(0);
    client.hangUp();
  });

  it('hears at once of another member', async () => {
    const { client, beat, first } = await joined();
    await pass(5_000);
    const before = (await beat()).memberEpoch;
    const newcomer = { ...first, memberEpoch: 0 };
    expect((await beat(newcomer, 'BBBBBBBBBBBBBBBBBBBBBB')).errorCode).toBe(ErrorCode.NONE);
    await pass(1_000);
    expect(await asking(() => beat())).toBe(1);
    // Where it has something to give up, it does that first.
    if (kind === 'share') expect((await beat()).memberEpoch).toBeGreaterThan(before);
    client.hangUp();
  });

  it('is vouched for when its group wakes, also where the session timeout is set on the group', async () => {
    const { client, live } = await joined();
    const name = `${kind}.session.timeout.ms`;
    const changes = [{ name, operation: ConfigOperation.SET, value: '60000' }];
    await objects.controller().call('alterResourceConfigs', {
      resources: [{ kind: 'group', name: groupId, replaces: false, changes }],
      validateOnly: false,
    });
    await live(180_000);
    await objects.group(groupId).call('listGroup', { groupId });
    expect(await asking(() => live(60_000))).toBe(0);
    client.hangUp();
  });

  it('hears of a topic that has grown', async () => {
    const { client, live, partitions } = await joined();
    expect(partitions()).toBe(1);
    const admin = new Client();
    const grows = { name: 't', count: 3, assignments: null };
    await admin.ask(createPartitions, 3, { topics: [grows], timeoutMs: 1_000 });
    await live(20_000);
    expect(partitions()).toBe(3);
    await live(120_000);
    expect(await asking(() => live(600_000))).toBe(0);
    client.hangUp();
  });

  it('that falls silent is out after its session timeout', async () => {
    const { client, beat } = await joined();
    await pass(50_000);
    expect((await beat()).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    client.hangUp();
  });
});

describe('a commit', () => {
  /** A client whose connection is watched over by now. */
  async function settled() {
    const client = new Client();
    await client.createTopic('t');
    await client.createTopic('u');
    const member = await client.member();
    for (let i = 0; i < 6; i++) {
      await pass(4_000);
      expect(await client.commit(5, member)).toBe(ErrorCode.NONE);
    }
    return { client, member };
  }

  it('that repeats what stands is answered without asking anybody', async () => {
    const { client, member } = await settled();
    const before = callsOf('controller');
    const asked = await asking(async () => {
      for (let i = 0; i < 100; i++) {
        await pass(5_000);
        expect(await client.commit(5, member)).toBe(ErrorCode.NONE);
      }
    });
    expect([asked, callsOf('controller') - before]).toEqual([0, 0]);
    // It was a sign of life, too.
    expect(await groupMembers()).toEqual([member.memberId]);
    client.hangUp();
  });

  it('that repeats what stands is a new one after a fourteenth of the retention', async () => {
    const { client, member } = await settled();
    Object.assign(client.context, { config: { ...config, offsetsRetentionMinutes: 14 } });
    const asked = await asking(async () => {
      for (let i = 0; i < 120; i++) {
        await pass(5_000);
        expect(await client.commit(5, member)).toBe(ErrorCode.NONE);
      }
    });
    // Once in 65 seconds; an object that woke makes the gateway ask once more.
    expect(asked).toBeGreaterThanOrEqual(9);
    expect(asked).toBeLessThanOrEqual(18);
    client.hangUp();
  });

  it('of anything else is the group’s to answer', async () => {
    const { client, member } = await settled();
    expect(await asking(() => client.commit(6, member))).toBe(1);
    expect(await asking(() => client.commit(6, member))).toBe(0);
    expect(await asking(() => client.commit(5, member))).toBe(1);
    expect(await asking(() => client.commit(5, member, 'u'))).toBe(1);
    const { ILLEGAL_GENERATION } = ErrorCode;
    expect(await client.commit(5, { ...member, generationId: 9 })).toBe(ILLEGAL_GENERATION);
    client.hangUp();
  });

  it('knows the session timeout though offsets were spoken of before anybody listened', async () => {
    const line = new MemoryWatches();
    const closed = vi.fn();
    const group = {
      watch: async () => {
        const watch = line.open('10000', false, closed);
        watch.announce('["t:1"]');
        return watch;
      },
    };
    const watches = new MemberWatches({ group: () => group } as unknown as Objects, Date.now);
    const member = { memberId: 'm', groupInstanceId: null, epoch: 1, protocol: 'classic' } as const;
    for (let i = 0; i < 2; i++) watches.hadNothingNew(groupId, member, { askedAt: Date.now() });
    await pass(9_999);
    expect(vi.getTimerCount()).toBe(1);
    expect(closed).not.toHaveBeenCalled();
    await pass(1);
    expect(closed).toHaveBeenCalledWith('10000');
  });

  it('is the group’s to answer after somebody else has changed the offset', async () => {
    const line = new MemoryWatches();
    const group = { watch: async () => line.open('10000') };
    const watches = new MemberWatches({ group: () => group } as unknown as Objects, Date.now);
    const member = { memberId: 'm', groupInstanceId: null, epoch: 1, protocol: 'classic' } as const;
    for (let i = 0; i < 2; i++) watches.hadNothingNew(groupId, member, { askedAt: Date.now() });
    await pass(0);
    const commits = new Map([
      ['t:0', '5'],
      ['t:1', '6'],
    ]);
    watches.committing(groupId, member, commits)!();
    expect(await watches.repeats(groupId, member, commits, 0)).toBe(true);
    line.announce('["t:1"]');
    expect(await watches.repeats(groupId, member, commits, 0)).toBe(false);
    const [first] = commits;
    expect(await watches.repeats(groupId, member, new Map([first]), 0)).toBe(true);
    // What was said while the commit was under way may have been said of it.
    const nowStands = watches.committing(groupId, member, commits);
    line.announce('["x:1"]');
    nowStands!();
    expect(await watches.repeats(groupId, member, new Map([first]), 0)).toBe(false);
    // A line that is lost in silence proves nothing.
    watches.committing(groupId, member, commits)!();
    line.silent = true;
    const lost = watches.repeats(groupId, member, commits, 0);
    await pass(5_000);
    expect(await lost).toBe(false);
    expect(await watches.answersFor(groupId, member)).toBe(false);
    watches.closeAll();
  });

  it('of what stood before one that the gateway did not keep is the group’s to answer', async () => {
    const { client, member } = await settled();
    const admin = new Client();
    await admin.createTopic('v');
    await pass(100);
    // Which topics there are is to be looked up, and so nobody remembers this one.
    expect(await client.commit(6, member)).toBe(ErrorCode.NONE);
    await pass(2_000);
    expect(await client.commit(5, member)).toBe(ErrorCode.NONE);
    expect(await committedOffset()).toBe(5);
    client.hangUp();
  });

  it('of what stood before the same member came another way is the group’s to answer', async () => {
    const { client, member } = await settled();
    const other = new Client();
    expect(await other.commit(6, member)).toBe(ErrorCode.NONE);
    expect(await client.commit(5, member)).toBe(ErrorCode.NONE);
    expect(await committedOffset()).toBe(5);
    client.hangUp();
    other.hangUp();
  });

  it('is looked at again when a topic has gone', async () => {
    const { client, member } = await settled();
    const admin = new Client();
    await admin.ask(deleteTopics, 5, { topicNames: ['t'], timeoutMs: 1_000 });
    await pass(0);
    expect(await client.commit(5, member)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    client.hangUp();
  });
});
