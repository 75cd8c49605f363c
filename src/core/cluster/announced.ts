/**
 * The coordinators that have announced themselves, by what they coordinate. The surprise: nobody
 * asks them to; a group or a transactional id that is never announced works, and is never listed.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { CallOf, ReplyOf, Row } from '../machine.ts';

type Kind = 'group' | 'transactionalId';

/** What the machine is asked of them. */
export interface AnnouncedCalls {
  /**
   * Group coordinators announce themselves once, so that ListGroups can find them.
   * POLICY_VIOLATION: there are as many groups as there may be.
   */
  registerGroup: { command: { groupId: string }; reply: { errorCode: number } };
  unregisterGroup: { command: { groupId: string }; reply: { errorCode: number } };
  listGroups: { command: Record<never, never>; reply: { groupIds: readonly string[] } };
  /** Those of the groups that there are; one that has just announced itself may not be yet. */
  findGroups: {
    command: { groupIds: readonly string[] };
    reply: { groupIds: readonly string[] };
  };
  /** Transaction coordinators announce themselves in the same way, for ListTransactions. */
  registerTransactionalId: {
    command: { transactionalId: string };
    reply: { errorCode: number };
  };
  unregisterTransactionalId: {
    command: { transactionalId: string };
    reply: { errorCode: number };
  };
  listTransactionalIds: {
    command: Record<never, never>;
    reply: { transactionalIds: readonly string[] };
  };
  /** Those of the transactional ids that there are. */
  findTransactionalIds: {
    command: { transactionalIds: readonly string[] };
    reply: { transactionalIds: readonly string[] };
  };
}

interface Decision {
  readonly reply: ReplyOf<AnnouncedCalls>;
  readonly rows: readonly Row[];
}

export class Announced {
  readonly #maxGroups: number;
  readonly #ids = { group: new Set<string>(), transactionalId: new Set<string>() };

  constructor(maxGroups = Number.POSITIVE_INFINITY) {
    this.#maxGroups = maxGroups;
  }

  replay(kind: Kind, id: string, value: unknown): void {
    if (value === null) this.#ids[kind].delete(id);
    else this.#ids[kind].add(id);
  }

  decide(call: CallOf<AnnouncedCalls>): Decision {
    switch (call.kind) {
      case 'registerGroup':
        return this.#isFull(call.command.groupId)
          ? noRoom
          : this.#change('group', call.command.groupId, true);
      case 'unregisterGroup':
        return this.#change('group', call.command.groupId, false);
      case 'listGroups':
        return known({ groupIds: [...this.#ids.group].sort() });
      case 'findGroups':
        return known({ groupIds: this.#those('group', call.command.groupIds) });
      case 'registerTransactionalId':
        return this.#change('transactionalId', call.command.transactionalId, true);
      case 'unregisterTransactionalId':
        return this.#change('transactionalId', call.command.transactionalId, false);
      case 'listTransactionalIds':
        return known({ transactionalIds: [...this.#ids.transactionalId].sort() });
      case 'findTransactionalIds': {
        const { transactionalIds } = call.command;
        return known({ transactionalIds: this.#those('transactionalId', transactionalIds) });
      }
    }
  }

  /** There is no room for this group, unless it is there already. */
  #isFull(groupId: string): boolean {
    return this.#ids.group.size >= this.#maxGroups && !this.#ids.group.has(groupId);
  }

  #change(kind: Kind, id: string, exists: boolean): Decision {
    const isSo = this.#ids[kind].has(id) === exists;
    const rows = isSo ? [] : [{ key: `${kind}:${id}`, value: exists ? {} : null }];
    return { reply: { errorCode: ErrorCode.NONE }, rows };
  }

  #those(kind: Kind, ids: readonly string[]): string[] {
    return ids.filter((id) => this.#ids[kind].has(id));
  }
}

const noRoom: Decision = { reply: { errorCode: ErrorCode.POLICY_VIOLATION }, rows: [] };

function known(reply: Decision['reply']): Decision {
  return { reply, rows: [] };
}
