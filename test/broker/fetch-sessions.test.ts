/** What a client hears that keeps a fetch session, as Kafka's FetchManager has it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { RequestContext } from '../../src/broker/context.ts';
import { FetchSessionRoom, FetchSessions } from '../../src/broker/fetch-sessions.ts';
import { handleFetch } from '../../src/broker/handlers/fetch.ts';
import { type FetchRequest, type FetchResponse, fetch } from '../../src/protocol/apis/fetch.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { TestCluster } from './test-cluster.ts';

interface Asked {
  readonly id?: number;
  readonly epoch: number;
  /** Next offsets, by partition. */
  readonly offsets?: Readonly<Record<number, number>>;
  readonly forget?: readonly number[];
  readonly version?: number;
  readonly maxWaitMs?: number;
}

let cluster: TestCluster;
let room: FetchSessionRoom;
let sessions: FetchSessions;
let context: (version: number) => RequestContext;

beforeEach(async () => {
  cluster = new TestCluster();
  cluster.create('orders', 4);
  for (let partition = 0; partition < 3; partition++)
    await cluster.append('orders', partition, 'a');
  room = new FetchSessionRoom();
  sessions = new FetchSessions(room);
  const client = cluster.client();
  context = (version) => ({ ...client.context(version), fetchSessions: sessions });
});

function ask({ version = 11, ...asked }: Asked): Promise<FetchResponse> {
  const { topicId } = cluster.topics.get('orders')!;
  return handleFetch(request(asked, topicId), context(version));
}

function request(
  { id = 0, epoch, offsets = {}, forget = [], maxWaitMs = 0 }: Asked,
  topicId: string,
): FetchRequest {
  const partitions = Object.entries(offsets).map(([partition, fetchOffset]) => ({
    partition: Number(partition),
    currentLeaderEpoch: -1,
    fetchOffset,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1_048_576,
    replicaDirectoryId: '',
  }));
  return {
    ...defaultsOf(fetch.request.fields),
    sessionId: id,
    sessionEpoch: epoch,
    minBytes: 1,
    maxWaitMs,
    topics: partitions.length === 0 ? [] : [{ topic: 'orders', topicId, partitions }],
    forgottenTopicsData:
      forget.length === 0 ? [] : [{ topic: 'orders', topicId, partitions: [...forget] }],
  };
}

/** Which partitions are answered, and with how many pieces of records. */
const told = ({ responses }: FetchResponse): [number, number][] =>
  responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, records }): [number, number] => [
      partitionIndex,
      records!.length,
    ]),
  );

