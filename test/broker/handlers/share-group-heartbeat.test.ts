import { afterEach, describe, expect, it } from 'vitest';
import { createPartitions } from '../../../src/protocol/apis/create-partitions.ts';
import {
  type ShareGroupHeartbeatRequest,
  shareGroupHeartbeat,
} from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

const first = { groupId: 'g', memberId: 'one', memberEpoch: 0, subscribedTopicNames: ['t'] };

function beat(request: Partial<ShareGroupHeartbeatRequest>) {
  return client.ask(shareGroupHeartbeat, 1, { groupId: 'g', memberId: 'one', ...request });
}

describe('ShareGroupHeartbeat', () => {
  it('gives a member what it reads', async () => {
    client = new GroupClient();
    await client.createTopic('t', 3);
    const joined = await beat(first);
    expect(joined).toMatchObject({ errorCode: 0, memberId: 'one', memberEpoch: 2 });
    expect(joined.heartbeatIntervalMs).toBe(5_000);
    expect(joined.assignment?.topicPartitions).toMatchObject([{ partitions: [0, 1, 2] }]);
    const again = await beat({ memberEpoch: 2 });
    expect(again).toMatchObject({ errorCode: 0, memberEpoch: 2, assignment: null });
    const left = await beat({ memberEpoch: -1 });
    expect(left).toMatchObject({ errorCode: 0, memberId: 'one', memberEpoch: -1 });
  });

  it.each([
    [{ groupId: '' }, ErrorCode.INVALID_REQUEST],
    [{ memberId: '' }, ErrorCode.INVALID_REQUEST],
    [{ memberId: ' ' }, ErrorCode.INVALID_REQUEST],
    [{ memberId: 'x'.repeat(37) }, ErrorCode.INVALID_REQUEST],
    [{ rackId: '' }, ErrorCode.INVALID_REQUEST],
    [{ subscribedTopicNames: null }, ErrorCode.INVALID_REQUEST],
    [{ subscribedTopicNames: [] }, ErrorCode.INVALID_REQUEST],
    [{ memberEpoch: -2 }, ErrorCode.INVALID_REQUEST],
    [{ memberEpoch: 1 }, ErrorCode.GROUP_ID_NOT_FOUND],
    [{ memberEpoch: -1 }, ErrorCode.GROUP_ID_NOT_FOUND],
  ])('refuses %o', async (wrong, errorCode) => {
    client = new GroupClient();
    const answer = await beat({ ...first, ...wrong });
    expect(answer).toMatchObject({ errorCode, memberId: null, assignment: null });
    expect(answer.errorMessage).toBeTruthy();
  });

  it('lets a group begin at the first record of what its topic gained', async () => {
    client = new GroupClient({ groupShareAssignmentIntervalMs: 0 });
    await client.createTopic('t', 1);
    await beat(first);
    const topics = [{ name: 't', count: 3, assignments: null }];
    await client.ask(createPartitions, 3, { topics, timeoutMs: 1_000 });
    const { memberEpoch } = await beat({ memberEpoch: 2 });
    const told = await beat({ memberEpoch });
    expect(told.memberEpoch).toBe(memberEpoch + 1);
    const [{ topicId, partitions }] = told.assignment!.topicPartitions;
    expect(partitions).toEqual([0, 1, 2]);
    const { objects } = client.context(1);
    const starts = await Promise.all(
      partitions.map(async (partition) => {
        const state = await objects.partition(topicId, partition).call('shareDescribe', {
          groupId: 'g',
        });
        return state.startOffset;
      }),
    );
    // The first one begins where the group's configs say, when somebody reads there.
    expect(starts).toEqual([-1, 0, 0]);
  });

  it('is repeated in bad weather', async () => {
    client = new GroupClient();
    await client.createTopic('t', 1);
    client.storm = true;
    expect((await beat(first)).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
