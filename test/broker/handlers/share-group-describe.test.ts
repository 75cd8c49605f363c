import { afterEach, describe, expect, it } from 'vitest';
import { listGroups } from '../../../src/protocol/apis/list-groups.ts';
import { shareGroupDescribe } from '../../../src/protocol/apis/share-group-describe.ts';
import { shareGroupHeartbeat } from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

async function describeGroups(...groupIds: string[]) {
  const request = { groupIds, includeAuthorizedOperations: true };
  return (await client.ask(shareGroupDescribe, 1, request)).groups;
}

async function joined(): Promise<void> {
  client = new GroupClient();
  await client.createTopic('t', 2);
  const member = { groupId: 'g', memberId: 'one', rackId: 'r', subscribedTopicNames: ['t'] };
  await client.ask(shareGroupHeartbeat, 1, member);
}

describe('ShareGroupDescribe', () => {
  it('names topics, epochs and members', async () => {
    await joined();
    const [group] = await describeGroups('g');
    expect(group).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      groupEpoch: 2,
      assignmentEpoch: 2,
      assignorName: 'simple',
      authorizedOperations: 3400,
    });
    expect(group.members).toMatchObject([
      {
        memberId: 'one',
        rackId: 'r',
        memberEpoch: 2,
        subscribedTopicNames: ['t'],
        assignment: { topicPartitions: [{ topicName: 't', partitions: [0, 1] }] },
      },
    ]);
  });

  it('refuses each group by itself', async () => {
    await joined();
    await client.member('classic');
    const groups = await describeGroups('g', 'nobody', '', 'classic');
    expect(groups.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.GROUP_ID_NOT_FOUND,
      ErrorCode.INVALID_GROUP_ID,
      ErrorCode.GROUP_ID_NOT_FOUND,
    ]);
    expect(groups[3].errorMessage).toBe('Group classic is not a share group.');
  });

  it('leaves out topics that are gone', async () => {
    await joined();
    await client.deleteTopic('t');
    const [group] = await describeGroups('g');
    expect(group.members[0].assignment.topicPartitions).toEqual([]);
  });

  it('is repeated in bad weather', async () => {
    await joined();
    client.storm = true;
    expect((await describeGroups('g'))[0].errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });

  it('is of groups that ListGroups lists as share groups', async () => {
    await joined();
    await client.member('classic');
    const list = async (statesFilter: string[], typesFilter: string[]) => {
      const { groups } = await client.ask(listGroups, 5, { statesFilter, typesFilter });
      return groups.map(({ groupId }) => groupId);
    };
    expect(await list([], ['Share'])).toEqual(['g']);
    expect(await list(['empty'], ['share'])).toEqual([]);
    const { groups } = await client.ask(listGroups, 5, { typesFilter: ['share'] });
    expect(groups).toMatchObject([
      { groupId: 'g', protocolType: 'share', groupState: 'Stable', groupType: 'share' },
    ]);
  });
});
