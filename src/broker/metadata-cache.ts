/**
 * What a gateway remembers of the cluster. Names and ids that are missing are looked up at once;
 * what is there is served from memory, since a partition that was deleted refuses by itself and
 * makes the gateway look again.
 */
import type { TopicView } from '../core/cluster/commands.ts';

export interface MetadataCache {
  clusterId(): Promise<string>;
  /** From memory, or looked up at once; undefined when there is no such topic. */
  topic(name: string): Promise<TopicView | undefined>;
  topicById(topicId: string): Promise<TopicView | undefined>;
  /** Every topic, asked of the controller (answers at most a second old are shared). */
  topics(): Promise<readonly TopicView[]>;
  /** The named topics as the controller has them now; those it does not know are absent. */
  refresh(names: readonly string[]): Promise<ReadonlyMap<string, TopicView>>;
  /** Forgets one topic, after a partition or the controller refused it. */
  forget(name: string): void;
  /** Remembers what a change answered (create, add partitions). */
  learn(topics: readonly TopicView[]): void;
}
