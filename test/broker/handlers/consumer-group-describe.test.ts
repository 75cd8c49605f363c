import { afterEach, describe, expect, it } from 'vitest';
import { consumerGroupDescribe } from '../../../src/protocol/apis/consumer-group-describe.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

async function describeGroups(version: number, ...groupIds: string[]) {
  const request = { groupIds, includeAuthorizedOperations: true };
  return (await client.ask(consumerGroupDescribe, version, request)).groups;
}

async function joined(): Promise<void> {
  client = new GroupClient();
  await client.createTopic('t', 2);
  await client.ask(consumerGroupHeartbeat, 1, {
    groupId: 'g',
    memberId: 'one',
    instanceId: 'first',
    rackId: 'r',
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: ['t'],
    topicPartitions: [],
  });
}

describe('ConsumerGroupDescribe', () => {
  it.each([0, 1])('version %i: names topics, epochs and members', async (version) => {
    await joined();
    const [group] = await describeGroups(version, 'g');
    expect(group).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      groupEpoch: 2,
      assignmentEpoch: 2,
      assignorName: 'uniform',
      authorizedOperations: 3400,
    });
    const partitions = { topicPartitions: [{ topicName: 't', partitions: [0, 1] }] };
    expect(group.members).toMatchObject([
      {
        memberId: 'one',
        instanceId: 'first',
        rackId: 'r',
        memberEpoch: 2,
        subscribedTopicNames: ['t'],
        subscribedTopicRegex: '',
        assignment: partitions,
        targetAssignment: partitions,
        memberType: version === 0 ? -1 : 1,
      },
    ]);
  });

  it('refuses each group by itself', async () => {
    await joined();
    await client.member('classic');
    const groups = await describeGroups(1, 'g', 'nobody', '', 'classic');
    expect(groups.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.GROUP_ID_NOT_FOUND,
      ErrorCode.INVALID_GROUP_ID,
      ErrorCode.GROUP_ID_NOT_FOUND,
    ]);
    expect(groups.slice(1).every(({ errorMessage }) => errorMessage)).toBe(true);
  });

  it('leaves out topics that are gone', async () => {
    await joined();
    await client.deleteTopic('t');
    const [group] = await describeGroups(1, 'g');
    expect(group.members[0].assignment.topicPartitions).toEqual([]);
  });

  it('is repeated in bad weather', async () => {
    await joined();
    client.storm = true;
    expect((await describeGroups(1, 'g'))[0].errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
