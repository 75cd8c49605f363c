/**
 * What a partition is told of its topic. The surprise: it does not learn which configs are the
 * topic's own and which the broker's, only what holds.
 */
import type { PartitionSpec } from '../log/calls.ts';
import type { TopicView } from './commands.ts';

/** The configs that hold for a topic; what is absent has its default. */
export function configsOf({ configs, inherited }: TopicView): Readonly<Record<string, string>> {
  return inherited === undefined ? configs : { ...inherited, ...configs };
}

export function partitionSpec(topic: TopicView, partition: number): PartitionSpec {
  const { topicId, name, configsVersion } = topic;
  return { topicId, topic: name, partition, configs: configsOf(topic), configsVersion };
}
