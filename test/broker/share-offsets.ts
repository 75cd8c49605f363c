/** What the tests of share groups' offsets have in common. */
import { alterShareGroupOffsets } from '../../src/protocol/apis/alter-share-group-offsets.ts';
import { describeShareGroupOffsets } from '../../src/protocol/apis/describe-share-group-offsets.ts';
import { shareGroupHeartbeat } from '../../src/protocol/apis/share-group-heartbeat.ts';
import type { GroupClient } from './group-client.ts';

/** Sets where group `g` begins in partitions of a topic. */
export function alter(client: GroupClient, offsets: Record<number, number>, topicName = 't') {
  const partitions = Object.entries(offsets).map(([partition, startOffset]) => ({
    partitionIndex: Number(partition),
    startOffset,
  }));
  const request = { groupId: 'g', topics: [{ topicName, partitions }] };
  return client.ask(alterShareGroupOffsets, 0, request);
}

/** Topic → the start offset of each partition that group `g` has a state of. */
export async function starts(client: GroupClient, groupId = 'g') {
  const request = { groups: [{ groupId, topics: null }] };
  const { groups } = await client.ask(describeShareGroupOffsets, 1, request);
  return Object.fromEntries(
    groups[0].topics.map(({ topicName, partitions }) => [
      topicName,
      partitions.map(({ startOffset }) => startOffset),
    ]),
  );
}

export function join(client: GroupClient, subscribedTopicNames = ['t']) {
  return client.ask(shareGroupHeartbeat, 1, { groupId: 'g', memberId: 'm', subscribedTopicNames });
}

export function leave(client: GroupClient) {
  return client.ask(shareGroupHeartbeat, 1, { groupId: 'g', memberId: 'm', memberEpoch: -1 });
}
