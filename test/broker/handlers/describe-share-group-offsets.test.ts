import { afterEach, describe, expect, it } from 'vitest';
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { describeShareGroupOffsets } from '../../../src/protocol/apis/describe-share-group-offsets.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { GroupClient } from '../group-client.ts';
import { alter, join, starts } from '../share-offsets.ts';

let client: GroupClient;
afterEach(() => client.close());

async function read(version: number, topics: Record<string, number[]> | null, groupId = 'g') {
  const wanted =
    topics && Object.entries(topics).map(([topicName, partitions]) => ({ topicName, partitions }));
  const request = { groups: [{ groupId, topics: wanted }] };
  return (await client.ask(describeShareGroupOffsets, version, request)).groups[0];
}

/** Records in the first partition of `t`. */
async function produceFive(): Promise<void> {
  const { objects, metadata } = client.context(1);
  const topic = (await metadata.topic('t'))!;
  const values = Array.from({ length: 5 }, () => ({ key: null, value: null, timestamp: 1 }));
  const records = buildBatch(values);
  const spec = { ...topic, topic: topic.name, partition: 0 };
  await objects.partition(topic.topicId, 0).call('append', { spec, records });
}

describe('DescribeShareGroupOffsets', () => {
  it.each([0, 1])('version %i: tells the offset and, from 1 on, the lag', async (version) => {
    client = new GroupClient();
    await client.createTopic('t', 2);
    await produceFive();
    await alter(client, { 0: 2 });
    const { topics, errorCode } = await read(version, { t: [0, 1] });
    expect(errorCode).toBe(0);
    expect(topics).toMatchObject([
      {
        topicName: 't',
        partitions: [
          { partitionIndex: 0, startOffset: 2, leaderEpoch: 0, lag: version === 0 ? -1 : 3 },
          { partitionIndex: 1, startOffset: -1, leaderEpoch: 0, lag: -1, errorCode: 0 },
        ],
      },
    ]);
  });

  it('tells of everything that the group reads', async () => {
    client = new GroupClient();
    await client.createTopic('t', 2);
    await client.createTopic('u', 1);
    await alter(client, { 1: 7 });
    expect(await starts(client)).toEqual({ t: [7] });
    await join(client, ['t', 'u']);
    expect(await starts(client)).toEqual({ t: [0, 7], u: [-1] });
    await client.deleteTopic('t');
    expect(await starts(client)).toEqual({ u: [-1] });
  });

  it('makes no error of what is not there', async () => {
    client = new GroupClient();
    await client.createTopic('t', 1);
    await client.member('classic');
    const nothing = { startOffset: -1, leaderEpoch: 0, lag: -1, errorCode: 0 };
    const { topics } = await read(1, { x: [3], t: [-1, 0, 9] }, 'nobody');
    expect(topics).toMatchObject([
      { topicName: 't', partitions: [nothing, nothing, nothing] },
      { topicName: 'x', topicId: ZERO_UUID, partitions: [{ ...nothing, partitionIndex: 3 }] },
    ]);
    for (const groupId of ['nobody', 'classic', '']) {
      expect(await read(1, null, groupId)).toMatchObject({ topics: [], errorCode: 0 });
    }
    expect(await read(1, {})).toMatchObject({ topics: [], errorCode: 0 });
  });

  it('is repeated in bad weather', async () => {
    client = new GroupClient();
    await client.createTopic('t', 1);
    await join(client);
    client.storm = true;
    expect((await read(1, null)).errorCode).toBe(ErrorCode.NOT_COORDINATOR);
  });
});
