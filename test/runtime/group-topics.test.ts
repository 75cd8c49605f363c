/** What a hosted consumer group asks of the controller, and how it goes on without. */
import { describe, expect, it } from 'vitest';
import type { GroupCalls } from '../../src/core/group/commands.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { GroupHost } from '../../src/runtime/group-host.ts';
import { memoryRows } from '../../src/runtime/rows.ts';
import type { Objects } from '../../src/runtime/stubs.ts';

type Beat = GroupCalls['consumerGroupHeartbeat']['command'];

const first: Beat = {
  groupId: 'g',
  memberId: 'm',
  memberEpoch: 0,
  groupInstanceId: null,
  rackId: null,
  rebalanceTimeoutMs: 60_000,
  subscribedTopicNames: ['t'],
  subscribedTopicRegex: null,
  serverAssignor: null,
  owned: [],
  clientId: 'c',
  clientHost: '/h',
  topicsChangedAtMs: 0,
};
const next: Beat = {
  ...first,
  memberEpoch: 2,
  rebalanceTimeoutMs: -1,
  subscribedTopicNames: null,
  owned: null,
};

function hosted() {
  const asked: unknown[] = [];
  const state = { now: 1_000_000, down: false };
  const configs: Record<string, string> = {};
  const topics = [{ name: 't', topicId: 'T', partitions: 2, configs: {} }];
  const controller = {
    call: async (kind: string, command: { readonly resources: readonly { kind: string }[] }) => {
      if (kind === 'describeResourceConfigs') {
        const { resources } = command;
        return { configs: resources.map((one) => (one.kind === 'group' ? configs : {})) };
      }
      if (kind !== 'getTopics') return { errorCode: 0 };
      asked.push(command);
      if (state.down) throw new Error('unreachable');
      return { clusterId: 'k', topics, quotas: 0 };
    },
  };
  const host = new GroupHost({
    config: defaultBrokerConfig,
    rows: memoryRows(),
    objects: { controller: () => controller } as unknown as Objects,
    now: () => state.now,
    setAlarm: () => {},
  });
  const beat = (command: Beat) => host.call('consumerGroupHeartbeat', command);
  return { asked, state, configs, beat };
}

describe('the topics of a hosted group', () => {
  it('are looked up by name, once a minute at most', async () => {
    const { asked, state, beat } = hosted();
    const joined = await beat(first);
    expect(joined.assignedPartitions).toEqual([{ topicId: 'T', partitions: [0, 1] }]);
    for (let second = 5; second < 60; second += 5) {
      state.now += 5_000;
      expect((await beat(next)).errorCode).toBe(0);
    }
    expect(asked).toEqual([{ names: ['t'], topicIds: [] }]);
    state.now += 5_000;
    await beat(next);
    expect(asked.length).toBe(2);
  });

  it('are looked up when a gateway noticed a change, or a pattern is new', async () => {
    const { asked, state, beat } = hosted();
    await beat(first);
    state.now += 1_000;
    await beat({ ...next, topicsChangedAtMs: state.now });
    await beat({ ...next, subscribedTopicRegex: 't.*' });
    expect(asked.slice(1)).toEqual([
      { names: ['t'], topicIds: [] },
      { names: null, topicIds: null },
    ]);
  });

  it('bring the configs of the group itself', async () => {
    const { state, configs, beat } = hosted();
    expect((await beat(first)).heartbeatIntervalMs).toBe(5_000);
    configs['consumer.heartbeat.interval.ms'] = '7000';
    configs['consumer.session.timeout.ms'] = '60000';
    state.now += 1_000;
    expect((await beat({ ...next, topicsChangedAtMs: state.now })).heartbeatIntervalMs).toBe(7_000);
    state.now += 59_000;
    expect((await beat(next)).errorCode).toBe(0);
  });

  it('are what they were while the controller is out of reach', async () => {
    const { state, beat } = hosted();
    state.down = true;
    expect((await beat(first)).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    state.down = false;
    expect((await beat(first)).errorCode).toBe(0);
    state.down = true;
    state.now += 40_000;
    await beat(next);
    state.now += 40_000;
    expect(await beat(next)).toMatchObject({ errorCode: 0, memberEpoch: 2 });
  });
});
