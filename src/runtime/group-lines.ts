/**
 * Who vouches for which member of a group: the coordinator's ends of the gateways' watches. While a
 * line is open the gateway answers the member's heartbeats, so no session runs; a line is closed
 * the moment the member has to hear something. The surprise: nothing is kept of it. Lines outlive
 * an object that sleeps, and a coordinator that restarted without them gives everybody a full
 * session, as Kafka's does.
 */
import type { VouchedMember } from '../core/group/commands.ts';
import type { GroupMachine } from '../core/group/group-machine.ts';

/** What stays with a line, however long the object sleeps. */
export interface Vouching {
  readonly member: VouchedMember;
  /** As the gateway was told: after this time of silence it says that the member is silent. */
  readonly sessionTimeoutMs: number;
}

/** One gateway's line for one member. */
export interface GroupLine extends Vouching {
  /** When it last gave a sign of life, in milliseconds since the epoch. */
  readonly provenAt: number;
  /** Offsets that others have changed: `topic:partition`. */
  tell(partitions: readonly string[]): void;
  /** It is none of the open lines from then on. */
  close(): void;
}

/** How often it is looked whether lines give signs of life. */
const lookEveryMs = 10_000;
/** A line that gave no sign of life for so many session timeouts leads to nobody. */
const silentSessions = 2;

export class GroupLines {
  readonly #open: () => readonly GroupLine[];
  readonly #now: () => number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Members whose sessions do not run; each must have a line, or be released. */
  #vouched = new Set<string>();

  /** @param open the lines that are open */
  constructor(open: () => readonly GroupLine[], now: () => number) {
    this.#open = open;
    this.#now = now;
  }

  /**
   * Whether somebody may vouch for this member: the session timeout, or undefined where the member
   * is to hear something. The line is to be open when the caller has its answer.
   */
  vouch(member: VouchedMember, machine: GroupMachine): number | undefined {
    const sessionTimeoutMs = machine.quietFor(member);
    if (sessionTimeoutMs === undefined) return undefined;
    // Who comes later speaks for the member now.
    for (const line of this.#of(member.memberId)) line.close();
    this.#vouched.add(member.memberId);
    machine.vouchFor(member.memberId);
    return sessionTimeoutMs;
  }

  /** A line is gone; its member was last heard of so long ago. */
  closed({ member }: Vouching, silentMs: number, machine: GroupMachine): void {
    if (this.#of(member.memberId).length > 0) return;
    this.#vouched.delete(member.memberId);
    machine.release(member.memberId, this.#now() - silentMs);
  }

  /** After anything that may have changed the group: closes the lines of those who must hear. */
  review(machine: GroupMachine): void {
    const { by, partitions } = machine.takeOverwritten();
    const now = this.#now();
    const looks = Math.abs(now - this.#lookedAt) >= lookEveryMs;
    if (looks) this.#lookedAt = now;
    const held = new Set<string>();
    for (const line of this.#open()) {
      const { member, sessionTimeoutMs } = line;
      const isDead = looks && now - line.provenAt > silentSessions * sessionTimeoutMs;
      if (isDead || machine.quietFor(member) !== sessionTimeoutMs) {
        line.close();
        this.#vouched.add(member.memberId);
        continue;
      }
      held.add(member.memberId);
      machine.vouchFor(member.memberId);
      if (partitions.length > 0 && member.memberId !== by) line.tell(partitions);
    }
    for (const memberId of this.#vouched) if (!held.has(memberId)) machine.release(memberId, now);
    this.#vouched = held;
  }

  #of(memberId: string): GroupLine[] {
    return this.#open().filter(({ member }) => member.memberId === memberId);
  }
}

/** What a gateway says when it closes its line: how long the member has been silent. */
export function silenceOf(why: string): number {
  const silentMs = Number(why === '' ? 0 : why);
  return Number.isFinite(silentMs) && silentMs > 0 ? silentMs : 0;
}
