/**
 * A group of epochs as its rows keep it: one for the group, one a member, and one for the members
 * on probation. The surprise: sessions are beside them, for they end with the group and begin anew
 * where its rows are loaded.
 */
import type { SetConfigs } from './configured.ts';
import type { GroupEpochs, ModernMember } from './modern-group.ts';
import type { GroupRow, Probation } from './rows.ts';
import { Sessions } from './sessions.ts';

export class KeptGroup<Member extends ModernMember> {
  readonly members = new Map<string, Member>();
  readonly sessions: Sessions;
  /** Undefined: there is no such group. */
  checkpoint: GroupEpochs | undefined;
  readonly #kind: 'consumer' | 'share';

  constructor(kind: 'consumer' | 'share') {
    this.#kind = kind;
    this.sessions = new Sessions(`${kind}/probation`);
  }

  holds(key: string): boolean {
    return key.startsWith(`${this.#kind}/`);
  }

  /** What a draft of it begins with: as it is kept, with what has been seen to be set on it. */
  begun(blank: GroupEpochs, configs: SetConfigs | undefined): GroupEpochs {
    const stands = this.checkpoint ?? blank;
    if (configs === undefined) return stands;
    const { configs: _, ...others } = stands;
    return Object.keys(configs).length > 0 ? { ...others, configs } : others;
  }

  /** The rows that remove the group, and these members. Nothing is left in memory. */
  removal(members: Iterable<ModernMember> = this.members.values()): GroupRow[] {
    const kind = this.#kind;
    const rows: GroupRow[] = [{ key: `${kind}/group`, value: null }];
    for (const { memberId } of members) {
      rows.push({ key: `${kind}/member/${memberId}`, value: null });
    }
    if (this.sessions.onProbation) rows.push({ key: `${kind}/probation`, value: null });
    this.members.clear();
    this.checkpoint = undefined;
    this.sessions.clear();
    return rows;
  }

  replay({ key, value }: GroupRow): void {
    if (key === `${this.#kind}/probation`) this.sessions.replay(value as Probation | null);
    else if (key === `${this.#kind}/group`) {
      this.checkpoint = (value as GroupEpochs | null) ?? undefined;
    } else {
      const memberId = key.slice(`${this.#kind}/member/`.length);
      if (value === null) this.members.delete(memberId);
      else this.members.set(memberId, value as unknown as Member);
    }
  }
}
