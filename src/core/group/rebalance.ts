/**
 * The two phases of a rebalance and the clocks that end them: members join until everybody is there
 * or the time is up, then the leader's assignment settles the generation. The surprise: a group
 * that was Empty waits a while even when everybody is there, since "everybody" is one consumer of
 * many that are just starting.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ClassicGroup, GroupCheckpoint, Member } from './classic-group.ts';
import type { JoinGroupReply, SyncGroupReply } from './commands.ts';
import { joinRefusal, syncRefusal } from './replies.ts';
import type { GroupConfig, Probation, Turn } from './rows.ts';

/**
 * A new member does not know its id yet and cannot send heartbeats while its JoinGroup is parked;
 * without an end, clients that gave up and came again would pile up as defunct members.
 */
const newMemberJoinTimeoutMs = 5 * 60_000;

/** A rebalance nobody rejoined is tried again, though never in a tight loop. */
const minRetryMs = 1_000;

const noBytes = new Uint8Array(0);

export class Rebalance {
  readonly group: ClassicGroup;
  readonly #config: GroupConfig;
  /** When the join phase ends; `initial` while a group that was Empty gathers its first members. */
  #joinTimer: { at: number; initial?: { delayMs: number; remainingMs: number } } | undefined;
  /** When members that have not sent SyncGroup are removed. */
  #syncDeadline: number | undefined;
  /** A member joined since the initial delay was last extended. */
  #newMemberAdded = false;
  #probation: Probation;
  /** Somebody else looks after these: see `VouchedMember`. */
  readonly #vouched = new Set<string>();
  /** Set by the first event after a load: until then no session runs. */
  #started = false;
  /** The checkpoint this group itself put last: when it is replayed, memory is already there. */
  #ownCheckpoint: GroupCheckpoint | undefined;

  constructor(group: ClassicGroup, config: GroupConfig, probation: Probation) {
    this.group = group;
    this.#config = config;
    this.#probation = probation;
  }

  isOwn(checkpoint: GroupCheckpoint): boolean {
    return checkpoint === this.#ownCheckpoint;
  }

  replayProbation(probation: Probation): void {
    this.#probation = probation;
  }

