import { beforeEach, describe, expect, it, vi } from 'vitest';
import { deleteGroups } from '../../../src/protocol/apis/delete-groups.ts';
import { shareGroupHeartbeat } from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeRecords, recordBatches } from '../../../src/protocol/records/index.ts';
import { Weather } from '../../../src/runtime/weather.ts';
import { GroupClient } from '../group-client.ts';
import { ack, ShareClient } from '../share-client.ts';
import { TestCluster, topicIdOf } from '../test-cluster.ts';

const {
  INVALID_RECORD_STATE,
  INVALID_REQUEST,
  INVALID_SHARE_SESSION_EPOCH,
  NOT_LEADER_OR_FOLLOWER,
  SHARE_SESSION_LIMIT_REACHED,
  SHARE_SESSION_NOT_FOUND,
  UNKNOWN_SERVER_ERROR,
  UNKNOWN_TOPIC_ID,
  UNKNOWN_TOPIC_OR_PARTITION,
} = ErrorCode;
const [ACCEPT, RELEASE, REJECT, RENEW] = [1, 2, 3, 4];

let cluster: TestCluster;
let orders: (partition: number) => { topicId: string; partition: number };

beforeEach(() => {
  cluster = new TestCluster();
  cluster.groupConfigs = { 'share.auto.offset.reset': 'earliest' };
  const { topicId } = cluster.create('orders', 3);
  orders = (partition) => ({ topicId, partition });
});

function member(name = 'a', version = 2) {
  const client = cluster.client();
  return { ...client, share: new ShareClient(client.context(version), name) };
}

const saying = (partition: number, ...words: ReturnType<typeof ack>[]) => ({
  ...orders(partition),
  acknowledge: words,
});

