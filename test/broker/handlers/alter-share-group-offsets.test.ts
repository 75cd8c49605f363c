import { afterEach, describe, expect, it } from 'vitest';
import { alterShareGroupOffsets } from '../../../src/protocol/apis/alter-share-group-offsets.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';
import { alter, join, leave, starts } from '../share-offsets.ts';

let client: GroupClient;
afterEach(() => client.close());

const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;

describe('AlterShareGroupOffsets', () => {
  it('sets offsets, of a group that need not be there', async () => {
    client = new GroupClient();
    await client.createTopic('t', 3);
    const { errorCode, responses } = await alter(client, { 0: 4, 2: 5 });
    expect(errorCode).toBe(0);
    expect(responses).toMatchObject([
      {
        topicName: 't',
        partitions: [
          { partitionIndex: 0, errorCode: 0, errorMessage: null },
          { partitionIndex: 2, errorCode: 0, errorMessage: null },
        ],
      },
    ]);
    expect(await starts(client)).toEqual({ t: [4, 5] });
    await alter(client, { 0: 1 });
    expect(await starts(client)).toEqual({ t: [1, 5] });
    await alter(client, { 0: -1 });
    expect(await starts(client)).toEqual({ t: [-1, 5] });
  });

  it('refuses each partition that is not there', async () => {
    client = new GroupClient();
    await client.createTopic('t', 1);
    const some = await alter(client, { 0: 1, 1: 1 });
    expect(some.responses[0].partitions).toMatchObject([
      { errorCode: 0 },
      { errorCode: unknown, errorMessage: 'There is no such topic or partition.' },
    ]);
    const none = await alter(client, { 0: 1 }, 'x');
    expect(none.responses[0].partitions).toMatchObject([{ errorCode: unknown }]);
  });

  it('makes no group for nothing', async () => {
    client = new GroupClient();
    await alter(client, { 0: 1 }, 'x');
    expect(
      (await client.cluster.connect()(1).objects.controller().call('listGroups', {})).groupIds,
    ).toEqual([]);
  });

  it.each([
    ['', ErrorCode.INVALID_GROUP_ID],
    ['classic', ErrorCode.GROUP_ID_NOT_FOUND],
    ['g', ErrorCode.NON_EMPTY_GROUP],
  ])('refuses the group %j', async (groupId, errorCode) => {
    client = new GroupClient();
    await client.createTopic('t', 1);
    await client.member('classic');
    await join(client);
    const topics = [{ topicName: 't', partitions: [{ partitionIndex: 0, startOffset: 0 }] }];
    const refused = await client.ask(alterShareGroupOffsets, 0, { groupId, topics });
    expect(refused).toMatchObject({ errorCode, responses: [] });
    expect(refused.errorMessage).toBeTruthy();
    await leave(client);
    expect((await alter(client, { 0: 0 })).errorCode).toBe(0);
  });

  it('is repeated in bad weather', async () => {
    client = new GroupClient();
    await client.createTopic('t', 1);
    client.storm = true;
    expect((await alter(client, { 0: 0 })).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
