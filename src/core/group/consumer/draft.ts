/** A consumer group as it will be after this turn. */
import { Draft } from '../draft.ts';
import type { GroupEpochs } from '../modern-group.ts';
import type { ConsumerMember } from './consumer-group.ts';

export class ConsumerDraft extends Draft<'consumer', ConsumerMember> {
  /** Without `before`, the group is new. */
  constructor(
    checkpoint: GroupEpochs,
    members: ReadonlyMap<string, ConsumerMember>,
    before?: GroupEpochs,
  ) {
    super('consumer', checkpoint, members, before);
  }

  staticMember(groupInstanceId: string): ConsumerMember | undefined {
    for (const member of this.members()) {
      if (member.groupInstanceId === groupInstanceId) return member;
    }
    return undefined;
  }
}