  /**
   * Puts what must survive a crash: this generation, settled or empty. Whoever is in it was heard
   * of.
   */
  checkpoint(turn: Turn): void {
    this.#ownCheckpoint = this.group.checkpoint();
    turn.rows.push({ key: 'group', value: this.#ownCheckpoint });
    this.#putProbation({}, turn);
  }

  #putProbation(probation: Probation, turn: Turn): void {
    const empty = Object.keys(probation).length === 0;
    if (empty && Object.keys(this.#probation).length === 0) return;
    this.#probation = probation;
    turn.rows.push({ key: 'probation', value: empty ? null : probation });
  }

  // Sessions

  /**
   * The first event after a load: every member gets a full session, or what is left of its
   * probation. If that event is an alarm, nobody is known to live, so whoever is silent now is put
   * on probation.
   */
  start(turn: Turn, wokenByAlarm: boolean): void {
    if (this.#started) return;
    this.#started = true;
    const silent: Record<string, number> = {};
    let news = false;
    for (const member of this.group.members.values()) {
      const { memberId, sessionTimeoutMs } = member;
      if (this.#vouched.has(memberId)) continue;
      member.sessionDeadline =
        this.#probation[memberId] ?? member.sessionDeadline ?? turn.now + sessionTimeoutMs;
      silent[memberId] = member.sessionDeadline;
      news ||= !Object.hasOwn(this.#probation, memberId);
    }
    if (wokenByAlarm && news) this.#putProbation(silent, turn);
  }

  /** The member is alive: its session starts again. */
  heard(member: Member, turn: Turn, timeoutMs = member.sessionTimeoutMs): void {
    const vouched = this.#vouched.has(member.memberId);
    member.sessionDeadline = vouched ? undefined : turn.now + timeoutMs;
    if (Object.hasOwn(this.#probation, member.memberId)) {
      const { [member.memberId]: _, ...others } = this.#probation;
      this.#putProbation(others, turn);
    }
  }

  /** Somebody vouches for the member: its session does not run. */
  vouchFor(memberId: string): void {
    const member = this.group.members.get(memberId);
    if (member === undefined) return;
    this.#vouched.add(memberId);
    member.sessionDeadline = undefined;
  }

  /** Nobody does any more; it was last heard of then. */
  release(memberId: string, heardAt: number): void {
    this.#vouched.delete(memberId);
    const member = this.group.members.get(memberId);
    if (member) member.sessionDeadline = heardAt + member.sessionTimeoutMs;
  }

  heardNew(member: Member, turn: Turn): void {
    this.heard(member, turn, newMemberJoinTimeoutMs);
    if (this.group.state === 'PreparingRebalance' && this.group.previousState === 'Empty') {
      this.#newMemberAdded = true;
    }
  }

  // Parked calls

  answerJoin(member: Member, reply: JoinGroupReply, turn: Turn): void {
    if (member.joinTicket === undefined) return;
    turn.wake.set(member.joinTicket, reply);
    member.joinTicket = undefined;
  }

  answerSync(member: Member, reply: SyncGroupReply, turn: Turn): void {
    if (member.syncTicket === undefined) return;
    turn.wake.set(member.syncTicket, reply);
    member.syncTicket = undefined;
  }

  /** The member goes, and whatever it waited for is refused. */
  remove(member: Member, turn: Turn): void {
    this.answerJoin(member, joinRefusal('', ErrorCode.UNKNOWN_MEMBER_ID), turn);
    this.answerSync(member, syncRefusal(ErrorCode.UNKNOWN_MEMBER_ID), turn);
    this.#vouched.delete(member.memberId);
    this.group.remove(member.memberId);
  }

  // The join phase

  /** Something changed: a settled group starts over, one that is joining may now be complete. */
  prepareOrComplete(turn: Turn): void {
    if (this.group.state === 'PreparingRebalance') this.maybeCompleteJoin(turn);
    else this.prepare(turn);
  }

  prepare(turn: Turn): void {
    const { group } = this;
    if (group.state === 'CompletingRebalance') this.#cancelSync(turn);
    group.pendingSync.clear();
    this.#syncDeadline = undefined;
    const wasEmpty = group.state === 'Empty';
    group.transitionTo('PreparingRebalance', turn.now);
    if (wasEmpty) {
      const delayMs = this.#config.groupInitialRebalanceDelayMs;
      const remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0);
      this.#newMemberAdded = false;
      this.#joinTimer = { at: turn.now + delayMs, initial: { delayMs, remainingMs } };
    } else if (group.hasAllMembersJoined) {
      this.#completeJoin(turn);
    } else {
      this.#joinTimer = { at: turn.now + group.rebalanceTimeoutMs };
    }
  }

  #cancelSync(turn: Turn): void {
    for (const member of this.group.members.values()) {
      member.assignment = noBytes;
      if (member.syncTicket === undefined) continue;
      this.answerSync(member, syncRefusal(ErrorCode.REBALANCE_IN_PROGRESS), turn);
      this.heard(member, turn);
    }
  }

  /**
   * Ends the join phase early when everybody is there, except while a group gathers its first
   * members.
   */
  maybeCompleteJoin(turn: Turn): void {
    const { group } = this;
    if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return;
    if (group.hasAllMembersJoined) this.#completeJoin(turn);
  }

  /** After members went: they may have been the last ones everybody waited for. */
  afterRemoval(turn: Turn): void {
    const { state, hasAllMembersJoined } = this.group;
    if (state === 'Stable' || state === 'CompletingRebalance') this.prepare(turn);
    else if (state === 'PreparingRebalance' && hasAllMembersJoined) this.#completeJoin(turn);
  }

  /**
   * The next generation. Dynamic members that did not rejoin are out; static ones keep their place.
   */
  #completeJoin(turn: Turn): void {
    const { group } = this;
    this.#joinTimer = undefined;
    for (const member of [...group.members.values()]) {
      if (member.joinTicket === undefined && member.groupInstanceId === null) {
        group.remove(member.memberId);
      }
    }
    if (!group.electJoinedLeader() && group.members.size > 0) {
      this.#joinTimer = { at: turn.now + Math.max(group.rebalanceTimeoutMs, minRetryMs) };
      return;
    }
    group.generationId++;
    group.pendingSync.clear();
    if (group.members.size === 0) {
      group.protocolName = null;
      group.transitionTo('Empty', turn.now);
      this.checkpoint(turn);
      return;
    }
    group.protocolName = group.selectProtocol();
    group.transitionTo('CompletingRebalance', turn.now);
    for (const member of group.members.values()) {
      this.answerJoin(member, group.joinReply(member.memberId), turn);
      this.heard(member, turn);
      member.isNew = false;
      group.pendingSync.add(member.memberId);
    }
    this.#syncDeadline = turn.now + group.rebalanceTimeoutMs;
  }

  #endInitialDelay(initial: { delayMs: number; remainingMs: number }, turn: Turn): void {
    if (!this.#newMemberAdded || initial.remainingMs === 0) {
      this.#completeJoin(turn);
      return;
    }
    this.#newMemberAdded = false;
    const delayMs = Math.min(this.#config.groupInitialRebalanceDelayMs, initial.remainingMs);
    const remainingMs = Math.max(initial.remainingMs - initial.delayMs, 0);
    this.#joinTimer = { at: turn.now + delayMs, initial: { delayMs, remainingMs } };
  }

  // The sync phase

  synced(memberId: string): void {
    this.group.pendingSync.delete(memberId);
    if (this.group.pendingSync.size === 0) this.#syncDeadline = undefined;
  }

  /** The leader has spoken. A member it forgot gets an empty assignment. */
  settle(assignments: ReadonlyMap<string, Uint8Array>, turn: Turn): void {
    const { group } = this;
    group.transitionTo('Stable', turn.now);
    for (const member of group.members.values()) {
      member.assignment = assignments.get(member.memberId) ?? noBytes;
      if (member.syncTicket === undefined) continue;
      this.answerSync(member, this.syncReply(member), turn);
      this.heard(member, turn);
    }
    this.checkpoint(turn);
  }

  syncReply(member: Member): SyncGroupReply {
    const { protocolType, protocolName } = this.group;
    return {
      errorCode: ErrorCode.NONE,
      protocolType,
      protocolName,
      assignment: member.assignment,
    };
  }

  // Clocks

  get deadline(): number | undefined {
    const { members, pendingMembers } = this.group;
    let earliest = Math.min(this.#joinTimer?.at ?? Infinity, this.#syncDeadline ?? Infinity);
    for (const { sessionDeadline = Infinity } of members.values()) {
      if (sessionDeadline < earliest) earliest = sessionDeadline;
    }
    for (const at of pendingMembers.values()) if (at < earliest) earliest = at;
    return earliest === Infinity ? undefined : earliest;
  }

  /** Everything whose time has come. What that sets in motion has its own, later time. */
  expire(turn: Turn): void {
    const { group } = this;
    const due = (at: number | undefined): boolean => at !== undefined && at <= turn.now;
    for (const [memberId, at] of [...group.pendingMembers]) {
      if (!due(at)) continue;
      group.remove(memberId);
      if (group.state === 'PreparingRebalance') this.afterRemoval(turn);
    }
    for (const member of [...group.members.values()]) {
      const stillThere = group.members.get(member.memberId) === member;
      if (stillThere && due(member.sessionDeadline)) this.#endSession(member, turn);
    }
    if (due(this.#joinTimer?.at)) {
      const { initial } = this.#joinTimer!;
      if (initial) this.#endInitialDelay(initial, turn);
      else this.#completeJoin(turn);
    }
    if (due(this.#syncDeadline)) this.#endSync(turn);
  }

  /**
   * Who waits in a parked call is alive, unless it is new: nothing was ever heard of it but that
   * call.
   */
  #endSession(member: Member, turn: Turn): void {
    member.sessionDeadline = undefined;
    const waits = member.joinTicket !== undefined || member.syncTicket !== undefined;
    if (waits && !member.isNew) return;
    this.remove(member, turn);
    this.afterRemoval(turn);
  }

  #endSync(turn: Turn): void {
    this.#syncDeadline = undefined;
    const late = [...this.group.pendingSync];
    if (late.length === 0) return;
    for (const memberId of late) this.group.remove(memberId);
    this.prepare(turn);
  }
}
