/**
 * Which names a topic may have, by Kafka's rules and in Kafka's order. The surprise: `a.b` and
 * `a_b` may not both exist, because Kafka's metric names turn both into `a_b`.
 */

export const maxTopicNameLength = 249;

/** Kafka keeps these for itself: clients see them marked as internal. */
const internalTopics = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}

/** What is wrong with the name, in Kafka's words for it; undefined when it may be used. */
export function topicNameProblem(name: string): string | undefined {
  const problem = (what: string) => `Topic name is invalid: ${what}`;
  if (name === '') return problem('the empty string is not allowed');
  if (name === '.') return problem("'.' is not allowed");
  if (name === '..') return problem("'..' is not allowed");
  if (name.length > maxTopicNameLength) {
    return problem(
      `the length of '${name}' is longer than the max allowed length ${maxTopicNameLength}`,
    );
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return problem(
      `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`,
    );
  }
  return undefined;
}

/** Two topics with the same key collide; undefined when the name can collide with no other. */
export function collisionKey(name: string): string | undefined {
  return /[._]/.test(name) ? name.replaceAll('.', '_') : undefined;
}
