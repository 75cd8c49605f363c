/**
 * One kind of group, by the protocol that its members speak: what the coordinator that keeps the
 * offsets asks of those who read. The surprise: every coordinator has one of each kind, of which at
 * most one exists; a group that changes its kind is rows of the one removed and rows of another
 * put.
 */
import type { Parked, Ticket } from '../machine.ts';
import type { Committer, CommittingTopic, GroupCalls, VouchedMember } from './commands.ts';
import type { RetainedSince } from './committed-offsets.ts';
import type { GroupCall, GroupReply } from './replies.ts';
import type { GroupConfig, GroupRow, Turn } from './rows.ts';

/** What a kind of group is made with. */
export interface KindOptions {
  readonly config: GroupConfig;
  /** Answers a UUID that nobody has. */
  newUuid(): string;
  newTicket(): Ticket;
  /** Whether offsets were committed here, be there members or not. */
  hasOffsets(): boolean;
}

/** How the call of a committer came. */
export interface CommitForm {
  readonly inTransaction: boolean;
  /** Its client knows of member epochs: see `commitOffsets`. */
  readonly namesMissingGroup: boolean;
  readonly topics: readonly CommittingTopic[];
}

export interface GroupKind {
  /** As ListGroups names it: classic, consumer, share … */
  readonly groupType: string;
  /** Whether there is such a group, if only in memory. */
  readonly exists: boolean;
  /** Kafka's name of the state it is in; Empty where nobody is in the group. */
  readonly state: string;
  /** As ListGroups and DescribeGroups show it. */
  readonly protocolType: string;
  /** Nobody is in the group, and nobody has asked to be. */
  readonly hasNobody: boolean;
  /** When a group that has no offsets and nobody in it is forgotten, counted from here. */
  readonly quietSince: number | undefined;
  readonly retainedSince: RetainedSince;
  readonly deadline: number | undefined;

  /** Before anything else in a turn: the first one after a load starts clocks. */
  start(turn: Turn, wokenByAlarm: boolean): void;
  /** At the end of a turn: everything whose time has come. */
  expire(turn: Turn): void;
  /** Answers a call about members; undefined for one that is another kind's. Throws KafkaError. */
  answer(call: GroupCall, turn: Turn): GroupReply | Parked | undefined;
  /** Throws KafkaError where this committer may not commit. Asked only of a group that exists. */
  checkCommitter(committer: Committer, form: CommitForm): void;
  /** Throws KafkaError where this member may not read offsets. */
  checkReader(command: GroupCalls['fetchOffsets']['command']): void;
  /** Somebody committed who may. */
  heardCommitter(committer: Committer, turn: Turn): void;
  /** Throws KafkaError where an operator may delete no offsets. */
  checkDeleter(command: GroupCalls['deleteOffsets']['command']): void;
  /**
   * The session timeout of a member that, as things stand, hears the same at every heartbeat;
   * undefined where it is to hear something else, or is none.
   */
  quietFor(member: VouchedMember): number | undefined;
  /** Somebody vouches for this member: its session does not run. */
  vouchFor(memberId: string): void;
  /** Nobody does any more; it was last heard of then, in milliseconds since the epoch. */
  release(memberId: string, heardAt: number): void;
  isSubscribedTo(topic: string): boolean;
  /** The rows that remove the group; what of it is memory alone is gone at once. */
  removal(): readonly GroupRow[];
  /** At the end of a turn: forgets what is memory alone and has nobody in it any more. */
  forgetGhost(): void;
  /** Whether this row is of this kind. */
  holds(key: string): boolean;
  replay(row: GroupRow): void;
}
