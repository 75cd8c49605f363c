/**
 * Partitions by the id of their topic, as groups know them, with the names beside. A topic that is
 * gone is left out.
 */
import type { PartitionsById } from '../core/group/commands.ts';
import type { MetadataCache } from './metadata-cache.ts';

export interface NamedPartitions {
  readonly topicId: string;
  readonly topicName: string;
  readonly partitions: readonly number[];
}

export async function namesOf(
  all: readonly PartitionsById[],
  metadata: MetadataCache,
): Promise<(partitions: PartitionsById) => NamedPartitions[]> {
  const ids = new Set(all.flatMap((topics) => topics.map(({ topicId }) => topicId)));
  const names = await metadata.recentById([...ids]);
  return (partitions) =>
    partitions.flatMap((topic) => {
      const topicName = names.get(topic.topicId)?.name;
      return topicName === undefined ? [] : [{ ...topic, topicName }];
    });
}