describe('ShareFetch', () => {
  it.each([1, 2])('gives records and says which are the member’s, version %i', async (version) => {
    await cluster.append('orders', 0, 'x', 'y');
    await cluster.append('orders', 0, 'z');
    const { share } = member('a', version);
    const answer = await share.fetch([orders(0)], { maxRecords: 1 });
    expect(answer).toMatchObject({ errorCode: 0, acquisitionLockTimeoutMs: 30_000 });
    const [{ topicId, partitions }] = answer.responses;
    expect(topicId).toBe(orders(0).topicId);
    expect(partitions).toMatchObject([
      {
        partitionIndex: 0,
        errorCode: 0,
        acquiredRecords: [{ firstOffset: 0, lastOffset: 1, deliveryCount: 1 }],
      },
    ]);
    const values = partitions[0].records.flatMap((piece) =>
      [...recordBatches(piece)].flatMap((batch) =>
        [...decodeRecords(batch)].map(({ value }) => String.fromCharCode(...value!)),
      ),
    );
    expect(values).toEqual(['x', 'y']);
    expect(await share.acquire([])).toEqual(['0: 2-2*1']);
  });

  it('names in a session what has records, is new, or is wrong', async () => {
    const { share } = member();
    expect(await share.acquire([orders(0)])).toEqual(['0: ']);
    expect(await share.acquire([])).toEqual([]);
    expect(await share.acquire([orders(1), orders(9)])).toEqual([
      `9: error ${UNKNOWN_TOPIC_OR_PARTITION}`,
      '1: ',
    ]);
    await cluster.append('orders', 1, 'x');
    expect((await share.acquire([])).sort()).toEqual([
      '1: 0-0*1',
      `9: error ${UNKNOWN_TOPIC_OR_PARTITION}`,
    ]);
    await share.fetch([], {}, [orders(9)]);
    expect(await share.acquire([])).toEqual([]);
    const unknown = { topicId: topicIdOf(99), partition: 0 };
    expect(await share.acquire([unknown])).toEqual([`0: error ${UNKNOWN_TOPIC_ID}`]);
  });

  it('shares out its limits, another partition first each time', async () => {
    for (const partition of [0, 1]) await cluster.append('orders', partition, 'x', 'y');
    const { share } = member();
    const strict = { maxRecords: 3, shareAcquireMode: 1 };
    expect(await share.acquire([orders(0), orders(1)], strict)).toEqual(['0: 0-1*1', '1: 0-0*1']);
    expect(await share.acquire([], strict)).toEqual(['1: 1-1*1']);
  });

  it('takes acknowledgements along, of partitions it asks for and others', async () => {
    for (const partition of [0, 1]) await cluster.append('orders', partition, 'x', 'y');
    const { share } = member();
    expect(await share.acquire([orders(0), orders(1)])).toEqual(['0: 0-1*1', '1: 0-1*1']);
    await share.fetch([], {}, [orders(1)]);
    await cluster.append('orders', 0, 'z');
    cluster.takeCalls();
    expect(
      await share.acquire([saying(0, ack(0, 1, ACCEPT, RELEASE)), saying(1, ack(0, 1, ACCEPT))], {
        maxRecords: 1,
      }),
    ).toEqual(['0: 1-1*2', '1: ']);
    expect(cluster.takeCalls().filter((call) => call.startsWith('share'))).toEqual([
      'shareFetch orders:0',
      'shareAcknowledge orders:1',
    ]);
    const wrong = saying(0, ack(0, 0, ACCEPT), ack(2, 5, ACCEPT));
    expect(await share.acquire([wrong])).toEqual([`0: 2-2*1 refused ${INVALID_REQUEST}`, '1: ']);
    const others = [saying(0, ack(1, 1, REJECT)), saying(1, ack(0, 1, ACCEPT))];
    expect(await share.acquire(others)).toEqual(['0: ', '1: ']);
  });

  it('refuses acknowledgements that make no sense, partition by partition', async () => {
    await cluster.append('orders', 0, 'x', 'y');
    const { share } = member();
    await share.fetch([orders(0)]);
    const senseless = [
      [ack(1, 0, ACCEPT)],
      [ack(0, 1, ACCEPT), ack(0, 1, ACCEPT)],
      [ack(0, 1)],
      [ack(0, 1, ACCEPT, ACCEPT, ACCEPT)],
      [ack(0, 1, 5)],
      [ack(0, 1, -1)],
      [ack(0, 1, RENEW)],
      [ack(0, 2 ** 53 - 1, ACCEPT)],
    ];
    for (const words of senseless) {
      expect(await share.acquire([saying(0, ...words)])).toEqual([`0: refused ${INVALID_REQUEST}`]);
    }
    expect(await share.acquire([saying(0, ack(0, 1, ACCEPT))])).toEqual(['0: ']);
  });

  it('renews locks when that is all it asks for', async () => {
    await cluster.append('orders', 0, 'x', 'y');
    const { share } = member();
    await share.fetch([orders(0)]);
    const renewal = [saying(0, ack(0, 1, RENEW))];
    expect(await share.acquire(renewal, { isRenewAck: true })).toEqual([
      `error ${INVALID_REQUEST}`,
    ]);
    const nothing = { minBytes: 0, maxBytes: 0, maxRecords: 0, maxWaitMs: 0, isRenewAck: true };
    expect(await share.acquire(renewal, nothing)).toEqual(['0: ']);
  });

  it('begins where a member has joined, for which it asks once a request', async () => {
    const { share } = member();
    const calls = () => cluster.takeCalls().filter((call) => /share/i.test(call));
    expect(await share.acquire([orders(0), orders(1), orders(2)])).toHaveLength(3);
    const each = [0, 1, 2].flatMap((i) => Array(2).fill(`shareFetch orders:${i}`));
    expect(calls().sort()).toEqual(['listSharePartitions', ...each]);
    await cluster.append('orders', 1, 'x');
    expect(await share.acquire([])).toEqual(['1: 0-0*1']);
    expect(calls()).not.toContain('listSharePartitions');
  });

  it('leaves nothing of a group that nobody has joined', async () => {
    await cluster.append('orders', 0, 'x');
    cluster.isShared = false;
    const { share } = member();
    const places = [orders(0), orders(1)];
    const refused = [0, 1].map((i) => `${i}: error ${UNKNOWN_SERVER_ERROR}`);
    const patient = { maxWaitMs: 5_000 };
    expect(await share.acquire(places, patient)).toEqual(refused);
    expect(cluster.takeCalls().filter((call) => call === 'listSharePartitions')).toHaveLength(1);
    const words = [saying(0, ack(0, 0, ACCEPT))];
    expect((await share.acquire(words)).sort()).toEqual([
      `0: error ${UNKNOWN_SERVER_ERROR} refused ${UNKNOWN_TOPIC_OR_PARTITION}`,
      refused[1],
    ]);
    const { topicId } = orders(0);
    const described = await cluster
      .partition(topicId, 0)
      .call('shareDescribe', { groupId: 'workers' });
    expect(described.startOffset).toBe(-1);
    cluster.isShared = true;
    expect(await share.acquire([])).toEqual(['0: 0-0*1', '1: ']);
  });

  it('is to be repeated while the group is out of reach', async () => {
    await cluster.append('orders', 0, 'x');
    cluster.storms.set('listSharePartitions', new Weather(new Error('moved')));
    const { share } = member();
    expect(await share.acquire([orders(0)])).toEqual([`0: error ${NOT_LEADER_OR_FOLLOWER}`]);
    cluster.storms.clear();
    expect(await share.acquire([])).toEqual(['0: 0-0*1']);
  });

  it('refuses who has no session, a wrong epoch, or no name', async () => {
    await cluster.append('orders', 0, 'x');
    const { share, context } = member();
    share.epoch = 1;
    expect(await share.acquire([])).toEqual([`error ${SHARE_SESSION_NOT_FOUND}`]);
    share.epoch = -1;
    expect(await share.acquire([])).toEqual([`error ${SHARE_SESSION_NOT_FOUND}`]);
    share.epoch = 0;
    expect(await share.acquire([saying(0, ack(0, 0, ACCEPT))])).toEqual([
      `error ${INVALID_REQUEST}`,
    ]);
    expect(await share.acquire([orders(0)])).toEqual(['0: 0-0*1']);
    share.epoch = 3;
    expect(await share.acquire([])).toEqual([`error ${INVALID_SHARE_SESSION_EPOCH}`]);
    expect(await member('b').share.fetch([])).toMatchObject({ errorCode: 0 });
    for (const memberId of ['', 'x'.repeat(37)]) {
      const nobody = new ShareClient(context(2), memberId);
      expect(await nobody.acquire([])).toEqual([`error ${INVALID_REQUEST}`]);
    }
  });

  it('bounds the sessions of a connection', async () => {
    const { context } = member();
    for (let i = 0; i < 100; i++) await new ShareClient(context(2), `m${i}`).fetch([]);
    expect(await new ShareClient(context(2), 'more').acquire([])).toEqual([
      `error ${SHARE_SESSION_LIMIT_REACHED}`,
    ]);
    expect(await new ShareClient(context(2), 'm7').acquire([])).toEqual([]);
  });

  it('gives back what a member held whose connection ended with its gateway', async () => {
    for (const partition of [0, 1]) await cluster.append('orders', partition, 'x');
    const places = [orders(0), orders(1)];
    const { share } = member('a');
    expect(await share.acquire(places)).toEqual(['0: 0-0*1', '1: 0-0*1']);
    share.epoch = 0; // of another session, but the same connection
    expect(await share.acquire(places)).toEqual(['0: ', '1: ']);
    expect(await member('b').share.acquire(places)).toEqual(['0: ', '1: ']);
    const again = member('a').share;
    expect(await again.acquire(places)).toEqual(['0: 0-0*2', '1: 0-0*2']);
    expect(await again.acquire([])).toEqual([]);
  });

  it('gives back what was held when a session ends, or its connection', async () => {
    await cluster.append('orders', 0, 'x', 'y', 'z');
    const [a, b] = [member('a'), member('b')];
    expect(await a.share.acquire([orders(0)])).toEqual(['0: 0-2*1']);
    expect(await b.share.acquire([orders(0)])).toEqual(['0: ']);
    a.share.epoch = -1;
    expect(await a.share.acquire([saying(0, ack(0, 0, ACCEPT))])).toEqual(['0: ']);
    expect(await b.share.acquire([])).toEqual(['0: 1-2*2']);
    await b.shareSessions.closeAll();
    const c = member('c');
    expect(await c.share.acquire([orders(0)])).toEqual(['0: 1-2*3']);
  });

  it('gives back nothing that a member got again elsewhere', async () => {
    await cluster.append('orders', 0, 'x');
    const [lost, found] = [member('a'), member('a')];
    expect(await lost.share.acquire([orders(0)])).toEqual(['0: 0-0*1']);
    expect(await found.share.acquire([orders(0)])).toEqual(['0: 0-0*2']);
    await lost.shareSessions.closeAll();
    expect(await member('b').share.acquire([orders(0)])).toEqual(['0: ']);
    expect(await found.share.acknowledge([saying(0, ack(0, 0, ACCEPT))])).toEqual([0]);
  });

  it('acknowledges nothing of a member that lost its lock', async () => {
    await cluster.append('orders', 0, 'x');
    const [a, b] = [member('a'), member('b')];
    await a.share.fetch([orders(0)]);
    await cluster
      .partition(orders(0).topicId, 0)
      .call('shareRelease', { groupId: 'workers', memberId: 'a' });
    expect(await b.share.acquire([orders(0)])).toEqual(['0: 0-0*2']);
    expect(await a.share.acquire([saying(0, ack(0, 0, ACCEPT))])).toEqual([
      `0: refused ${INVALID_RECORD_STATE}`,
    ]);
  });
});

