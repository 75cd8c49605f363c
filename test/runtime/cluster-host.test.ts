/** The controller's host runs errands: who is told what, how many at a time, what goes wrong. */
import { beforeEach, describe, expect, it } from 'vitest';
import { errandRetryMs, secondRoundMs } from '../../src/core/cluster/errands.ts';
import type { PartitionCalls, PartitionSpec } from '../../src/core/log/calls.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import {
  type ClusterHost,
  clusterHost,
  runErrands,
  toldPerAlarm,
} from '../../src/runtime/cluster-host.ts';
import { defaultBrokerConfig } from '../../src/runtime/config.ts';
import { memoryRows } from '../../src/runtime/rows.ts';
import type { Objects } from '../../src/runtime/stubs.ts';

let rows = memoryRows();
let now = 0;
let alarmAt: number | undefined;
let host: ClusterHost;
/** Every spec a partition was told, by its index. */
let heard: Map<number, PartitionSpec[]>;
let dropped: Set<number>;
/** What the next calls to a partition answer, or throw. */
let answers: Map<number, number | Error>;
/** Runs while a partition is being told. */
let meanwhile: () => Promise<unknown>;

const objects = {
  partition: (_topicId: string, partition: number) => ({
    call: async (kind: string, command: PartitionCalls['configure']['command']) => {
      await meanwhile();
      const answer = answers.get(partition) ?? ErrorCode.NONE;
      if (answer instanceof Error) throw answer;
      if (kind === 'drop') dropped.add(partition);
      else heard.set(partition, [...(heard.get(partition) ?? []), command.spec]);
      return { errorCode: answer };
    },
  }),
} as unknown as Objects;

function start(): void {
  const setAlarm = (at: number) => {
    alarmAt = at;
  };
  host = clusterHost({ config: defaultBrokerConfig, rows, now: () => now, setAlarm });
}

beforeEach(() => {
  rows = memoryRows();
  now = 1_000;
  alarmAt = undefined;
  heard = new Map();
  dropped = new Set();
  answers = new Map();
  meanwhile = async () => {};
  start();
});

async function create(numPartitions: number): Promise<string> {
  const topic = { name: 'orders', numPartitions, replicationFactor: 1, assignments: [] };
  const topics = [{ ...topic, configs: [] }];
  const reply = await host.call('createTopics', { topics, validateOnly: false });
  return reply.topics[0].topic!.topicId;
}

async function alter(value: string): Promise<void> {
  const changes = [{ name: 'retention.ms', operation: 0, value }];
  const topics = [{ name: 'orders', replaces: false, changes }];
  const reply = await host.call('alterConfigs', { topics, validateOnly: false });
  expect(reply.topics[0].errorCode).toBe(ErrorCode.NONE);
}

/** The alarm rings at its time. */
async function ring(): Promise<void> {
  now = Math.max(now, alarmAt!);
  alarmAt = undefined;
  await runErrands(host, objects, now);
}

/** The values of retention.ms that a partition was told, in order. */
const told = (partition: number) =>
  heard.get(partition)?.map(({ configs }) => configs['retention.ms']) ?? [];

describe('news of configs', () => {
  it('reaches every partition, slice by slice, and again when the time has come', async () => {
    const partitions = toldPerAlarm + 10;
    const topicId = await create(partitions);
    await alter('5');
    await ring();
    expect(heard.size).toBe(toldPerAlarm);
    await ring();
    expect(heard.size).toBe(partitions);
    const last = partitions - 1;
    const configs = { 'retention.ms': '5' };
    const spec = { topicId, topic: 'orders', partition: last, configs, configsVersion: 1 };
    expect(heard.get(last)).toEqual([spec]);
    expect(alarmAt).toBe(now + secondRoundMs);
    await ring();
    await ring();
    expect(heard.get(last)).toEqual([spec, spec]);
    expect(alarmAt).toBeUndefined();
    expect([...rows.load()].some(({ key }) => key.startsWith('configure'))).toBe(false);
  });

  it('reaches them of what they inherit, under what they have of their own', async () => {
    await create(2);
    await alter('5');
    const set = { 'log.retention.ms': '7', 'log.segment.bytes': '2000000' };
    const changes = Object.entries(set).map(([name, value]) => ({ name, operation: 0, value }));
    const resources = [{ kind: 'broker' as const, name: '', replaces: false, changes }];
    const command = { resources, validateOnly: false };
    const { results } = await host.call('alterResourceConfigs', command);
    expect(results[0].errorCode).toBe(ErrorCode.NONE);
    await ring();
    const configs = { 'retention.ms': '5', 'segment.bytes': '2000000' };
    expect(heard.get(1)).toMatchObject([{ configs, configsVersion: 2 }]);
  });

  it('waits for a partition that cannot be reached, also over a restart', async () => {
    await create(4);
    await alter('5');
    answers.set(2, new Error('moved'));
    await ring();
    expect(alarmAt).toBe(now + errandRetryMs);
    start();
    answers.delete(2);
    await runErrands(host, objects, now);
    expect([0, 1, 2, 3].map((i) => told(i).length)).toEqual([1, 1, 1, 2]);
  });

  it('does not wait for a partition that is gone', async () => {
    await create(2);
    await alter('5');
    answers.set(1, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    await ring();
    expect(alarmAt).toBe(now + secondRoundMs);
  });

  it('ends with the newest, told to all of them, when the configs change meanwhile', async () => {
    await create(3);
    await alter('5');
    meanwhile = async () => {
      meanwhile = async () => {};
      await alter('6');
    };
    await ring();
    await ring();
    expect([0, 1, 2].map((i) => told(i))).toEqual(Array(3).fill(['5', '6']));
    expect(heard.get(0)?.map(({ configsVersion }) => configsVersion)).toEqual([1, 2]);
  });

  it('gives way when the topic is deleted meanwhile', async () => {
    const topicId = await create(2);
    await alter('5');
    meanwhile = async () => {
      meanwhile = async () => {};
      await host.call('deleteTopics', { topics: [{ name: null, topicId }] });
    };
    await ring();
    await ring();
    expect([...dropped]).toEqual([0, 1]);
    expect(alarmAt).toBeUndefined();
  });
});
