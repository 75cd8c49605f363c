/**
 * The assignor `range`: of each topic by itself, every member gets neighbouring partitions, the
 * same numbers of topics that have as many, so that such topics can be joined. The surprise: what a
 * member has already it keeps, up to its share, so the ranges are only neat in a group that starts.
 */
import { type AssignedMember, AssignmentBuilder, type Assignor } from './assignor.ts';

export const range: Assignor = ({ members, topics }) => {
  const assignment = new AssignmentBuilder(members);
  for (const [topicId, count] of topics) {
    const readers = members.filter(({ subscribed }) => subscribed.has(topicId));
    if (readers.length > 0) shareOut(topicId, count, readers, assignment);
  }
  return assignment.build();
};

function shareOut(
  topicId: string,
  count: number,
  readers: readonly AssignedMember[],
  assignment: AssignmentBuilder,
): void {
  const quota = Math.floor(count / readers.length);
  let extras = count % readers.length;
  const kept = new Set<number>();
  const unfilled: { memberId: string; missing: number }[] = [];
  for (const { memberId, target } of readers) {
    const had = (target[topicId] ?? []).filter((partition) => partition < count);
    const sorted = [...had].sort((a, b) => a - b);
    let keeps = Math.min(sorted.length, quota);
    const missing = quota - sorted.length;
    if (missing < 0 && extras > 0) {
      extras--;
      keeps++;
    } else unfilled.push({ memberId, missing });
    for (const partition of sorted.slice(0, keeps)) {
      kept.add(partition);
      assignment.give(memberId, topicId, partition);
    }
  }
  const free = Array.from({ length: count }, (_, index) => index).filter((one) => !kept.has(one));
  for (const { memberId, missing } of unfilled) {
    const extra = extras > 0 ? 1 : 0;
    extras -= extra;
    for (const partition of free.splice(0, Math.max(0, missing + extra))) {
      assignment.give(memberId, topicId, partition);
    }
  }
}
