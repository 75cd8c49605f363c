/**
 * What every member is to have: made for one group epoch by the assignor that most members ask for.
 * The surprise: it is not made at every change but at most once in `group.consumer.assignment.
 * interval.ms`, so that ten members that start together move partitions once or twice, not ten
 * times.
 */
import type { AssignedMember } from '../assignors/assignor.ts';
import { assignors, defaultAssignor } from '../assignors/index.ts';
import { subscribedIds } from '../subscriptions.ts';
import type { TopicsImage } from '../topics-image.ts';
import type { ConsumerGroupView } from './consumer-group.ts';
import type { ConsumerDraft } from './draft.ts';

/** The assignor most members ask for. */
export function preferredAssignor(group: ConsumerGroupView): string {
  const votes = new Map<string, number>();
  for (const { serverAssignor } of group.members()) {
    if (serverAssignor === null) continue;
    votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  let best: string | undefined;
  for (const [name, count] of votes) {
    if (best === undefined || count > votes.get(best)!) best = name;
  }
  return best ?? defaultAssignor;
}

/** Makes the targets for this group epoch, if they are due. */
export function makeTargets(
  draft: ConsumerDraft,
  image: TopicsImage,
  intervalMs: number,
  now: number,
): void {
  if (!draft.wantsTargets(intervalMs, now)) return;
  const topics = new Map<string, number>();
  const members = [...draft.members()].map((member): AssignedMember => {
    const subscribed = subscribedIds(member, image);
    for (const topicId of subscribed) {
      topics.set(topicId, image.byId(topicId)?.partitions ?? 0);
    }
    const { memberId, groupInstanceId, target } = member;
    return { memberId, groupInstanceId, subscribed, target };
  });
  const assign = assignors.get(preferredAssignor(draft))!;
  draft.setTargets(assign({ members: members.sort(byName), topics }), now);
}

function byName(left: AssignedMember, right: AssignedMember): number {
  const [one, other] = [left, right].map((each) => each.groupInstanceId ?? each.memberId);
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
