import { afterEach, describe, expect, it } from 'vitest';
import { handleJoinGroup } from '../../../src/broker/handlers/join-group.ts';
import { joinRefusal } from '../../../src/core/group/replies.ts';
import { joinGroup } from '../../../src/protocol/apis/join-group.ts';
import { syncGroup } from '../../../src/protocol/apis/sync-group.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { defaultsOf } from '../../../src/protocol/schema.ts';
import type { Objects } from '../../../src/runtime/stubs.ts';
import { GroupClient, protocols } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

describe('JoinGroup', () => {
  it.each([0, 1, 2, 3])('version %i: a new member joins at once', async (version) => {
    client = new GroupClient();
    const answer = await client.join(version);
    expect(answer).toMatchObject({
      errorCode: ErrorCode.NONE,
      generationId: 1,
      protocolName: 'range',
      leader: answer.memberId,
    });
    expect(answer.memberId).toMatch(/^test-[0-9a-f-]{36}$/);
    expect(answer.members).toEqual([
      { memberId: answer.memberId, groupInstanceId: null, metadata: protocols[0].metadata },
    ]);
  });

  it.each([4, 5, 6, 7, 8, 9])(
    'version %i: a new member comes back with its id',
    async (version) => {
      client = new GroupClient();
      const first = await client.join(version);
      expect(first).toMatchObject({
        errorCode: ErrorCode.MEMBER_ID_REQUIRED,
        generationId: -1,
        protocolName: version < 7 ? '' : null,
        leader: '',
        members: [],
      });
      const second = await client.join(version, { memberId: first.memberId });
      expect(second).toMatchObject({
        errorCode: ErrorCode.NONE,
        memberId: first.memberId,
        protocolType: version < 7 ? null : 'consumer',
        protocolName: 'range',
      });
    },
  );

  it('static members need no second request; a leader may skip the assignment', async () => {
    client = new GroupClient();
    const first = await client.join(5, { groupInstanceId: 'one' });
    expect(first.memberId).toMatch(/^one-/);
    expect(first.members[0].groupInstanceId).toBe('one');
    await client.ask(syncGroup, 3, {
      groupId: 'g',
      generationId: 1,
      memberId: first.memberId,
      groupInstanceId: 'one',
    });
    const back = await client.join(9, { groupInstanceId: 'one' });
    expect(back).toMatchObject({ generationId: 1, skipAssignment: true, leader: back.memberId });
    const older = await client.join(8, { groupInstanceId: 'one' });
    expect(older).toMatchObject({ generationId: 1, leader: back.memberId, members: [] });
  });

  it('version 0 has the session timeout for its rebalance timeout', async () => {
    client = new GroupClient();
    const asked: unknown[] = [];
    const call = async (_: string, { rebalanceTimeoutMs }: { rebalanceTimeoutMs: number }) => {
      asked.push(rebalanceTimeoutMs);
      return joinRefusal('', ErrorCode.NONE);
    };
    for (const version of [0, 1]) {
      const context = client.context(version);
      const objects = { ...context.objects, group: () => ({ call }) } as unknown as Objects;
      const request = { ...defaultsOf(joinGroup.request.fields), sessionTimeoutMs: 8_000 };
      await handleJoinGroup({ ...request, rebalanceTimeoutMs: 9_000 }, { ...context, objects });
    }
    expect(asked).toEqual([8_000, 9_000]);
  });

  it.each([
    ['an empty group id', { groupId: '' }, ErrorCode.INVALID_GROUP_ID],
    ['a session out of bounds', { sessionTimeoutMs: 1 }, ErrorCode.INVALID_SESSION_TIMEOUT],
    ['an id nobody gave out', { memberId: 'me' }, ErrorCode.UNKNOWN_MEMBER_ID],
    ['no protocols', { protocols: [] }, ErrorCode.INCONSISTENT_GROUP_PROTOCOL],
  ])('refuses %s', async (_, request, errorCode) => {
    client = new GroupClient();
    for (const version of [0, 6, 9]) {
      const answer = await client.join(version, request);
      expect(answer).toMatchObject({ errorCode, generationId: -1, members: [] });
    }
  });

  it('when the group is out of reach, clients look for it again', async () => {
    client = new GroupClient();
    client.storm = true;
    for (const version of [0, 5, 9]) {
      expect((await client.join(version)).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
    }
  });
});
