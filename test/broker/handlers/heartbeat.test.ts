import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

describe('Heartbeat', () => {
  it.each([0, 1, 2, 3, 4])('version %i: says what the group is up to', async (version) => {
    client = new GroupClient();
    const { memberId, generationId } = await client.member();
    const codes = async (...requests: object[]) => {
      const answers = requests.map((request) => client.heartbeat(version, request));
      return (await Promise.all(answers)).map(({ errorCode }) => errorCode);
    };
    expect(
      await codes(
        { memberId, generationId },
        { memberId, generationId: 9 },
        { memberId: 'me', generationId },
        { memberId, generationId, groupId: '' },
        { memberId, generationId, groupId: 'no such group' },
      ),
    ).toEqual([
      ErrorCode.NONE,
      ErrorCode.ILLEGAL_GENERATION,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.INVALID_GROUP_ID,
      ErrorCode.UNKNOWN_MEMBER_ID,
    ]);
    const newcomer = client.join(3);
    await expect
      .poll(() => codes({ memberId, generationId }))
      .toEqual([ErrorCode.REBALANCE_IN_PROGRESS]);
    await client.join(3, { memberId });
    expect((await newcomer).generationId).toBe(2);
  });

  it('fences a static member that was replaced', async () => {
    client = new GroupClient();
    const old = await client.join(5, { groupInstanceId: 'one' });
    const rejoin = client.join(5, { groupInstanceId: 'one' });
    expect((await rejoin).generationId).toBe(2);
    const { memberId } = old;
    const answer = await client.heartbeat(3, { memberId, generationId: 2, groupInstanceId: 'one' });
    expect(answer.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID);
  });

  it('is repeated in bad weather', async () => {
    client = new GroupClient();
    client.storm = true;
    expect((await client.heartbeat(1, {})).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
