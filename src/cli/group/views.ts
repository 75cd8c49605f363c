/**
 * Groups as people want to see them: who is in one, how far it has read, and how much is left. The
 * surprise: each kind of group is described by an API of its own, and a share group has no offsets
 * that it committed, but places where it goes on.
 */
import type { GroupListing } from '../../client/admin/groups.ts';
import { describeShareGroupOffsets } from '../../protocol/apis/describe-share-group-offsets.ts';
import { shareGroupDescribe } from '../../protocol/apis/share-group-describe.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Cluster } from '../connection/cluster.ts';
import { Refused, suggestion } from '../usage.ts';

export interface MemberView {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly assignment: readonly { readonly topic: string; readonly partition: number }[];
}

export interface OffsetView {
  readonly topic: string;
  readonly partition: number;
  /** The next to be read; null: nothing was committed. */
  readonly committed: number | null;
  /** One past the last record. */
  readonly latest: number | null;
  readonly lag: number | null;
  /** Who reads it; in a share group several may. */
  readonly memberId: string | null;
}

export interface GroupView {
  readonly groupId: string;
  /** `consumer`, `classic` or `share`, as the cluster writes it. */
  readonly type: string;
  readonly state: string;
  readonly members: readonly MemberView[];
  readonly offsets: readonly OffsetView[];
  readonly lag: number | null;
}

/** Throws Refused where it is not there. */
export async function listingOf(cluster: Cluster, groupId: string): Promise<GroupListing> {
  const listing = await findGroup(cluster, groupId);
  if (listing !== undefined) return listing;
  const known = (await cluster.admin.listGroups()).map((one) => one.groupId);
  throw new Refused(`there is no group '${groupId}'${suggestion(groupId, known) || '.'}`);
}

export async function findGroup(
  { admin }: Cluster,
  groupId: string,
): Promise<GroupListing | undefined> {
  return (await admin.listGroups()).find((one) => one.groupId === groupId);
}

export async function describeGroup(cluster: Cluster, listing: GroupListing): Promise<GroupView> {
  const isShare = /^share$/i.test(listing.type);
  const view = isShare ? await shareGroup(cluster, listing) : await consumerGroup(cluster, listing);
  const lags = view.offsets.map(({ lag }) => lag).filter((lag) => lag !== null);
  const lag = lags.length > 0 ? lags.reduce((total, one) => total + one, 0) : null;
  return { ...view, lag };
}

async function consumerGroup(
  cluster: Cluster,
  { groupId, type }: GroupListing,
): Promise<Omit<GroupView, 'lag'>> {
  const { admin } = cluster;
  const [{ state, members }, committed] = await Promise.all([
    admin.describeGroup(groupId),
    admin.groupOffsets(groupId),
  ]);
  const rows = new Map<string, { topic: string; partition: number; committed: number | null }>();
  for (const { topic, partition, offset } of committed) {
    rows.set(`${topic}-${partition}`, { topic, partition, committed: offset });
  }
  const readers = new Map<string, string>();
  for (const { memberId, assignment } of members) {
    for (const place of assignment) {
      const key = `${place.topic}-${place.partition}`;
      readers.set(key, memberId);
      if (!rows.has(key)) rows.set(key, { ...place, committed: null });
    }
  }
  const latest = await endsOf(cluster, [...rows.values()]);
  const offsets = [...rows].map(([key, row]) => {
    const end = latest.get(key) ?? null;
    const lag = end === null || row.committed === null ? null : Math.max(0, end - row.committed);
    return { ...row, latest: end, lag, memberId: readers.get(key) ?? null };
  });
  return { groupId, type, state, members, offsets: offsets.sort(byPlace) };
}

async function shareGroup(
  cluster: Cluster,
  { groupId, type }: GroupListing,
): Promise<Omit<GroupView, 'lag'>> {
  const { link } = cluster;
  const { groups } = await link.call(shareGroupDescribe, { groupIds: [groupId] });
  const [group] = groups;
  check(group.errorCode, group.errorMessage);
  const members = group.members.map(({ memberId, clientId, clientHost, assignment }) => ({
    ...{ memberId, groupInstanceId: null, clientId, clientHost },
    assignment: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topic: topicName, partition })),
    ),
  }));
  const asked = { groups: [{ groupId, topics: null }] };
  const [found] = (await link.call(describeShareGroupOffsets, asked)).groups;
  check(found.errorCode, found.errorMessage);
  const places = found.topics.flatMap(({ topicName, partitions }) =>
    partitions.map(({ partitionIndex, startOffset, lag }) => ({
      topic: topicName,
      partition: partitionIndex,
      committed: startOffset < 0 ? null : startOffset,
      told: lag < 0 ? null : lag,
    })),
  );
  const latest = await endsOf(cluster, places);
  const offsets = places.map(({ told, ...place }) => {
    const end = latest.get(`${place.topic}-${place.partition}`) ?? null;
    const left = end === null || place.committed === null ? null : end - place.committed;
    return { ...place, latest: end, lag: told ?? left, memberId: null };
  });
  return { groupId, type, state: group.groupState, members, offsets: offsets.sort(byPlace) };
}

function check(errorCode: number, errorMessage: string | null): void {
  if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined);
}

/** Where partitions end; those of a topic that is gone have none. */
async function endsOf(
  { admin }: Cluster,
  places: readonly { readonly topic: string; readonly partition: number }[],
): Promise<Map<string, number>> {
  const there = new Set(await admin.listTopics());
  const asked = places
    .filter(({ topic }) => there.has(topic))
    .map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }));
  const found = asked.length > 0 ? await admin.listOffsets(asked) : [];
  return new Map(found.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
}

function byPlace(
  a: { readonly topic: string; readonly partition: number },
  b: { readonly topic: string; readonly partition: number },
): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
