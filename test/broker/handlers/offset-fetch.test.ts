import { afterEach, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

/**
 * Topic `t` of three partitions, of which 1 is committed at 42, with a leader epoch and metadata.
 */
async function withCommit(): Promise<GroupClient> {
  client = new GroupClient();
  await client.createTopic('t', 3);
  const partition = { partitionIndex: 1, committedOffset: 42, committedLeaderEpoch: 0 };
  const partitions = [{ ...partition, committedMetadata: 'mine' }];
  await client.ask(offsetCommit, 8, {
    groupId: 'g',
    topics: [{ name: 't', topicId: ZERO_UUID, partitions }],
  });
  return client;
}

const stored = {
  partitionIndex: 1,
  committedOffset: 42,
  committedLeaderEpoch: 0,
  metadata: 'mine',
  errorCode: ErrorCode.NONE,
};
const none = (partitionIndex: number) => ({
  partitionIndex,
  committedOffset: -1,
  committedLeaderEpoch: -1,
  metadata: '',
  errorCode: ErrorCode.NONE,
});

describe('OffsetFetch', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('version %i: one group', async (version) => {
    await withCommit();
    const epoch = version < 5 ? { committedLeaderEpoch: -1 } : {};
    const topics = [
      { name: 't', topicId: ZERO_UUID, partitionIndexes: [1, 0, 99] },
      { name: 'nothing', topicId: ZERO_UUID, partitionIndexes: [5] },
    ];
    const requireStable = version >= 7;
    const some = await client.ask(offsetFetch, version, { groupId: 'g', topics, requireStable });
    expect(some.errorCode).toBe(ErrorCode.NONE);
    expect(some.topics).toEqual([
      { name: 't', partitions: [{ ...stored, ...epoch }, none(0), none(99)] },
      { name: 'nothing', partitions: [none(5)] },
    ]);
    if (version < 2) return;
    const all = await client.ask(offsetFetch, version, { groupId: 'g', topics: null });
    expect(all.topics).toEqual([{ name: 't', partitions: [{ ...stored, ...epoch }] }]);
  });

  it.each([7, 8])('version %i: answers a topic that is named twice both times', async (version) => {
    await withCommit();
    const topics = [
      { name: 't', topicId: ZERO_UUID, partitionIndexes: [1] },
      { name: 't', topicId: ZERO_UUID, partitionIndexes: [0] },
    ];
    const groups = [{ groupId: 'g', memberId: null, memberEpoch: -1, topics }];
    const asked = version < 8 ? { groupId: 'g', topics } : { groups };
    const answer = await client.ask(offsetFetch, version, asked);
    expect(version < 8 ? answer.topics : answer.groups[0].topics).toMatchObject([
      { name: 't', partitions: [stored] },
      { name: 't', partitions: [none(0)] },
    ]);
  });

  it.each([8, 9])('version %i: many groups', async (version) => {
    await withCommit();
    const group = (
      groupId: string,
      topics: { name: string; topicId: string; partitionIndexes: number[] }[] | null,
    ) => ({
      groupId,
      memberId: null,
      memberEpoch: -1,
      topics,
    });
    const { groups } = await client.ask(offsetFetch, version, {
      groups: [
        group('g', null),
        group('none', null),
        group('none', [{ name: 't', topicId: ZERO_UUID, partitionIndexes: [1] }]),
        group('', []),
      ],
      requireStable: true,
    });
    expect(groups).toMatchObject([
      { groupId: 'g', topics: [{ name: 't', partitions: [stored] }], errorCode: 0 },
      { groupId: 'none', topics: [], errorCode: 0 },
      { groupId: 'none', topics: [{ name: 't', partitions: [none(1)] }], errorCode: 0 },
      { groupId: '', topics: [], errorCode: 0 },
    ]);
  });

  it.each([6, 7, 8, 9])('version %i: waits for open transactions, if so asked', async (version) => {
    await withCommit();
    const transaction = await client.pending({ 1: 50, 2: 51 });
    const fetch = async (
      requireStable: boolean,
      topics: { name: string; topicId: string; partitionIndexes: number[] }[] | null,
    ) => {
      const groups = [{ groupId: 'g', memberId: null, memberEpoch: -1, topics }];
      const wanted = version < 8 ? { groupId: 'g', topics } : { groups };
      const answer = await client.ask(offsetFetch, version, { ...wanted, requireStable });
      return version < 8 ? answer : answer.groups[0];
    };
    const some = [{ name: 't', topicId: ZERO_UUID, partitionIndexes: [0, 1, 2] }];
    const unstable = (index: number) => ({
      ...none(index),
      errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT,
    });
    expect(await fetch(false, some)).toMatchObject({
      topics: [{ name: 't', partitions: [none(0), stored, none(2)] }],
    });
    if (version < 7) return;
    expect(await fetch(true, some)).toMatchObject({
      errorCode: ErrorCode.NONE,
      topics: [{ name: 't', partitions: [none(0), unstable(1), unstable(2)] }],
    });
    expect(await fetch(true, null)).toMatchObject({
      topics: [{ name: 't', partitions: [unstable(1)] }],
    });
    await transaction.end(true);
    const ended = await fetch(true, some);
    expect(ended.topics[0].partitions.map((each) => each.committedOffset)).toEqual([-1, 50, 51]);
  });

  it('waits for no transaction that wrote of a topic before it was created again', async () => {
    await withCommit();
    const transaction = await client.pending({ 1: 50, 2: 51 });
    await client.deleteTopic('t');
    await client.createTopic('t', 3);
    await client.commit(8, { 1: 3 });
    const topics = [{ name: 't', topicId: ZERO_UUID, partitionIndexes: [0, 1, 2] }];
    const fetch = () => client.ask(offsetFetch, 7, { groupId: 'g', topics, requireStable: true });
    const before = await fetch();
    expect(before.topics[0].partitions.map((each) => each.committedOffset)).toEqual([-1, 3, -1]);
    expect(before.topics[0].partitions.every(({ errorCode }) => errorCode === 0)).toBe(true);
    await transaction.end(true);
    expect(await fetch()).toEqual(before);
  });

  it('does not see offsets of a topic that is gone, or was created again', async () => {
    await withCommit();
    await client.deleteTopic('t');
    expect((await client.committed()).topics).toEqual([]);
    await client.createTopic('t', 3);
    expect((await client.committed()).topics).toEqual([]);
    expect((await client.committed([1])).topics[0].partitions).toEqual([none(1)]);
    await client.commit(8, { 0: 3 });
    expect((await client.committed([0, 1])).topics[0].partitions).toMatchObject([
      { committedOffset: 3 },
      { committedOffset: -1 },
    ]);
  });

  it('does not see them either where another gateway made it again', async () => {
    await withCommit();
    await client.renewElsewhere('t');
    expect((await client.committed([1])).topics[0].partitions).toEqual([none(1)]);
  });

  it('in bad weather says so in the way that consumers repeat', async () => {
    await withCommit();
    client.storm = true;
    expect(await client.committed()).toEqual({
      groupId: 'g',
      topics: [],
      errorCode: ErrorCode.NOT_COORDINATOR,
    });
    const topics = [{ name: 't', topicId: ZERO_UUID, partitionIndexes: [1] }];
    const first = await client.ask(offsetFetch, 1, { groupId: 'g', topics });
    expect(first.topics[0].partitions[0].errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    const second = await client.ask(offsetFetch, 2, { groupId: 'g', topics });
    expect(second.errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });

  it('answers topics that are asked for by id, and all of them with their ids', async () => {
    await withCommit();
    const topicId = (await client.context(10).metadata.topic('t'))!.topicId;
    const stranger = 'c29tZS1vdGhlci10b3BpYw';
    const group = (topics: readonly (readonly [string, number[]])[] | null) => ({
      groupId: 'g',
      memberId: null,
      memberEpoch: -1,
      topics:
        topics === null
          ? null
          : topics.map(([id, partitionIndexes]) => ({ name: '', topicId: id, partitionIndexes })),
    });
    const groups = [
      group([
        [stranger, [3]],
        [topicId, [0, 1]],
      ]),
      group(null),
    ];
    const answer = await client.ask(offsetFetch, 10, { groups });
    const unknown = { ...none(3), errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
    expect(answer.groups.map(({ topics }) => topics)).toEqual([
      [
        { name: '', topicId, partitions: [none(0), stored] },
        { name: '', topicId: stranger, partitions: [unknown] },
      ],
      [{ name: '', topicId, partitions: [stored] }],
    ]);
    const nothing = await client.ask(offsetFetch, 10, {
      groups: [{ ...group([[topicId, [2]]]), groupId: 'none' }],
    });
    expect(nothing.groups[0].topics).toEqual([{ name: '', topicId, partitions: [none(2)] }]);
  });
});
