import { afterEach, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

async function withTopic(partitions = 3): Promise<GroupClient> {
  client = new GroupClient();
  await client.createTopic('t', partitions);
  return client;
}

const versions = [2, 3, 4, 5, 6, 7, 8, 9];

describe('OffsetCommit', () => {
  it.each(versions)('version %i: stores offsets of members and of others', async (version) => {
    await withTopic();
    expect(await client.commit(version, { 0: 5, 2: 7 })).toEqual([0, 0]);
    const { memberId, generationId } = await client.member();
    const asMember = { memberId, generationIdOrMemberEpoch: generationId };
    expect(await client.commit(version, { 0: 6 }, asMember)).toEqual([0]);
    expect((await client.committed([0, 1, 2])).topics[0].partitions).toMatchObject([
      { committedOffset: 6 },
      { committedOffset: -1 },
      { committedOffset: 7 },
    ]);
    expect(await client.commit(version, { 0: 1 })).toEqual([ErrorCode.UNKNOWN_MEMBER_ID]);
  });

  it('refuses what does not exist, partition by partition', async () => {
    await withTopic();
    const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    expect(await client.commit(8, { 0: 1, 3: 1, [-1]: 1 })).toEqual([unknown, unknown, 0]);
    expect(await client.commit(8, { 0: 1 }, {}, 'nothing')).toEqual([unknown]);
    expect((await client.committed()).topics).toHaveLength(1);
  });

  it('asks no group when nothing is left to commit', async () => {
    await withTopic();
    client.storm = true;
    const codes = await client.commit(8, { 0: 1 }, {}, 'nothing');
    expect(codes).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
    expect(await client.commit(8, { 0: 1 })).toEqual([ErrorCode.NOT_COORDINATOR]);
    const empty = await client.ask(offsetCommit, 8, { groupId: 'g', topics: [] });
    expect(empty.topics).toEqual([]);
  });

  it('says of the group what is wrong with it, on every partition', async () => {
    await withTopic();
    const stranger = { memberId: 'me', generationIdOrMemberEpoch: 3 };
    const { ILLEGAL_GENERATION, GROUP_ID_NOT_FOUND, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    expect(await client.commit(8, { 0: 1, 1: 1 }, stranger)).toEqual([
      ILLEGAL_GENERATION,
      ILLEGAL_GENERATION,
    ]);
    expect(await client.commit(9, { 0: 1, 7: 1 }, stranger)).toEqual([
      UNKNOWN_TOPIC_OR_PARTITION,
      GROUP_ID_NOT_FOUND,
    ]);
  });

  it('commits for the topic that bears the name now, whoever made it', async () => {
    await withTopic();
    await client.commit(8, { 0: 5 });
    await client.renewElsewhere('t');
    expect(await client.commit(8, { 1: 7 })).toEqual([0]);
    const offsets = (await client.committed([0, 1])).topics[0].partitions;
    expect(offsets.map(({ committedOffset }) => committedOffset)).toEqual([-1, 7]);
  });

  it('refuses metadata that is too long', async () => {
    await withTopic();
    const partition = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1 };
    const partitions = [
      { ...partition, committedMetadata: 'x'.repeat(4_097) },
      { ...partition, partitionIndex: 1, committedMetadata: 'x' },
      { ...partition, committedMetadata: 'named twice' },
    ];
    const topics = [{ name: 't', topicId: ZERO_UUID, partitions }];
    const answer = await client.ask(offsetCommit, 8, { groupId: 'g', topics });
    expect(answer.topics[0].partitions).toEqual([
      { partitionIndex: 0, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE },
      { partitionIndex: 1, errorCode: ErrorCode.NONE },
      { partitionIndex: 0, errorCode: ErrorCode.NONE },
    ]);
  });

  it('stores offsets of topics by id, and refuses an id that no topic has', async () => {
    await withTopic();
    const topicId = (await client.context(10).metadata.topic('t'))!.topicId;
    const stranger = 'c29tZS1vdGhlci10b3BpYw';
    const offset = { committedOffset: 7, committedLeaderEpoch: -1, committedMetadata: null };
    const partitions = [0, 99].map((partitionIndex) => ({ ...offset, partitionIndex }));
    const topics = [stranger, topicId].map((id) => ({ name: '', topicId: id, partitions }));
    const answer = await client.ask(offsetCommit, 10, { groupId: 'g', topics });
    const codes = answer.topics.map((topic) => [
      topic.topicId,
      ...topic.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]),
    ]);
    const [unknownId, unknown] = [ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION];
    expect(codes).toEqual([
      [stranger, [0, unknownId], [99, unknownId]],
      [topicId, [99, unknown], [0, 0]],
    ]);
    const kept = await client.committed([0]);
    expect(kept.topics[0].partitions[0].committedOffset).toBe(7);
  });
});
