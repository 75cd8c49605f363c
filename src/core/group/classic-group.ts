/**
 * One group of the classic protocol as data: its members, its generation and the questions that can
 * be asked of them. The surprise: a group is kept as a checkpoint of its last settled generation
 * (Stable or Empty); a rebalance in flight lives in memory alone, and members whose coordinator
 * restarts simply join again.
 */
import { DecodeError } from '../../bytes/reader.ts';
import { decodeSubscription } from '../../protocol/embedded/consumer-protocol.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Ticket } from '../machine.ts';
import type { GroupDescription, JoinGroupReply, MemberProtocol } from './commands.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

const noBytes = new Uint8Array(0);

/** What is kept of a member. */
export interface MemberCheckpoint {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly MemberProtocol[];
  readonly assignment: Uint8Array;
}

/**
 * What is kept of a group: the last generation that settled. Without members it is Empty, otherwise
 * Stable.
 */
export interface GroupCheckpoint {
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string | null;
  /** When the group came into this state, in milliseconds since the epoch. */
  readonly stateTimestampMs: number;
  /** Everybody is to join again: the group was of another protocol when this was settled. */
  readonly mustRebalance?: true;
  readonly members: readonly MemberCheckpoint[];
}

/** A member as it is held in memory. */
export interface Member extends MemberCheckpoint {
  memberId: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly MemberProtocol[];
  assignment: Uint8Array;
  /** Since its first JoinGroup until that is answered. */
  isNew: boolean;
  joinTicket: Ticket | undefined;
  syncTicket: Ticket | undefined;
  /** When it is taken for dead. Undefined: not yet known, or it waits in a parked call. */
  sessionDeadline: number | undefined;
}

export class ClassicGroup {
  state: GroupState = 'Empty';
  previousState: GroupState = 'Empty';
  stateTimestampMs: number;
  generationId = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  leader: string | null = null;
  readonly members = new Map<string, Member>();
  /** Member ids that were given out and not yet used, with the time at which they lapse. */
  readonly pendingMembers = new Map<string, number>();
  /** Members of this generation that have not sent SyncGroup. */
  readonly pendingSync = new Set<string>();
  /** Group instance id → member id. */
  readonly staticMembers = new Map<string, string>();

  /** Read once a generation. */
  #subscribed: { generationId: number; topics: ReadonlySet<string> | undefined } | undefined;

  constructor(now: number) {
    this.stateTimestampMs = now;
  }

  static restore(checkpoint: GroupCheckpoint): ClassicGroup {
    const group = new ClassicGroup(checkpoint.stateTimestampMs);
    const { generationId, protocolType, protocolName, leader } = checkpoint;
    Object.assign(group, { generationId, protocolType, protocolName, leader });
    group.state = checkpoint.members.length > 0 ? 'Stable' : 'Empty';
    for (const member of checkpoint.members) group.#put(memberOf(member));
    return group;
  }