describe('a straggler of a share group that was deleted', () => {
  it('brings nothing back, until somebody joins again', async () => {
    const client = new GroupClient();
    await client.createTopic('t', 2);
    const member = { groupId: 'workers', memberId: 'm' };
    const join = () =>
      client.ask(shareGroupHeartbeat, 1, { ...member, subscribedTopicNames: ['t'] });
    await join();
    const { topicId } = (await client.context(2).metadata.topic('t'))!;
    const share = new ShareClient(client.context(2), 'straggler');
    const places = [0, 1].map((partition) => ({ topicId, partition }));
    expect((await share.acquire(places)).sort()).toEqual(['0: ', '1: ']);
    await client.ask(shareGroupHeartbeat, 1, { ...member, memberEpoch: -1 });
    const { results } = await client.ask(deleteGroups, 2, { groupsNames: ['workers'] });
    expect(results).toMatchObject([{ errorCode: 0 }]);
    const refused = [0, 1].map((i) => `${i}: error ${UNKNOWN_SERVER_ERROR}`);
    expect((await share.acquire([])).sort()).toEqual(refused);
    for (const partition of [0, 1]) {
      const stub = client.cluster.memory.partition(topicId, partition);
      const { startOffset } = await stub.call('shareDescribe', { groupId: 'workers' });
      expect(startOffset).toBe(-1);
    }
    await join();
    expect((await share.acquire([])).sort()).toEqual(['0: ', '1: ']);
    client.close();
  });
});

