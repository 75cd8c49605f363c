import { afterEach, describe, expect, it } from 'vitest';
import { deleteGroups } from '../../../src/protocol/apis/delete-groups.ts';
import { leaveGroup } from '../../../src/protocol/apis/leave-group.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

describe('DeleteGroups', () => {
  it.each([0, 1, 2, 3])('version %i: removes groups without members', async (version) => {
    client = new GroupClient();
    await client.createTopic('t');
    await client.commit(8, { 0: 1 }, { groupId: 'offsets' });
    const { memberId, groupId } = await client.member('live');
    const remove = async (...groupsNames: string[]) =>
      (await client.ask(deleteGroups, version, { groupsNames })).results;
    expect(await remove('offsets', 'live', 'none', 'offsets')).toEqual([
      { groupId: 'offsets', errorCode: ErrorCode.NONE, errorMessage: null },
      { groupId: 'live', errorCode: ErrorCode.NON_EMPTY_GROUP, errorMessage: null },
      { groupId: 'none', errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: null },
    ]);
    expect((await client.committed(null, 'offsets')).topics).toEqual([]);
    await client.ask(leaveGroup, 1, { groupId, memberId });
    expect(await remove('live')).toEqual([
      { groupId: 'live', errorCode: ErrorCode.NONE, errorMessage: null },
    ]);
  });

  it('in bad weather each group says so', async () => {
    client = new GroupClient();
    client.storm = true;
    const { results } = await client.ask(deleteGroups, 2, { groupsNames: ['a'] });
    const errorCode = ErrorCode.NOT_COORDINATOR;
    expect(results).toEqual([{ groupId: 'a', errorCode, errorMessage: null }]);
  });
});