describe('a fetch session', () => {
  it('answers in full at first, then what has records', async () => {
    const first = await ask({ epoch: 0, offsets: { 0: 0, 1: 0, 3: 0 } });
    expect(first.sessionId).toBeGreaterThan(0);
    expect(told(first)).toEqual([
      [0, 1],
      [1, 1],
      [3, 0],
    ]);
    const id = first.sessionId;
    const second = await ask({ id, epoch: 1, offsets: { 0: 1, 1: 1 } });
    expect(second).toMatchObject({ errorCode: 0, sessionId: id, responses: [] });
    await cluster.append('orders', 1, 'b');
    const third = await ask({ id, epoch: 2 });
    expect(told(third)).toEqual([[1, 1]]);
    // Who does not say that it has read it is given it again.
    expect(told(await ask({ id, epoch: 3 }))).toEqual([[1, 1]]);
    expect(told(await ask({ id, epoch: 4, offsets: { 1: 2 } }))).toEqual([]);
  });

  it('waits for what it was told before', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 1, 1: 1, 2: 1 } });
    const waiting = ask({ id, epoch: 1, maxWaitMs: 60_000 });
    await cluster.append('orders', 2, 'b');
    expect(told(await waiting)).toEqual([[2, 1]]);
  });

  it('reads those first that others came before', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 0, 1: 0, 2: 0 } });
    await cluster.append('orders', 1, 'b');
    await ask({ id, epoch: 1, offsets: { 0: 1, 1: 1, 2: 1 } });
    for (const partition of [0, 1, 2]) await cluster.append('orders', partition, 'c');
    const order = told(await ask({ id, epoch: 2, offsets: { 1: 2 } }));
    expect(order.map(([partition]) => partition)).toEqual([0, 2, 1]);
  });

  it('takes partitions on, and forgets them', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 1 } });
    expect(told(await ask({ id, epoch: 1, offsets: { 3: 0 }, forget: [0] }))).toEqual([[3, 0]]);
    await cluster.append('orders', 0, 'b');
    await cluster.append('orders', 3, 'b');
    expect(told(await ask({ id, epoch: 2, forget: [9] }))).toEqual([[3, 1]]);
    expect(room).toEqual({ sessions: 1, partitions: 1 });
  });

  it('ends with the last partition', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 1 } });
    expect(await ask({ id, epoch: 1, forget: [0] })).toMatchObject({ errorCode: 0, sessionId: 0 });
    expect(room).toEqual({ sessions: 0, partitions: 0 });
    const after = await ask({ id, epoch: 2 });
    expect(after.errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  });

  it('tells of an error every time, and of the partition anew when it is over', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 1, 1: 1 } });
    for (const epoch of [1, 2]) {
      const [{ partitions }] = (await ask({ id, epoch, offsets: { 0: 9 } })).responses;
      expect(partitions).toMatchObject([{ partitionIndex: 0, errorCode: 1 }]);
    }
    expect(told(await ask({ id, epoch: 3, offsets: { 0: 1 } }))).toEqual([[0, 0]]);
    expect(told(await ask({ id, epoch: 4 }))).toEqual([]);
  });

  it('knows topics by id', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 1 }, version: 13 });
    await cluster.append('orders', 0, 'b');
    expect(told(await ask({ id, epoch: 1, version: 13 }))).toEqual([[0, 1]]);
    const mixed = await ask({ id, epoch: 2, version: 12 });
    expect(mixed).toMatchObject({
      errorCode: ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
      sessionId: 0,
    });
    expect((await ask({ id, epoch: 2, version: 13 })).errorCode).toBe(0);
  });

  it('goes on with the epoch that comes next', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 1 } });
    for (const epoch of [2, 7, -2]) {
      const wrong = await ask({ id, epoch });
      expect(wrong).toMatchObject({
        errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH,
        sessionId: 0,
        responses: [],
      });
    }
    expect((await ask({ id, epoch: 1 })).errorCode).toBe(0);
    const other = await ask({ id: id + 1, epoch: 2 });
    expect(other.errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  });

  it('ends when its client asks for another, or for none', async () => {
    const { sessionId: one } = await ask({ epoch: 0, offsets: { 0: 1 } });
    const { sessionId: other } = await ask({ id: one, epoch: 0, offsets: { 0: 1, 1: 1 } });
    expect(other).not.toBe(one);
    expect(room).toEqual({ sessions: 1, partitions: 2 });
    expect((await ask({ id: one, epoch: 1 })).errorCode).toBe(70);
    expect(await ask({ id: other, epoch: -1 })).toMatchObject({ errorCode: 0, sessionId: 0 });
    expect(room).toEqual({ sessions: 0, partitions: 0 });
  });

  it('is none where there is no room, or nobody to come again', async () => {
    room.sessions = 1_000;
    expect((await ask({ epoch: 0, offsets: { 0: 1 } })).sessionId).toBe(0);
    room.sessions = 0;
    room.partitions = 100_000;
    expect((await ask({ epoch: 0, offsets: { 0: 1 } })).sessionId).toBe(0);
    room.partitions = 0;
    sessions = new FetchSessions(undefined);
    expect((await ask({ epoch: 0, offsets: { 0: 1 } })).sessionId).toBe(0);
  });

  it('is over when it takes on more than there is room for', async () => {
    const { sessionId: id } = await ask({ epoch: 0, offsets: { 0: 1 } });
    room.partitions = 99_999;
    expect((await ask({ id, epoch: 1, offsets: { 1: 1, 2: 1 } })).errorCode).toBe(70);
    expect(room).toEqual({ sessions: 0, partitions: 99_998 });
    expect((await ask({ id, epoch: 2 })).errorCode).toBe(70);
  });

  it('gives its room back when the client is gone', async () => {
    await ask({ epoch: 0, offsets: { 0: 1, 1: 1 } });
    expect(room).toEqual({ sessions: 1, partitions: 2 });
    sessions.close();
    sessions.close();
    expect(room).toEqual({ sessions: 0, partitions: 0 });
  });
});
