import { describe, expect, it } from 'vitest';
import { shareAcknowledge } from '../../../src/protocol/apis/share-acknowledge.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { ack, ShareClient } from '../share-client.ts';
import { TestCluster, topicIdOf } from '../test-cluster.ts';
import { throughBytes } from '../through-bytes.ts';

const {
  INVALID_REQUEST,
  INVALID_SHARE_SESSION_EPOCH,
  NONE,
  SHARE_SESSION_NOT_FOUND,
  UNKNOWN_TOPIC_ID,
  UNKNOWN_TOPIC_OR_PARTITION,
} = ErrorCode;
const [ACCEPT, RELEASE, RENEW] = [1, 2, 4];

async function holding(version = 2) {
  const cluster = new TestCluster();
  cluster.groupConfigs = { 'share.auto.offset.reset': 'earliest' };
  const { topicId } = cluster.create('orders', 2);
  await cluster.append('orders', 0, 'x', 'y', 'z');
  const client = cluster.client();
  const share = new ShareClient(client.context(version));
  await share.fetch([{ topicId, partition: 0 }]);
  const saying = (partition: number, ...acknowledge: ReturnType<typeof ack>[]) => ({
    topicId,
    partition,
    acknowledge,
  });
  const startOffset = async () => {
    const stub = cluster.partition(topicId, 0);
    return (await stub.call('shareDescribe', { groupId: 'workers' })).startOffset;
  };
  return { ...client, cluster, share, saying, startOffset };
}

describe('ShareAcknowledge', () => {
  it.each([1, 2])('ends records, version %i', async (version) => {
    const { share, saying, startOffset } = await holding(version);
    expect(await share.acknowledge([saying(0, ack(0, 1, ACCEPT))])).toEqual([NONE]);
    expect(await startOffset()).toBe(2);
    expect(await share.acknowledge([saying(0, ack(2, 2, ACCEPT))])).toEqual([NONE]);
    expect(await startOffset()).toBe(3);
  });

  it('says for how long records are locked', async () => {
    const { context, saying } = await holding();
    const request = { groupId: 'workers', memberId: 'member', shareSessionEpoch: 1 };
    const topics = [saying(0, ack(0, 0, RENEW))].map(({ topicId, acknowledge }) => ({
      topicId,
      partitions: [{ partitionIndex: 0, acknowledgementBatches: acknowledge }],
    }));
    const whole = { ...request, topics, isRenewAck: true };
    expect(await throughBytes(shareAcknowledge, whole, context(2))).toMatchObject({
      errorCode: NONE,
      acquisitionLockTimeoutMs: 30_000,
      responses: [{ partitions: [{ partitionIndex: 0, errorCode: NONE, errorMessage: null }] }],
    });
  });

  it('answers each partition for itself', async () => {
    const { share, saying } = await holding();
    const unknown = { ...saying(0, ack(0, 0, ACCEPT)), topicId: topicIdOf(77) };
    const codes = await share.acknowledge([
      saying(0, ack(0, 0, ACCEPT)),
      saying(1, ack(0, 0, ACCEPT)),
      saying(9, ack(0, 0, ACCEPT)),
      saying(8, ack(3, 0, ACCEPT)),
      unknown,
    ]);
    expect(codes).toEqual([
      NONE,
      UNKNOWN_TOPIC_OR_PARTITION,
      UNKNOWN_TOPIC_OR_PARTITION,
      INVALID_REQUEST,
      UNKNOWN_TOPIC_ID,
    ]);
  });

  it('needs a session and its next epoch', async () => {
    const { share, saying, context, cluster } = await holding();
    const words = [saying(0, ack(0, 0, ACCEPT))];
    for (const epoch of [0, 2, -2]) {
      share.epoch = epoch;
      expect(await share.acknowledge(words)).toEqual([INVALID_SHARE_SESSION_EPOCH]);
    }
    const elsewhere = new ShareClient(cluster.client().context(2));
    elsewhere.epoch = 1;
    expect(await elsewhere.acknowledge(words)).toEqual([SHARE_SESSION_NOT_FOUND]);
    expect(await new ShareClient(context(2), '').acknowledge(words)).toEqual([INVALID_REQUEST]);
  });

  it('gives back the rest when it closes the session', async () => {
    const { share, saying, cluster } = await holding();
    share.epoch = -1;
    expect(await share.acknowledge([saying(0, ack(0, 0, ACCEPT), ack(2, 2, RELEASE))])).toEqual([
      NONE,
    ]);
    share.epoch = 1;
    expect(await share.acknowledge([])).toEqual([SHARE_SESSION_NOT_FOUND]);
    const other = new ShareClient(cluster.client().context(2), 'other');
    const { topicId, partition } = saying(0);
    expect(await other.acquire([{ topicId, partition }])).toEqual(['0: 1-2*2']);
  });
});
