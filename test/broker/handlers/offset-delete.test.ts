import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { offsetDelete } from '../../../src/protocol/apis/offset-delete.ts';
import { encodeSubscription } from '../../../src/protocol/embedded/consumer-protocol.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
beforeEach(async () => {
  client = new GroupClient();
  await client.createTopic('t', 2);
});
afterEach(() => client.close());

/** The code of the whole request, or those of the partitions by topic. */
async function forget(wanted: Record<string, number[]>, groupId = 'g') {
  const topics = Object.entries(wanted).map(([name, partitions]) => ({
    name,
    partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
  }));
  const { errorCode, topics: answered } = await client.ask(offsetDelete, 0, { groupId, topics });
  if (errorCode !== ErrorCode.NONE) {
    expect(answered).toEqual([]);
    return errorCode;
  }
  for (const [i, { partitions }] of answered.entries()) {
    const indexes = partitions.map(({ partitionIndex }) => partitionIndex);
    expect(indexes).toEqual(topics[i].partitions.map(({ partitionIndex }) => partitionIndex));
  }
  return Object.fromEntries(
    answered.map(({ name, partitions }) => [name, partitions.map(({ errorCode: code }) => code)]),
  );
}

describe('OffsetDelete', () => {
  it('forgets what was committed, and does not mind what was not', async () => {
    await client.commit(8, { 0: 5, 1: 6 });
    expect(await forget({ t: [0] })).toEqual({ t: [0] });
    expect(await forget({ t: [0] })).toEqual({ t: [0] });
    const { topics } = await client.committed();
    expect(topics).toMatchObject([{ partitions: [{ partitionIndex: 1, committedOffset: 6 }] }]);
  });

  it('refuses partitions that do not exist, and deletes the others', async () => {
    await client.commit(8, { 0: 5 });
    const unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    expect(await forget({ missing: [0, 1], t: [9, -1, 0] })).toEqual({
      missing: [unknown, unknown],
      t: [unknown, unknown, 0],
    });
    expect((await client.committed()).topics).toEqual([]);
    expect(await forget({})).toEqual({});
  });

  it('looks for all topics at once', async () => {
    await client.commit(8, { 0: 5 });
    client.cluster.takeAsked();
    const missing = Array.from({ length: 30 }, (_, i) => [`missing-${i}`, [0]] as const);
    await forget({ t: [0], ...Object.fromEntries(missing.map(([name, of]) => [name, [...of]])) });
    const looked = client.cluster.takeAsked().filter((kind) => kind === 'getTopics');
    expect(looked).toEqual(['getTopics']);
  });

  it('refuses topics that a member reads', async () => {
    await client.createTopic('idle');
    const subscription = { topics: ['t'], userData: null, ownedPartitions: [], generationId: -1 };
    const metadata = encodeSubscription(0, { ...subscription, rackId: null });
    const joined = await client.join(4, { protocols: [{ name: 'range', metadata }] });
    const { memberId } = joined;
    await client.join(3, { memberId, protocols: [{ name: 'range', metadata }] });
    const subscribed = ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC;
    expect(await forget({ t: [0, 9], idle: [0] })).toEqual({
      t: [subscribed, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      idle: [0],
    });
  });

  it('refuses a group that does not exist, whatever is asked of it', async () => {
    expect(await forget({ t: [0] })).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(await forget({ missing: [0] })).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    expect(await forget({}, '')).toBe(ErrorCode.INVALID_GROUP_ID);
  });

  it('in bad weather says so', async () => {
    client.storm = true;
    expect(await forget({ t: [0] })).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
