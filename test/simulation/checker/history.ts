/**
 * What clients did and saw, as plain data: all the checker knows. The surprise: an operation stands
 * where it was begun, not where it ended, since that is the order in which its client meant it.
 */

/** `ok` was acknowledged (or committed), `fail` certainly did nothing; of the rest nobody knows. */
export type Outcome = 'ok' | 'fail' | 'unknown';

/**
 * What offsets belong to: `topic-partition`, and `topic-partition@topicId` for one incarnation of a
 * topic that is deleted and made again. Clients that only know the name leave the id away.
 */
export type PartitionName = string;

export interface Send {
  readonly kind: 'send';
  readonly partition: PartitionName;
  /** Unique in the whole history. */
  readonly value: string;
  /** Where it was put, as far as its sender was told. */
  readonly offset?: number;
  /** The value that was read and became this one. */
  readonly source?: string;
  /** In a compacted topic: a later value with the same key may take its place. */
  readonly key?: string;
}

export interface SeenRecord {
  readonly partition: PartitionName;
  readonly offset: number;
  readonly value: string;
}

export interface Poll {
  readonly kind: 'poll';
  /** In the order in which the client got them. */
  readonly records: readonly SeenRecord[];
  /** The offsets this client asks for next, of every partition it reads. */
  readonly positions?: Readonly<Record<PartitionName, number>>;
  /** When it came, where the operation goes on. */
  readonly at?: number;
}

/** A group's offset was committed. */
export interface Commit {
  readonly kind: 'commit';
  readonly group: string;
  readonly partition: PartitionName;
  readonly offset: number;
}

/** A group's committed offset was asked for; -1: there was none. */
export interface Committed {
  readonly kind: 'committed';
  readonly group: string;
  readonly partition: PartitionName;
  readonly offset: number;
}

/** What a member was given in one generation of its group. */
export interface Assigned {
  readonly kind: 'assigned';
  readonly group: string;
  readonly generation: number;
  readonly member: string;
  readonly partitions: readonly PartitionName[];
}

/** A topic that comes and goes was made. */
export interface Created {
  readonly kind: 'created';
  readonly topic: string;
  /** Absent: the answer did not say. */
  readonly topicId?: string;
}

/** A topic was deleted; what was asked for by name may not say which incarnation. */
export interface Deleted {
  readonly kind: 'deleted';
  readonly topic: string;
  readonly topicId?: string;
}

/** What lies below was deleted, at somebody's wish. */
export interface Trimmed {
  readonly kind: 'trimmed';
  readonly partition: PartitionName;
  /** Infinity: wherever the end was. */
  readonly offset: number;
}

/** A member was told that these are its own, all that it has, at some moment in between. */
export interface Granted {
  readonly kind: 'granted';
  readonly group: string;
  readonly partitions: readonly PartitionName[];
  readonly beganAt: number;
  readonly endedAt: number;
}

/** How a group stood in the end, when nobody came or went any more. */
export interface Settled {
  readonly kind: 'settled';
  readonly group: string;
  /** The members that believe to have each partition there is. */
  readonly owners: Readonly<Record<PartitionName, readonly string[]>>;
  /** What was committed, and where the log ends. */
  readonly committed: Readonly<Record<PartitionName, number>>;
  readonly ends: Readonly<Record<PartitionName, number>>;
  /** What did not come to rest in time; '': all did. */
  readonly unrest: string;
  /** Of a share group, whose members may have a partition together. */
  readonly shared?: SharedRules;
}

/** What a share group promised on its records. */
export interface SharedRules {
  readonly lockMs: number;
  /** How often a record is delivered at most. */
  readonly limit: number;
}

export interface DeliveredRecord extends SeenRecord {
  readonly deliveryCount: number;
}

/** What a member of a share group acquired. */
export interface Delivered {
  readonly kind: 'delivered';
  readonly group: string;
  readonly records: readonly DeliveredRecord[];
  /** Of these it may have acquired more than it was told. */
  readonly unseen?: readonly PartitionName[];
}

/** What a member of a share group said of records: offset → 1 accept, 2 release, 3 reject … */
export interface Judged {
  readonly kind: 'judged';
  readonly group: string;
  readonly partition: PartitionName;
  readonly types: Readonly<Record<number, number>>;
}

/** From then on a member may have held nothing any more: its session or connection was gone. */
export interface LetGo {
  readonly kind: 'let-go';
  readonly group: string;
  readonly at: number;
}

export type Step =
  | Send
  | Poll
  | Commit
  | Committed
  | Assigned
  | Created
  | Deleted
  | Trimmed
  | Granted
  | Settled
  | Delivered
  | Judged
  | LetGo;

export interface Operation {
  /** Who did it; the same client started again is another process. */
  readonly process: string;
  /** The group it reads for, if any. */
  readonly group?: string;
  readonly outcome: Outcome;
  /** Milliseconds; the checker only compares them. */
  readonly beganAt: number;
  readonly endedAt: number;
  /** Its steps count together or not at all. */
  readonly transaction?: boolean;
  /** When its client first asked to commit: until then nothing of a transaction may be seen. */
  readonly decidedAt?: number;
  /** Reads what is not committed as well (read_uncommitted). */
  readonly uncommitted?: boolean;
  /**
   * The positions of this process were set anew just before: it was assigned other partitions, or
   * its group was rebalanced.
   */
  readonly repositioned?: boolean;
  /** Its reader came from elsewhere into the middle: what precedes it may be unread. */
  readonly glimpsed?: boolean;
  readonly steps: readonly Step[];
}

export type History = readonly Operation[];

export function sendsOf({ steps }: Operation): Send[] {
  return steps.filter((step) => step.kind === 'send');
}

export function seenBy({ steps }: Operation): SeenRecord[] {
  return steps.flatMap((step) => (step.kind === 'poll' ? step.records : []));
}