describe('a member of a share group that waits', () => {
  const patient = { maxWaitMs: 5_000 };

  it('is woken by a record, and by one that was given back', async () => {
    const [a, b] = [member('a'), member('b')];
    const first = a.share.acquire([orders(0)], patient);
    await cluster.append('orders', 0, 'x');
    expect(await first).toEqual(['0: 0-0*1']);
    const second = b.share.acquire([orders(0)], patient);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await a.share.acknowledge([saying(0, ack(0, 0, RELEASE))])).toEqual([0]);
    expect(await second).toEqual(['0: 0-0*2']);
  });

  it('asks nobody while there is nothing', async () => {
    const { share } = member();
    const poll = () =>
      share.acquire(share.epoch === 0 ? [orders(0), orders(1)] : [], { maxWaitMs: 30 });
    await poll();
    cluster.takeCalls();
    for (let i = 0; i < 5; i++) expect(await poll()).toEqual([]);
    expect(cluster.takeCalls()).toEqual([]);
    await cluster.append('orders', 1, 'x');
    expect(await poll()).toEqual(['1: 0-0*1']);
    expect(cluster.takeCalls()).toEqual(['shareFetch orders:1']);
  });

  it('asks nobody for appends while too many records are held', async () => {
    cluster.groupConfigs['share.partition.max.record.locks'] = '100';
    await cluster.append('orders', 0, ...Array.from({ length: 100 }, (_, i) => `${i}`));
    const [a, b] = [member('a'), member('b')];
    expect(await a.share.acquire([orders(0)])).toEqual(['0: 0-99*1']);
    await b.share.fetch([orders(0)], { maxWaitMs: 30 });
    cluster.takeCalls();
    const waiting = b.share.acquire([], patient);
    await cluster.append('orders', 0, 'more');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(cluster.takeCalls()).toEqual([]);
    await a.share.acknowledge([saying(0, ack(0, 4, ACCEPT))]);
    expect(await waiting).toEqual(['0: 100-100*1']);
  });

  it('is woken by a record that comes when those that were held are done', async () => {
    cluster.groupConfigs['share.partition.max.record.locks'] = '100';
    await cluster.append('orders', 0, ...Array.from({ length: 100 }, (_, i) => `${i}`));
    const [a, b] = [member('a'), member('b')];
    expect(await a.share.acquire([orders(0)])).toEqual(['0: 0-99*1']);
    const waiting = b.share.acquire([orders(0)], patient);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await a.share.acknowledge([saying(0, ack(0, 99, ACCEPT))]);
    await cluster.append('orders', 0, 'more');
    expect(await waiting).toEqual(['0: 100-100*1']);
  });

  it('gets what there is in the end, though it is less than it wanted', async () => {
    await cluster.append('orders', 0, 'x');
    const { share } = member();
    const room = { minBytes: 100_000, maxWaitMs: 30 };
    expect(await share.acquire([orders(0)], room)).toEqual(['0: 0-0*1']);
  });

  it('is asked again what did not fit into an answer', async () => {
    const { share } = member();
    const places = [orders(0), orders(1), orders(2)];
    await share.fetch(places, { maxWaitMs: 20 });
    for (const partition of [0, 1]) await cluster.append('orders', partition, 'x'.repeat(5_000));
    const room = { maxBytes: 5_200, maxWaitMs: 2_000 };
    const got = [await share.acquire([], room), await share.acquire([], room)];
    expect(got.flat().sort()).toEqual(['0: 0-0*1', '1: 0-0*1']);
    await cluster.append('orders', 2, 'x');
    expect(await share.acquire([], { minBytes: 5_000, maxWaitMs: 2_000, maxBytes: 1 })).toEqual([
      '2: 0-0*1',
    ]);
  });

  it('does not turn in circles over a partition that nobody watches any more', async () => {
    cluster.groupConfigs['share.record.lock.duration.ms'] = '100';
    await cluster.append('orders', 0, 'x');
    const [a, b] = [member('a'), member('b')];
    await b.share.fetch([orders(1)], { maxWaitMs: 20 });
    expect(await a.share.acquire([orders(0)])).toEqual(['0: 0-0*1']);
    const waiting = b.share.fetch([orders(0)], { maxWaitMs: 400 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    cluster.storms.set('watch orders:0', new Weather(new Error('moved')));
    const timers = vi.spyOn(globalThis, 'setTimeout');
    b.watches.get(orders(0).topicId, 0)!.watch.close();
    await waiting;
    expect(timers.mock.calls.length).toBeLessThan(10);
    timers.mockRestore();
  });

  it('is told at once of a topic that is gone', async () => {
    const { share } = member();
    await share.fetch([orders(0)], { maxWaitMs: 20 });
    await cluster.delete('orders');
    const gone = [`0: error ${UNKNOWN_TOPIC_ID}`];
    expect(await share.acquire([], { maxWaitMs: 5_000 })).toEqual(gone);
    cluster.takeCalls();
    expect(await share.acquire([], { maxWaitMs: 5_000 })).toEqual(gone);
    expect(cluster.takeCalls()).toEqual([]);
  });
});
