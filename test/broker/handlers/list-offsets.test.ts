import { describe, expect, it } from 'vitest';
import { handleListOffsets } from '../../../src/broker/handlers/list-offsets.ts';
import { concat } from '../../../src/bytes/writer.ts';
import type { ListOffsetsRequest } from '../../../src/protocol/apis/list-offsets.ts';
import { listOffsets } from '../../../src/protocol/apis/list-offsets.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { encodeResponse } from '../../../src/protocol/schema.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import { TestCluster } from '../test-cluster.ts';

type Question = readonly [timestamp: number, partition?: number, topic?: string, epoch?: number];

function request(questions: readonly Question[]): ListOffsetsRequest {
  return {
    replicaId: 0,
    isolationLevel: 0,
    timeoutMs: 0,
    topics: questions.map(([timestamp, partitionIndex = 0, name = 'orders', epoch = -1]) => ({
      name,
      partitions: [{ partitionIndex, currentLeaderEpoch: epoch, timestamp }],
    })),
  };
}

async function ask(version: number, ...questions: Question[]) {
  const cluster = new TestCluster();
  cluster.create('orders', 2);
  await cluster.append('orders', 0, 'a', 'b');
  const context = cluster.client().context(version);
  const response = await handleListOffsets(request(questions), context);
  return response.topics.flatMap(({ partitions }) => partitions);
}

describe('ListOffsets', () => {
  it.each([
    ['the end', -1, 1, { offset: 2, timestamp: -1 }],
    ['the beginning', -2, 1, { offset: 0, timestamp: -1 }],
    ['the largest timestamp', -3, 7, { offset: 0, timestamp: 1_700_000_000_000 }],
    ['the beginning of what is local', -4, 8, { offset: 0, timestamp: -1 }],
    ['the end of what is tiered', -5, 9, { offset: -1, timestamp: -1 }],
    ['what is not tiered yet', -6, 11, { offset: -1, timestamp: -1 }],
    ['a time', 1_600_000_000_000, 1, { offset: 0, timestamp: 1_700_000_000_000 }],
    ['a time after the last record', 1_800_000_000_000, 1, { offset: -1, timestamp: -1 }],
  ])('finds %s', async (_what, timestamp, since, found) => {
    expect(await ask(since, [timestamp])).toMatchObject([{ errorCode: 0, ...found }]);
    if (timestamp >= -2) return;
    expect(await ask(since - 1, [timestamp])).toMatchObject([
      { errorCode: ErrorCode.UNSUPPORTED_VERSION, offset: -1, timestamp: -1 },
    ]);
  });

  it('does not know special timestamps that Kafka does not', async () => {
    expect(await ask(11, [-7])).toMatchObject([{ errorCode: ErrorCode.UNSUPPORTED_VERSION }]);
  });

  it('answers each partition for itself', async () => {
    const questions: Question[] = [[-1], [-1, 1], [-1, 2], [-1, -1], [-1, 0, 'nobody'], [-5, 9]];
    const unknown = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, offset: -1, timestamp: -1 };
    expect(await ask(9, ...questions)).toMatchObject([
      { errorCode: 0, offset: 2 },
      { errorCode: 0, offset: 0 },
      unknown,
      unknown,
      unknown,
      unknown,
    ]);
  });

  it('refuses a partition that is named twice', async () => {
    const twice = { errorCode: ErrorCode.INVALID_REQUEST, offset: -1, timestamp: -1 };
    expect(await ask(5, [-1], [-1, 1], [-2])).toMatchObject([twice, { errorCode: 0 }]);
  });

  it('checks the leader epoch and tells it from version 4 on', async () => {
    expect(await ask(4, [-1, 0, 'orders', 0])).toMatchObject([{ errorCode: 0, leaderEpoch: 0 }]);
    expect(await ask(4, [-1, 0, 'orders', 5])).toMatchObject([
      { errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH, leaderEpoch: -1 },
    ]);
    expect(await ask(3, [-1])).toMatchObject([{ leaderEpoch: -1 }]);
  });

  it('answers what each version can say', async () => {
    const cluster = new TestCluster();
    cluster.create('orders');
    for (let version = listOffsets.versions[0]; version <= listOffsets.versions[1]; version++) {
      const context = cluster.client().context(version);
      const response = await handleListOffsets(request([[-1], [-1, 7]]), context);
      expect(concat(encodeResponse(listOffsets, version, response)).length).toBeGreaterThan(40);
    }
  });

  it('turns weather into a code that clients answer by looking again', async () => {
    const cluster = new TestCluster();
    cluster.create('orders');
    cluster.storms.set('listOffset', new Weather(new Error('moved')));
    const response = await handleListOffsets(request([[-1]]), cluster.client().context(5));
    expect(response.topics[0].partitions[0]).toMatchObject({
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      offset: -1,
    });
  });
});
