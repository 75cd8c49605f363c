import { afterEach, describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/broker/broker.ts';
import type { CommitReply } from '../../../src/core/group/commands.ts';
import {
  type TxnOffsetCommitRequest,
  txnOffsetCommit,
} from '../../../src/protocol/apis/txn-offset-commit.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient, topicOf } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

async function withTopic(): Promise<GroupClient> {
  client = new GroupClient();
  await client.createTopic('t', 3);
  return client;
}

const producer = { transactionalId: 'x', groupId: 'g', producerId: 7, producerEpoch: 3 };
const versions = [0, 1, 2, 3, 4, 5];

async function commit(
  version: number,
  topics: TxnOffsetCommitRequest['topics'],
): Promise<number[]> {
  const answer = await client.ask(txnOffsetCommit, version, { ...producer, topics });
  return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
}

/** What the group is asked for this request, and what the client hears if it answers so. */
async function heard(
  version: number,
  request: TxnOffsetCommitRequest,
  reply: CommitReply,
): Promise<{ asked: unknown; codes: number[] }> {
  const context = client.context(version);
  let asked: unknown;
  const group = () => ({
    call: async (kind: string, command: unknown) => {
      asked = { kind, command };
      return reply;
    },
  });
  const objects = { ...context.objects, group } as unknown as typeof context.objects;
  const answer = await dispatch(txnOffsetCommit, request, { ...context, objects });
  const codes = answer.topics.flatMap(({ partitions }) => partitions.map((each) => each.errorCode));
  return { asked, codes };
}

describe('TxnOffsetCommit', () => {
  it.each(versions)('version %i: asks the group, which adds itself from 5 on', async (version) => {
    await withTopic();
    const topicId = (await client.context(version).metadata.topic('t'))?.topicId;
    const member = { generationIdOrMemberEpoch: 4, memberId: 'me', groupInstanceId: 'i' };
    const request = { ...producer, ...member, topics: topicOf({ 0: 5, 2: 6, 9: 5 }) };
    const reply = {
      errorCode: 0,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 0, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE },
            { partitionIndex: 2, errorCode: 0 },
          ],
        },
      ],
    };
    const { asked, codes } = await heard(version, request, reply);
    const offset = { committedLeaderEpoch: -1, metadata: null };
    expect(asked).toEqual({
      kind: 'commitTransactionalOffsets',
      command: {
        ...producer,
        generationId: 4,
        memberId: 'me',
        groupInstanceId: 'i',
        addsGroup: version >= 5,
        topics: [
          {
            name: 't',
            topicId,
            partitions: [
              { partitionIndex: 0, committedOffset: 5, ...offset },
              { partitionIndex: 2, committedOffset: 6, ...offset },
            ],
          },
        ],
      },
    });
    expect(codes).toEqual([
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      ErrorCode.OFFSET_METADATA_TOO_LARGE,
      0,
    ]);
  });

  it('says what the group refuses in a code that the version knows', async () => {
    await withTopic();
    const nobody = { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null };
    const request = { ...producer, ...nobody, topics: topicOf({ 0: 5 }) };
    const codes = async (errorCode: number): Promise<number[]> => {
      const answers = versions.map((version) => heard(version, request, { errorCode, topics: [] }));
      return (await Promise.all(answers)).flatMap((answer) => answer.codes);
    };
    const {
      COORDINATOR_LOAD_IN_PROGRESS: loading,
      COORDINATOR_NOT_AVAILABLE: gone,
      INVALID_PRODUCER_EPOCH: fenced,
      INVALID_TXN_STATE: invalid,
      TRANSACTION_ABORTABLE: abortable,
    } = ErrorCode;
    expect(await codes(abortable)).toEqual([
      invalid,
      invalid,
      invalid,
      invalid,
      abortable,
      abortable,
    ]);
    expect(await codes(loading)).toEqual([gone, gone, loading, loading, loading, loading]);
    expect(await codes(fenced)).toEqual(Array(6).fill(fenced));
  });

  it('asks no group when nothing is left to commit', async () => {
    await withTopic();
    client.storm = true;
    const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    expect(await commit(5, topicOf({ 0: 1 }, 'nothing'))).toEqual([unknown]);
    expect(await commit(5, [])).toEqual([]);
    expect(await commit(5, topicOf({ 0: 1, 9: 1 }))).toEqual(
      Array(2).fill(ErrorCode.NOT_COORDINATOR),
    );
  });

  it.each([
    [5, ErrorCode.ILLEGAL_GENERATION],
    [6, ErrorCode.STALE_MEMBER_EPOCH],
  ])('version %i: says %i of an epoch that is over', async (version, code) => {
    await withTopic();
    const topicId = (await client.context(version).metadata.topic('t'))!.topicId;
    const member = { generationIdOrMemberEpoch: 4, memberId: 'me', groupInstanceId: null };
    const topics = topicOf({ 0: 5 }).map((topic) => (version < 6 ? topic : { ...topic, topicId }));
    const refusal = { errorCode: ErrorCode.STALE_MEMBER_EPOCH, topics: [] };
    const { codes } = await heard(version, { ...producer, ...member, topics }, refusal);
    expect(codes).toEqual([code]);
  });
});