  checkpoint(): GroupCheckpoint {
    const { generationId, protocolType, protocolName, leader, stateTimestampMs } = this;
    const members = [...this.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      sessionTimeoutMs: member.sessionTimeoutMs,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      protocols: member.protocols,
      assignment: member.assignment,
    }));
    return { generationId, protocolType, protocolName, leader, stateTimestampMs, members };
  }

  transitionTo(state: GroupState, now: number): void {
    this.previousState = this.state;
    this.state = state;
    this.stateTimestampMs = now;
  }

  add(member: Member, protocolType: string): void {
    if (this.members.size === 0) this.protocolType = protocolType;
    this.leader ??= member.memberId;
    this.#put(member);
    this.pendingMembers.delete(member.memberId);
  }

  #put(member: Member): void {
    this.members.set(member.memberId, member);
    if (member.groupInstanceId !== null) {
      this.staticMembers.set(member.groupInstanceId, member.memberId);
    }
  }

  /** Leadership passes to whoever has been there longest. */
  remove(memberId: string): void {
    const member = this.members.get(memberId);
    this.members.delete(memberId);
    if (member?.groupInstanceId != null) this.staticMembers.delete(member.groupInstanceId);
    if (this.leader === memberId) this.leader = this.members.keys().next().value ?? null;
    this.pendingMembers.delete(memberId);
    this.pendingSync.delete(memberId);
  }

  /** A static member came back under a new member id: everything else about it stays (KIP-345). */
  replaceStaticMember(member: Member, newMemberId: string): Member {
    const replacement = { ...memberOf(member), memberId: newMemberId };
    this.members.delete(member.memberId);
    this.#put(replacement);
    if (this.leader === member.memberId) this.leader = newMemberId;
    return replacement;
  }

  /**
   * The member that acts under these ids. Throws UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID for one
   * that was replaced.
   */
  validMember(memberId: string, groupInstanceId: string | null): Member {
    if (groupInstanceId !== null) {
      const current = this.staticMembers.get(groupInstanceId);
      if (current !== undefined && current !== memberId) {
        throw new KafkaError(ErrorCode.FENCED_INSTANCE_ID);
      }
      if (current === undefined) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    }
    const member = this.members.get(memberId);
    if (!member) throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID);
    return member;
  }

  /** The same, undefined where that throws. */
  knownMember(memberId: string, groupInstanceId: string | null): Member | undefined {
    if (groupInstanceId !== null && this.staticMembers.get(groupInstanceId) !== memberId) {
      return undefined;
    }
    return this.members.get(memberId);
  }

  get awaitingJoin(): number {
    let count = 0;
    for (const { joinTicket } of this.members.values()) if (joinTicket !== undefined) count++;
    return count;
  }

  get hasAllMembersJoined(): boolean {
    return this.pendingMembers.size === 0 && this.awaitingJoin === this.members.size;
  }

  /** The longest that any member asks for. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const member of this.members.values()) {
      longest = Math.max(longest, member.rebalanceTimeoutMs);
    }
    return longest;
  }

  /** Whether somebody with these protocols could be a member: one of them is known to everybody. */
  supportsProtocols(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return (
      protocolType === this.protocolType && protocols.some(({ name }) => this.#everybodyKnows(name))
    );
  }

  #everybodyKnows(protocolName: string): boolean {
    for (const { protocols } of this.members.values()) {
      if (!protocols.some(({ name }) => name === protocolName)) return false;
    }
    return true;
  }

  /** Every member votes for the first of its protocols that everybody knows; most votes win. */
  selectProtocol(): string {
    const votes = new Map<string, number>();
    const [first] = this.members.values();
    const names = first.protocols.map(({ name }) => name);
    const candidates = new Set(names.filter((name) => this.#everybodyKnows(name)));
    for (const { protocols } of this.members.values()) {
      const choice = protocols.find(({ name }) => candidates.has(name));
      if (!choice) throw new Error('a member shares no protocol with its group');
      votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
    }
    return [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
  }

  /** False when the leader did not rejoin and nobody else did either. */
  electJoinedLeader(): boolean {
    if (this.leader === null) return false;
    if (this.members.get(this.leader)?.joinTicket !== undefined) return true;
    for (const { memberId, joinTicket } of this.members.values()) {
      if (joinTicket === undefined) continue;
      this.leader = memberId;
      return true;
    }
    return false;
  }

  /**
   * The answer to a JoinGroup of a member of the current generation; the leader is told of
   * everybody.
   */
  joinReply(memberId: string, skipAssignment = false): JoinGroupReply {
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leader ?? '',
      skipAssignment,
      memberId,
      members:
        memberId !== this.leader
          ? []
          : [...this.members.values()].map((member) => ({
              memberId: member.memberId,
              groupInstanceId: member.groupInstanceId,
              metadata: this.#metadataOf(member),
            })),
    };
  }

  /**
   * False only where consumers say so: what cannot be read, and other protocols, may use any topic.
   */
  isSubscribedTo(topic: string): boolean {
    if (this.protocolType !== 'consumer') return true;
    if (this.#subscribed?.generationId !== this.generationId) {
      this.#subscribed = { generationId: this.generationId, topics: this.#subscribedTopics() };
    }
    return this.#subscribed.topics?.has(topic) ?? true;
  }

  #subscribedTopics(): ReadonlySet<string> | undefined {
    try {
      const members = [...this.members.values()];
      return new Set(
        members.flatMap((member) => decodeSubscription(this.#metadataOf(member)).topics),
      );
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }

  #metadataOf(member: Member): Uint8Array {
    return member.protocols.find(({ name }) => name === this.protocolName)?.metadata ?? noBytes;
  }

  /** Metadata and assignments only mean something while the group is Stable. */
  describe(): GroupDescription {
    const stable = this.state === 'Stable';
    return {
      groupState: this.state,
      protocolType: this.protocolType ?? '',
      protocolData: (stable && this.protocolName) || '',
      members: [...this.members.values()].map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        memberMetadata: stable ? this.#metadataOf(member) : noBytes,
        memberAssignment: stable ? member.assignment : noBytes,
      })),
    };
  }
}

/** A member whom nobody has heard of since it was loaded or named. */
export function memberOf(checkpoint: MemberCheckpoint): Member {
  return {
    ...checkpoint,
    isNew: false,
    joinTicket: undefined,
    syncTicket: undefined,
    sessionDeadline: undefined,
  };
}

/** Whether a member joins with what the group already knows of it. */
export function sameProtocols(
  known: readonly MemberProtocol[],
  offered: readonly MemberProtocol[],
): boolean {
  return (
    known.length === offered.length &&
    known.every(
      ({ name, metadata }, index) =>
        name === offered[index].name && sameBytes(metadata, offered[index].metadata),
    )
  );
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
