/**
 * The members that one connection vouches for: their heartbeats, and commits that repeat what
 * stands, are answered here as long as their group's line is open. The surprise: the gateway runs
 * the session timeout meanwhile; a member that falls silent, or whose connection is lost, is
 * reported with the time it was last heard of, so that its session ends when it would have.
 */
import type { VouchedMember } from '../core/group/commands.ts';
import { maxAgeMs } from '../core/group/seen-lately.ts';
import type { Objects, Watch } from '../runtime/stubs.ts';
import { renewMs } from './controller-watch.ts';
import type { ModernReply } from './modern-heartbeat.ts';

/** What was committed: `topic:partition` → the offset and all that came with it. */
export type Commits = ReadonlyMap<string, string>;

/** A quarter of a session is the longest that a line is believed without a sign of life. */
const proofsPerSession = 4;

/** A member whose group has nothing new for it. */
class Vouched {
  readonly member: VouchedMember;
  readonly watch: Watch;
  readonly openedAt: number;
  readonly sessionTimeoutMs: number;
  readonly #now: () => number;
  heardAt: number;
  /** When the group was last asked, and what it said. */
  askedAt: number;
  reply: ModernReply | undefined;
  readonly commits = new Map<string, Taken>();
  /** How often the group spoke of offsets that others had changed. */
  changes = 0;
  #provenAt: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(member: VouchedMember, watch: Watch, said: Heard, now: () => number) {
    this.member = member;
    this.watch = watch;
    this.#now = now;
    this.sessionTimeoutMs = Number(watch.saidFirst);
    this.openedAt = this.#provenAt = now();
    this.heardAt = this.askedAt = said.askedAt;
    this.reply = said.reply;
    watch.listen(() => this.#listen());
    this.#arm();
  }

  /** Whether the group has still nothing new. */
  async isQuiet(): Promise<boolean> {
    const now = this.#now();
    if (now - this.openedAt >= renewMs) this.close();
    const isProven = now - this.#provenAt < this.sessionTimeoutMs / proofsPerSession;
    return isProven ? this.watch.open : this.prove();
  }

  /** Whether the group had nothing new when this was asked. */
  async prove(): Promise<boolean> {
    const asked = this.#now();
    if (!(await this.watch.prove())) return false;
    this.#provenAt = asked;
    return this.watch.open;
  }

  /** Tells the group for how long the member has been silent. */
  close(): void {
    clearTimeout(this.#timer);
    this.watch.close(`${Math.max(0, this.#now() - this.heardAt)}`);
  }

  #listen(): void {
    if (!this.watch.open) {
      clearTimeout(this.#timer);
      return;
    }
    this.changes++;
    for (const partition of JSON.parse(this.watch.said) as string[]) this.commits.delete(partition);
  }

  #arm(): void {
    const left = this.heardAt + this.sessionTimeoutMs - this.#now();
    if (left <= 0) this.close();
    else this.#timer = setTimeout(() => this.#arm(), left);
  }
}

/** When the group was asked, and what it answered where that is more than a code. */
interface Heard {
  readonly askedAt: number;
  readonly reply?: ModernReply;
}

/** A commit that the group took. */
interface Taken {
  readonly said: string;
  readonly at: number;
}

/** Who commits: as `VouchedMember`, but for the protocol, which commits do not tell. */
export type VouchedCommitter = Omit<VouchedMember, 'protocol'>;

export class MemberWatches {
  readonly #objects: Objects;
  readonly #now: () => number;
  readonly #vouched = new Map<string, Vouched>();
  /** Members whose last heartbeat said nothing new. */
  readonly #quiet = new Map<string, VouchedMember>();
  readonly #opening = new Set<string>();
  #closed = false;

  constructor(objects: Objects, now: () => number) {
    this.#objects = objects;
    this.#now = now;
  }

  /** A heartbeat came: whether its group, were it asked, would have nothing new. */
  async answersFor(groupId: string, member: VouchedMember): Promise<boolean> {
    const vouched = this.#find(groupId, member);
    if (vouched?.member.protocol !== member.protocol) return false;
    vouched.heardAt = this.#now();
    return vouched.isQuiet();
  }

  /**
   * The same where groups assign themselves: what the group would answer. `unchangedSince`: topics
   * are what they were then; the group must have been asked so much later that it has seen them.
   */
  async replyFor(
    groupId: string,
    member: VouchedMember,
    unchangedSince: number,
  ): Promise<ModernReply | undefined> {
    const isQuiet = await this.answersFor(groupId, member);
    const vouched = this.#find(groupId, member);
    if (!isQuiet || vouched === undefined) return undefined;
    return vouched.askedAt >= unchangedSince + groupLooksMs ? vouched.reply : undefined;
  }

