/**
 * Which topics the members of a group read, as far as they exist. The surprise: a group remembers
 * its topics as one short text; when that differs from what the cluster has now (a topic came, went
 * or grew), the group epoch rises and everybody's target is made anew.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { murmur2 } from '../../bytes/murmur2.ts';
import type { ModernGroup, ModernMember, Subscription } from './modern-group.ts';
import type { TopicsImage } from './topics-image.ts';

const utf8 = new TextEncoder();

/** Every name a member reads, of topics that exist or may. */
export function subscribedNames(member: Subscription, image: TopicsImage): Iterable<string> {
  const { subscribedTopicNames, subscribedTopicRegex, reader } = member;
  if (!subscribedTopicRegex) return subscribedTopicNames;
  return [...subscribedTopicNames, ...image.matching(subscribedTopicRegex, reader)];
}

/** The ids of the topics that a member reads. */
export function subscribedIds(member: Subscription, image: TopicsImage): Set<string> {
  const ids = new Set<string>();
  for (const name of subscribedNames(member, image)) {
    const topic = image.byName(name);
    if (topic) ids.add(topic.topicId);
  }
  return ids;
}

/** What must be known of the cluster to serve these members. */
export function wantedNames(members: Iterable<Subscription>): Set<string> | 'all' {
  const names = new Set<string>();
  for (const { subscribedTopicNames, subscribedTopicRegex } of members) {
    if (subscribedTopicRegex) return 'all';
    for (const name of subscribedTopicNames) names.add(name);
  }
  return names;
}

/** Stands for all topics that members read: their names, ids and partitions. */
export function topicsHashOf(group: ModernGroup<ModernMember>, image: TopicsImage): string {
  const names = new Set<string>();
  for (const member of group.members()) {
    for (const name of subscribedNames(member, image)) names.add(name);
  }
  const topics = [...names].sort().flatMap((name) => image.byName(name) ?? []);
  if (topics.length === 0) return '';
  const text = topics.map((topic) => `${topic.name} ${topic.topicId} ${topic.partitions}`);
  const bytes = utf8.encode(text.join('\n'));
  return `${crc32c(bytes).toString(16)}-${(murmur2(bytes) >>> 0).toString(16)}`;
}
