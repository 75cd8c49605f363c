import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { incrementalAlterConfigs } from '../../src/protocol/apis/incremental-alter-configs.ts';
import { shareAcknowledge } from '../../src/protocol/apis/share-acknowledge.ts';
import { shareFetch } from '../../src/protocol/apis/share-fetch.ts';
import { shareGroupHeartbeat } from '../../src/protocol/apis/share-group-heartbeat.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { frameOf, produceTo, Wire } from './wire.ts';

const GROUP_RESOURCE = 32;

let kedge: Kedge;
let topicId: string;

beforeAll(async () => {
  kedge = await spawnKedge();
  const wire = await Wire.open(kedge);
  const plan = { name: 'jobs', numPartitions: 1, replicationFactor: 1, assignments: [] };
  const { topics } = await wire.ask(createTopics, 7, {
    ...defaultsOf(createTopics.request.fields),
    topics: [{ ...plan, configs: [] }],
    timeoutMs: 9_000,
  });
  topicId = topics[0].topicId;
  const config = { name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' };
  await wire.ask(incrementalAlterConfigs, 1, {
    resources: [{ resourceType: GROUP_RESOURCE, resourceName: 'workers', configs: [config] }],
    validateOnly: false,
  });
  const joined = await wire.ask(shareGroupHeartbeat, 1, {
    ...defaultsOf(shareGroupHeartbeat.request.fields),
    groupId: 'workers',
    memberId: 'one',
    subscribedTopicNames: ['jobs'],
  });
  expect(joined.errorCode).toBe(ErrorCode.NONE);
  wire.close();
});

afterAll(async () => {
  await kedge?.stop();
});

function fetching(memberId: string, shareSessionEpoch: number, maxWaitMs = 0) {
  return {
    ...defaultsOf(shareFetch.request.fields),
    groupId: 'workers',
    memberId,
    shareSessionEpoch,
    maxWaitMs,
    minBytes: 1,
    maxRecords: 500,
    batchSize: 500,
    topics:
      shareSessionEpoch > 0
        ? []
        : [{ topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] }],
  };
}

function saying(memberId: string, epoch: number, range: [number, number], type: number) {
  const acknowledgementBatches = [
    { firstOffset: range[0], lastOffset: range[1], acknowledgeTypes: [type] },
  ];
  return {
    ...defaultsOf(shareAcknowledge.request.fields),
    groupId: 'workers',
    memberId,
    shareSessionEpoch: epoch,
    topics: [{ topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches }] }],
  };
}

async function acquired(wire: Wire, memberId: string, epoch: number, maxWaitMs = 0) {
  const answer = await wire.ask(shareFetch, 2, fetching(memberId, epoch, maxWaitMs));
  expect(answer.errorCode).toBe(ErrorCode.NONE);
  return answer.responses.flatMap(({ partitions }) => partitions[0].acquiredRecords);
}

describe('share sessions over the wire', () => {
  it('end with their connection, which gives back what was held to who waits', async () => {
    const [one, two] = [await Wire.open(kedge), await Wire.open(kedge)];
    await produceTo(one, 'jobs', 'a', 'b');
    expect(await acquired(one, 'one', 0)).toEqual([
      { firstOffset: 0, lastOffset: 1, deliveryCount: 1 },
    ]);
    const answer = await one.ask(shareAcknowledge, 2, saying('one', 1, [0, 0], 1));
    expect(answer.responses[0].partitions[0].errorCode).toBe(ErrorCode.NONE);
    const waiting = acquired(two, 'two', 0, 10_000);
    one.socket.resetAndDestroy();
    expect(await waiting).toEqual([{ firstOffset: 1, lastOffset: 1, deliveryCount: 2 }]);
    const late = await two.ask(shareAcknowledge, 2, saying('one', 1, [1, 1], 1));
    expect(late.errorCode).toBe(ErrorCode.SHARE_SESSION_NOT_FOUND);
    await two.ask(shareAcknowledge, 2, saying('two', 1, [1, 1], 1));
    two.close();
  });

  it('outlive acknowledgements of any length, and requests cut anywhere', async () => {
    const wire = await Wire.open(kedge);
    await acquired(wire, 'three', 0);
    const endless = saying('three', 1, [0, 2 ** 53 - 1], 1);
    const [topic] = (await wire.ask(shareAcknowledge, 2, endless)).responses;
    expect(topic.partitions[0].errorCode).not.toBe(ErrorCode.NONE);
    const frame = frameOf(shareFetch, 2, fetching('four', 0), 7);
    for (const length of [20, 40, frame.length - 1]) {
      const cut = frame.slice(0, length);
      new DataView(cut.buffer).setInt32(0, length - 4);
      const other = await Wire.open(kedge);
      other.write(cut);
      await other.closed();
    }
    expect(await acquired(wire, 'three', 2)).toEqual([]);
    wire.close();
  });
});
