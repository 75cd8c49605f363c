import { afterEach, describe, expect, it } from 'vitest';
import { leaveGroup } from '../../../src/protocol/apis/leave-group.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

const { NONE, UNKNOWN_MEMBER_ID, INVALID_GROUP_ID, NOT_COORDINATOR } = ErrorCode;

describe('LeaveGroup', () => {
  it.each([0, 1, 2])('version %i: one member, whose code is the answer', async (version) => {
    client = new GroupClient();
    const { memberId, groupId } = await client.member();
    const leave = async (request: object) =>
      (await client.ask(leaveGroup, version, { groupId, ...request })).errorCode;
    expect(await leave({ memberId: 'me' })).toBe(UNKNOWN_MEMBER_ID);
    expect(await leave({ memberId })).toBe(NONE);
    expect(await leave({ memberId })).toBe(UNKNOWN_MEMBER_ID);
    expect(await leave({ memberId, groupId: 'no such group' })).toBe(UNKNOWN_MEMBER_ID);
    expect(await leave({ memberId, groupId: '' })).toBe(INVALID_GROUP_ID);
  });

  it.each([3, 4, 5])('version %i: many members, each with its code', async (version) => {
    client = new GroupClient();
    const first = await client.join(5, { groupInstanceId: 'one' });
    const leaving = (memberId: string, groupInstanceId: string | null) => ({
      memberId,
      groupInstanceId,
      reason: version >= 5 ? 'done' : null,
    });
    const { errorCode, members } = await client.ask(leaveGroup, version, {
      groupId: 'g',
      members: [leaving('me', null), leaving('', 'one'), leaving(first.memberId, null)],
    });
    expect(errorCode).toBe(NONE);
    expect(members).toEqual([
      { memberId: 'me', groupInstanceId: null, errorCode: UNKNOWN_MEMBER_ID },
      { memberId: '', groupInstanceId: 'one', errorCode: NONE },
      { memberId: first.memberId, groupInstanceId: null, errorCode: UNKNOWN_MEMBER_ID },
    ]);
  });

  it('is repeated in bad weather', async () => {
    client = new GroupClient();
    client.storm = true;
    for (const version of [1, 5]) {
      const answer = await client.ask(leaveGroup, version, { groupId: 'g' });
      expect(answer.errorCode).toBe(NOT_COORDINATOR);
    }
  });
});
