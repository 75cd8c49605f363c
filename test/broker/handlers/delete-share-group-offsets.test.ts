import { afterEach, describe, expect, it } from 'vitest';
import { deleteGroups } from '../../../src/protocol/apis/delete-groups.ts';
import { deleteShareGroupOffsets } from '../../../src/protocol/apis/delete-share-group-offsets.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';
import { alter, join, leave, starts } from '../share-offsets.ts';

let client: GroupClient;
afterEach(() => client.close());

function forget(topicNames: string[], groupId = 'g') {
  const topics = topicNames.map((topicName) => ({ topicName }));
  return client.ask(deleteShareGroupOffsets, 0, { groupId, topics });
}

async function started(): Promise<void> {
  client = new GroupClient();
  for (const name of ['t', 'u']) await client.createTopic(name, 2);
  await alter(client, { 0: 3, 1: 4 });
}

describe('DeleteShareGroupOffsets', () => {
  it('forgets topics, what could be done first', async () => {
    await started();
    const { errorCode, responses } = await forget(['x', 'u', 't']);
    expect(errorCode).toBe(0);
    const refused = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    expect(responses).toMatchObject([
      { topicName: 't', errorCode: 0, errorMessage: null },
      { topicName: 'x', errorCode: refused },
      { topicName: 'u', errorCode: refused },
    ]);
    expect(responses[1].errorMessage).toBe('There is no such topic or partition.');
    expect(responses[2].errorMessage).toBe('There is no offset information to delete.');
    expect(await starts(client)).toEqual({});
    await join(client);
    expect(await starts(client)).toEqual({ t: [-1, -1] });
  });

  it.each([
    ['', ErrorCode.INVALID_GROUP_ID],
    ['nobody', ErrorCode.GROUP_ID_NOT_FOUND],
    ['classic', ErrorCode.GROUP_ID_NOT_FOUND],
    ['g', ErrorCode.NON_EMPTY_GROUP],
  ])('refuses the group %j', async (groupId, errorCode) => {
    await started();
    await client.member('classic');
    await join(client);
    const refused = await forget(['t'], groupId);
    expect(refused).toMatchObject({ errorCode, responses: [] });
    expect(refused.errorMessage).toBeTruthy();
    expect(await starts(client)).toEqual({ t: [3, 4] });
  });

  it('is repeated in bad weather', async () => {
    await started();
    client.storm = true;
    expect((await forget(['t'])).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});

describe('DeleteGroups', () => {
  it('lets partitions forget a share group before it goes', async () => {
    await started();
    const remove = async () =>
      (await client.ask(deleteGroups, 2, { groupsNames: ['g'] })).results[0].errorCode;
    await join(client);
    expect(await remove()).toBe(ErrorCode.NON_EMPTY_GROUP);
    await leave(client);
    expect(await remove()).toBe(ErrorCode.NONE);
    expect(await remove()).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    await join(client);
    expect(await starts(client)).toEqual({ t: [-1, -1] });
  });
});
