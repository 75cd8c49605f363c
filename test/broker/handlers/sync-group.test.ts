import { afterEach, describe, expect, it } from 'vitest';
import { syncGroup } from '../../../src/protocol/apis/sync-group.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

describe('SyncGroup', () => {
  it.each([0, 1, 2, 3, 4, 5])('version %i: hands out what the leader assigned', async (version) => {
    client = new GroupClient();
    const { memberId, generationId } = await client.join(3);
    const answer = await client.ask(syncGroup, version, {
      groupId: 'g',
      generationId,
      memberId,
      assignments: [{ memberId, assignment: Uint8Array.of(1, 2) }],
      ...(version >= 5 && { protocolType: 'consumer', protocolName: 'range' }),
    });
    expect(answer).toEqual({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      protocolType: version >= 5 ? 'consumer' : null,
      protocolName: version >= 5 ? 'range' : null,
      assignment: Uint8Array.of(1, 2),
    });
  });

  it('from version 5 on wants to know the protocol', async () => {
    client = new GroupClient();
    const { memberId, generationId } = await client.join(3);
    const asked = { groupId: 'g', generationId, memberId };
    for (const protocol of [
      { protocolType: null, protocolName: 'range' },
      { protocolType: 'consumer', protocolName: null },
      { protocolType: 'consumer', protocolName: 'sticky' },
    ]) {
      const answer = await client.ask(syncGroup, 5, { ...asked, ...protocol });
      expect(answer.errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
  });

  it('followers wait until the leader has spoken', async () => {
    client = new GroupClient({ groupInitialRebalanceDelayMs: 20 });
    const joined = await Promise.all([client.join(3), client.join(3)]);
    const leader = joined.find(({ memberId, leader }) => memberId === leader)!;
    const follower = joined.find((member) => member !== leader)!;
    const sync = ({ memberId, generationId }: typeof leader, assignments: object[]) =>
      client.ask(syncGroup, 3, { groupId: 'g', generationId, memberId, assignments } as never);
    const waiting = sync(follower, []);
    await sync(leader, [{ memberId: follower.memberId, assignment: Uint8Array.of(9) }]);
    expect((await waiting).assignment).toEqual(Uint8Array.of(9));
  });

  it('refuses strangers, and is repeated in bad weather', async () => {
    client = new GroupClient();
    const asked = { groupId: 'g', generationId: 1, memberId: 'me' };
    const stranger = await client.ask(syncGroup, 3, asked);
    expect(stranger.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    client.storm = true;
    const weather = await client.ask(syncGroup, 3, asked);
    expect(weather.errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
