import { afterEach, describe, expect, it } from 'vitest';
import { rebalance } from '../../../src/fronts/test/rebalance.ts';
import { consumerGroupHeartbeat } from '../../../src/protocol/apis/consumer-group-heartbeat.ts';
import { shareGroupHeartbeat } from '../../../src/protocol/apis/share-group-heartbeat.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../../broker/group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

const visit = (groupId: string) => rebalance(groupId, client.context(0).objects);
const memberId = 'AAAAAAAAAAAAAAAAAAAAAQ';
const quiet = (memberEpoch: number) => ({ groupId: 'g', memberId, memberEpoch });
const joining = { ...quiet(0), subscribedTopicNames: ['t'] };

describe('a rebalance on demand', () => {
  it('has the members of a classic group join again', async () => {
    client = new GroupClient();
    const member = await client.member();
    expect((await client.heartbeat(3, member)).errorCode).toBe(ErrorCode.NONE);
    expect(await visit('g')).toBe(true);
    expect((await client.heartbeat(3, member)).errorCode).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    // While they do, another one changes nothing.
    expect(await visit('g')).toBe(true);
    const again = await client.join(3, { memberId: member.memberId });
    expect(again.errorCode).toBe(ErrorCode.NONE);
    expect(again.members).toHaveLength(1);
  });

  it('gives the members of a consumer group a new epoch', async () => {
    client = new GroupClient({ groupConsumerAssignmentIntervalMs: 0 });
    await client.createTopic('t', 2);
    const join = { ...joining, rebalanceTimeoutMs: 60_000, topicPartitions: [] };
    const { memberEpoch } = await client.ask(consumerGroupHeartbeat, 1, join);
    expect(await visit('g')).toBe(true);
    const later = await client.ask(consumerGroupHeartbeat, 1, quiet(memberEpoch));
    expect(later.errorCode).toBe(ErrorCode.NONE);
    expect(later.memberEpoch).toBeGreaterThan(memberEpoch);
  });

  it('gives the members of a share group a new epoch', async () => {
    client = new GroupClient({ groupShareAssignmentIntervalMs: 0 });
    await client.createTopic('t', 2);
    const { memberEpoch } = await client.ask(shareGroupHeartbeat, 1, joining);
    expect(await visit('g')).toBe(true);
    const later = await client.ask(shareGroupHeartbeat, 1, quiet(memberEpoch));
    expect(later.errorCode).toBe(ErrorCode.NONE);
    expect(later.memberEpoch).toBeGreaterThan(memberEpoch);
  });

  it('says so where there is no such group, or nobody is in it', async () => {
    client = new GroupClient();
    expect(await visit('none')).toBe(false);
    await client.commit(2, { 0: 1 }, { generationIdOrMemberEpoch: -1 });
    expect(await visit('g')).toBe(false);
  });
});
