/**
 * Groups of the classic protocol, as their coordinator has them. The surprise: membership in flux
 * is memory, as in Kafka; what replay restores is the last generation that settled, and a group
 * that never settled one is forgotten when nobody is in it.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Parked } from '../machine.ts';
import { ClassicGroup, type GroupCheckpoint, type GroupState } from './classic-group.ts';
import type { Committer, GroupCalls, VouchedMember } from './commands.ts';
import type { RetainedSince } from './committed-offsets.ts';
import type { CommitForm, GroupKind, KindOptions } from './group-kind.ts';
import { checkJoin, join } from './join.ts';
import { heartbeat, leave, sync } from './membership.ts';
import { Rebalance } from './rebalance.ts';
import {
  type GroupCall,
  type GroupReply,
  joinRefusal,
  nobodyLeaves,
  syncRefusal,
} from './replies.ts';
import type { GroupRow, Probation, Turn } from './rows.ts';

type Command<K extends keyof GroupCalls> = GroupCalls[K]['command'];

export class ClassicKind implements GroupKind {
  readonly groupType = 'classic';
  readonly #options: KindOptions;
  /** Undefined for a group that has no members and never had; it may still have offsets. */
  #rebalance: Rebalance | undefined;
  #checkpoint: GroupCheckpoint | undefined;
  #probation: Probation = {};
  /** The checkpoint says so, and it has not been done. */
  #mustRebalance = false;

  constructor(options: KindOptions) {
    this.#options = options;
  }

  get exists(): boolean {
    return this.#rebalance !== undefined;
  }

  get group(): ClassicGroup | undefined {
    return this.#rebalance?.group;
  }

  get state(): GroupState {
    return this.#rebalance?.group.state ?? 'Empty';
  }

  get protocolType(): string {
    return this.#rebalance?.group.protocolType ?? '';
  }

  get hasNobody(): boolean {
    const group = this.#rebalance?.group;
    return group === undefined || (group.state === 'Empty' && group.pendingMembers.size === 0);
  }

  get quietSince(): number | undefined {
    return this.#checkpoint?.stateTimestampMs;
  }

  get deadline(): number | undefined {
    return this.#mustRebalance ? this.#checkpoint?.stateTimestampMs : this.#rebalance?.deadline;
  }

  start(turn: Turn, wokenByAlarm: boolean): void {
    this.#rebalance?.start(turn, wokenByAlarm);
    if (!this.#mustRebalance) return;
    this.#mustRebalance = false;
    this.#rebalance?.prepare(turn);
  }

  /** The group goes on as one of another kind: whoever waits is to join that. */
  abandon(turn: Turn): void {
    const errorCode = ErrorCode.REBALANCE_IN_PROGRESS;
    for (const member of this.group?.members.values() ?? []) {
      this.#rebalance?.answerJoin(member, joinRefusal(member.memberId, errorCode), turn);
      this.#rebalance?.answerSync(member, syncRefusal(errorCode), turn);
    }
    turn.rows.push(...this.removal());
  }

  expire(turn: Turn): void {
    this.#rebalance?.expire(turn);
  }

  answer(call: GroupCall, turn: Turn): GroupReply | Parked | undefined {
    switch (call.kind) {
      case 'joinGroup':
        return this.#join(call.command, turn);
      case 'syncGroup': {
        const rebalance = this.#memberGroup(call.command);
        return sync(call.command, rebalance, turn, this.#options.newTicket());
      }
      case 'heartbeat':
        return heartbeat(call.command, this.#memberGroup(call.command), turn);
      case 'leaveGroup':
        return this.#leave(call.command, turn);
      default:
        return undefined;
    }
  }

  #join(command: Command<'joinGroup'>, turn: Turn): GroupReply | Parked {
    const { config, newUuid, newTicket } = this.#options;
    checkJoin(command, config);
    // Only a member without an id may call a group into being.
    if (!this.exists && !this.#options.hasOffsets() && command.memberId !== '') {
      throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    }
    if (!this.#rebalance) {
      this.#rebalance = new Rebalance(new ClassicGroup(turn.now), config, {});
      this.#rebalance.start(turn, false);
    }
    const rebalance = this.#rebalance;
    return join({ command, rebalance, config, newUuid, turn, ticket: newTicket() });
  }

  /** The group a member says it is in. */
  #memberGroup({ groupId }: { readonly groupId: string }): Rebalance {
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    if (!this.#rebalance) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    return this.#rebalance;
  }

  #leave({ groupId, members }: Command<'leaveGroup'>, turn: Turn): GroupReply {
    if (groupId === '') throw new KafkaError(ErrorCode.INVALID_GROUP_ID);
    if (this.#rebalance) return leave(members, this.#rebalance, turn);
    return nobodyLeaves(members);
  }

  /**
   * Members of this generation, and anybody without a generation while there are no members. In a
   * transaction also whoever does not say who he is: before KIP-447 nobody could.
   */
  checkCommitter(committer: Committer, { inTransaction }: CommitForm): void {
    const { generationId, memberId, groupInstanceId } = committer;
    if (generationId < 0 && this.state === 'Empty') return;
    if (generationId < 0 && memberId === '' && groupInstanceId === null) {
      if (inTransaction) return;
      throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    }
    if (!this.#rebalance) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    const { group } = this.#rebalance;
    group.validMember(memberId, groupInstanceId);
    if (generationId !== group.generationId) throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
    if (!inTransaction && this.state === 'CompletingRebalance') {
      throw new KafkaError(ErrorCode.REBALANCE_IN_PROGRESS);
    }
  }

  /** A classic group lets everybody read its offsets. */
  checkReader(): void {}

  heardCommitter({ memberId }: Committer, turn: Turn): void {
    if (this.state !== 'Stable' && this.state !== 'PreparingRebalance') return;
    const member = this.#rebalance?.group.members.get(memberId);
    if (member) this.#rebalance?.heard(member, turn);
  }

  checkDeleter(): void {
    if (this.state === 'Empty' || this.protocolType === 'consumer') return;
    throw new KafkaError(ErrorCode.NON_EMPTY_GROUP);
  }

  quietFor({ protocol, memberId, groupInstanceId, epoch }: VouchedMember): number | undefined {
    if (protocol !== 'classic' || this.#mustRebalance) return undefined;
    const { group } = this;
    if (group?.state !== 'Stable' || group.generationId !== epoch) return undefined;
    return group.knownMember(memberId, groupInstanceId)?.sessionTimeoutMs;
  }

  vouchFor(memberId: string): void {
    this.#rebalance?.vouchFor(memberId);
  }

  release(memberId: string, heardAt: number): void {
    this.#rebalance?.release(memberId, heardAt);
  }

  isSubscribedTo(topic: string): boolean {
    return this.state !== 'Empty' && (this.#rebalance?.group.isSubscribedTo(topic) ?? false);
  }

  /**
   * Since its commit, where nobody uses it; since the last member went, in a group that had some.
   */
  retainedSince: RetainedSince = (topic, stored) => {
    const group = this.#rebalance?.group;
    if (!group || group.protocolType === null) return stored.commitTimestampMs;
    if (group.state === 'Empty') return group.stateTimestampMs;
    const unused = group.state === 'Stable' && !group.isSubscribedTo(topic);
    return unused ? stored.commitTimestampMs : Infinity;
  };

  removal(): readonly GroupRow[] {
    const rows: GroupRow[] = [];
    if (Object.keys(this.#probation).length > 0) rows.push({ key: 'probation', value: null });
    if (this.#checkpoint) rows.push({ key: 'group', value: null });
    this.#rebalance = undefined;
    this.#mustRebalance = false;
    return rows;
  }

  /** A group that never settled a generation and whom everybody left without a trace. */
  forgetGhost(): void {
    if (this.#checkpoint || !this.#rebalance) return;
    const { state, members, pendingMembers } = this.#rebalance.group;
    if (state === 'Empty' && members.size + pendingMembers.size === 0) this.#rebalance = undefined;
  }

  holds(key: string): boolean {
    return key === 'group' || key === 'probation';
  }

  replay(row: GroupRow): void {
    if (row.key === 'group') this.#replayGroup(row.value as GroupCheckpoint | null);
    else {
      this.#probation = (row.value as Probation | null) ?? {};
      this.#rebalance?.replayProbation(this.#probation);
    }
  }

  #replayGroup(checkpoint: GroupCheckpoint | null): void {
    this.#checkpoint = checkpoint ?? undefined;
    if (checkpoint === null) this.#rebalance = undefined;
    else if (!this.#rebalance?.isOwn(checkpoint)) {
      const group = ClassicGroup.restore(checkpoint);
      this.#rebalance = new Rebalance(group, this.#options.config, this.#probation);
      this.#mustRebalance = checkpoint.mustRebalance === true;
    }
  }
}