  /** The group was asked, and had nothing new for this member. */
  hadNothingNew(groupId: string, member: VouchedMember, heard: Heard): void {
    const key = keyOf(groupId, member.memberId);
    const vouched = this.#find(groupId, member);
    if (vouched?.watch.open) {
      Object.assign(vouched, heard, { heardAt: this.#now() });
      return;
    }
    // A client that asks once, as each request over HTTP is one, is not vouched for.
    const again = this.#quiet.get(key);
    this.#quiet.set(key, member);
    if (again === undefined || !isSame(again, member) || this.#opening.has(key)) return;
    this.#opening.add(key);
    void this.#open(key, groupId, member, heard);
  }

  /** The group had something to say: it is asked again from now on. */
  hadNews(groupId: string, memberId: string): void {
    const key = keyOf(groupId, memberId);
    this.#quiet.delete(key);
    const vouched = this.#vouched.get(key);
    if (vouched === undefined) return;
    this.#vouched.delete(key);
    vouched.heardAt = this.#now();
    vouched.close();
  }

  /** Whether this is what the member has committed since then, and it stands as it did. */
  async repeats(
    groupId: string,
    committer: VouchedCommitter,
    commits: Commits,
    since: number,
  ): Promise<boolean> {
    const vouched = this.#find(groupId, committer);
    if (vouched === undefined) return false;
    const isSaid = () =>
      [...commits].every(([key, said]) => {
        const taken = vouched.commits.get(key);
        return taken?.said === said && taken.at >= since;
      });
    if (!isSaid() || this.#now() - vouched.openedAt >= renewMs) return false;
    return (await vouched.prove()) && isSaid();
  }

  /**
   * Call before a commit, and what it returns when all of it stands; undefined where nobody here
   * vouches for who commits, so that it is kept in mind by nobody.
   */
  committing(
    groupId: string,
    committer: VouchedCommitter,
    commits: Commits,
  ): (() => void) | undefined {
    const vouched = this.#find(groupId, committer);
    if (vouched === undefined) return undefined;
    const { changes } = vouched;
    const at = this.#now();
    for (const key of commits.keys()) vouched.commits.delete(key);
    return () => {
      // What was said meanwhile may have been said of these.
      if (vouched.changes !== changes || !vouched.watch.open) return;
      for (const [key, said] of commits) vouched.commits.set(key, { said, at });
    };
  }

  /** A commit was taken: of a classic member, that is a sign of life. */
  hasCommitted(groupId: string, committer: VouchedCommitter): void {
    const vouched = this.#find(groupId, committer);
    if (vouched?.member.protocol === 'classic') vouched.heardAt = this.#now();
  }

  closeAll(): void {
    this.#closed = true;
    for (const vouched of this.#vouched.values()) vouched.close();
    this.#vouched.clear();
  }

  #find(groupId: string, member: VouchedCommitter): Vouched | undefined {
    const vouched = this.#vouched.get(keyOf(groupId, member.memberId));
    if (vouched === undefined) return undefined;
    if (vouched.watch.open && isSame(vouched.member, member)) return vouched;
    this.#vouched.delete(keyOf(groupId, member.memberId));
    vouched.close();
    return undefined;
  }

  async #open(key: string, groupId: string, member: VouchedMember, heard: Heard): Promise<void> {
    const watch = await this.#objects.group(groupId).watch(member);
    this.#opening.delete(key);
    if (!watch.open) {
      this.#quiet.delete(key);
      return;
    }
    this.#vouched.get(key)?.close();
    const vouched = new Vouched(member, watch, heard, this.#now);
    if (this.#closed) vouched.close();
    if (!watch.open) return;
    this.#vouched.set(key, vouched);
    // A member that is gone comes again under another id: nothing is kept of it.
    watch.listen(() => {
      if (!watch.open && this.#vouched.get(key) === vouched) this.#vouched.delete(key);
    });
  }
}

/** A group that is asked looks at topics it has not looked at for so long; clocks may differ. */
const groupLooksMs = maxAgeMs + 6_000;

function keyOf(groupId: string, memberId: string): string {
  return JSON.stringify([groupId, memberId]);
}

function isSame(one: VouchedCommitter, other: VouchedCommitter): boolean {
  return one.epoch === other.epoch && one.groupInstanceId === other.groupInstanceId;
}
