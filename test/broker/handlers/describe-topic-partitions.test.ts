import { afterEach, describe, expect, it } from 'vitest';
import { Unanswerable } from '../../../src/broker/broker.ts';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { describeTopicPartitions } from '../../../src/protocol/apis/describe-topic-partitions.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

interface Asked {
  readonly names?: readonly string[];
  readonly limit?: number;
  readonly cursor?: readonly [string, number];
}

/** A page as `name:partition,partition` and the cursor behind it. */
async function page({ names = [], limit = 2_000, cursor }: Asked) {
  const answer = await throughBytes(
    describeTopicPartitions,
    {
      topics: names.map((name) => ({ name })),
      responsePartitionLimit: limit,
      cursor: cursor ? { topicName: cursor[0], partitionIndex: cursor[1] } : null,
    },
    cluster.connect()(0),
  );
  const topics = answer.topics.map(({ name, errorCode, partitions }) =>
    errorCode === 0
      ? `${name}:${partitions.map(({ partitionIndex }) => partitionIndex)}`
      : `${name}!${errorCode}`,
  );
  const next =
    answer.nextCursor && `${answer.nextCursor.topicName}:${answer.nextCursor.partitionIndex}`;
  return [...topics, next];
}

describe('DescribeTopicPartitions', () => {
  it('says everything of a partition, and what may be done with its topic', async () => {
    cluster = await clusterWith({ orders: 1 });
    const request = { topics: [{ name: 'orders' }] };
    const { topics, nextCursor } = await throughBytes(
      describeTopicPartitions,
      request,
      cluster.connect()(0),
    );
    expect(nextCursor).toBeNull();
    expect(topics).toEqual([
      {
        errorCode: ErrorCode.NONE,
        name: 'orders',
        topicId: expect.not.stringMatching(ZERO_UUID),
        isInternal: false,
        partitions: [
          {
            errorCode: ErrorCode.NONE,
            partitionIndex: 0,
            leaderId: 1,
            leaderEpoch: 0,
            replicaNodes: [1],
            isrNodes: [1],
            eligibleLeaderReplicas: [],
            lastKnownElr: [],
            offlineReplicas: [],
          },
        ],
        topicAuthorizedOperations: 3576,
      },
    ]);
  });

  it('sorts names and says each once; none are all', async () => {
    cluster = await clusterWith({ b: 2, a: 1 });
    expect(await page({ names: ['b', 'a', 'b'] })).toEqual(['a:0', 'b:0,1', null]);
    expect(await page({})).toEqual(['a:0', 'b:0,1', null]);
    expect(await page({ limit: 1, cursor: ['aa', 1] })).toEqual(['b:0', 'b:1']);
  });

  it.each<[Asked, (string | null)[]]>([
    [{ limit: 2 }, ['a:0,1', 'a:2']],
    [{ limit: 3 }, ['a:0,1,2', 'b:0']],
    [{ limit: 4 }, ['a:0,1,2', 'b:0', 'b:1']],
    [{ limit: 5 }, ['a:0,1,2', 'b:0,1', null]],
    [{ limit: 0 }, ['a:0', 'a:1']],
    [{ limit: -7 }, ['a:0', 'a:1']],
    [{ limit: 2, cursor: ['a', 2] }, ['a:2', 'b:0', 'b:1']],
    [{ limit: 2, cursor: ['a', 3] }, ['a:', 'b:0,1', null]],
    [{ limit: 2, cursor: ['b', 99] }, ['b:', null]],
  ])('pages %o', async (asked, expected) => {
    cluster = await clusterWith({ b: 2, a: 3 });
    expect(await page({ names: ['b', 'a'], ...asked })).toEqual(expected);
  });

  it('never answers more than 2000 partitions', async () => {
    cluster = await clusterWith({ wide: 2_001 });
    const [, next] = await page({ limit: 100_000 });
    expect(next).toBe('wide:2000');
  });

  it('says which topics there are not; they take no room', async () => {
    cluster = await clusterWith({ b: 2 });
    const names = ['a', 'b', 'bad name', 'c'];
    const expected = [`a!${ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}`, 'b:0'];
    expect(await page({ names: ['a', 'b'], limit: 1 })).toEqual([...expected, 'b:1']);
    const invalid = `bad name!${ErrorCode.INVALID_TOPIC_EXCEPTION}`;
    expect(await page({ names, limit: 2 })).toEqual([expected[0], 'b:0,1', 'bad name:0']);
    expect(await page({ names: ['bad name'] })).toEqual([invalid, null]);
  });

  it('refuses a cursor that leads nowhere', async () => {
    cluster = await clusterWith({ a: 1, b: 2 });
    const refused = [`b!${ErrorCode.INVALID_REQUEST}`, null];
    expect(await page({ names: ['b'], cursor: ['a', 0] })).toEqual(refused);
    expect(await page({ names: ['b'], cursor: ['b', -1] })).toEqual(refused);
    await expect(page({ cursor: ['b', -1] })).rejects.toThrow(Unanswerable);
  });
});
