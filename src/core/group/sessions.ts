/**
 * Whom a coordinator has heard of lately, and until when it waits for the others. The surprise:
 * sessions are memory, and heartbeats write nothing; only members that were silent when an alarm
 * woke the coordinator are kept, since an object that sleeps between alarms would otherwise give
 * them a fresh session for ever.
 */
import type { Probation, Turn } from './rows.ts';

/** How probation is kept: with one of these keys. */
type ProbationKey = 'consumer/probation' | 'share/probation';

export class Sessions {
  readonly #key: ProbationKey;
  readonly #deadlines = new Map<string, number>();
  #probation: Probation = {};
  /** Somebody else looks after these. */
  readonly #vouched = new Set<string>();
  /** Set by the first event after a load: until then no session runs. */
  #started = false;

  constructor(key: ProbationKey) {
    this.#key = key;
  }

  /**
   * The first event after a load: every member gets a full session, or what is left of its
   * probation. If that event is an alarm, nobody is known to live, so whoever is silent now is put
   * on probation.
   */
  start(turn: Turn, wokenByAlarm: boolean, timeouts: Iterable<readonly [string, number]>): void {
    if (this.#started) return;
    this.#started = true;
    const silent: Record<string, number> = {};
    let news = false;
    for (const [memberId, timeoutMs] of timeouts) {
      if (this.#vouched.has(memberId)) continue;
      const known = this.#probation[memberId] ?? this.#deadlines.get(memberId);
      const deadline = known ?? turn.now + timeoutMs;
      this.#deadlines.set(memberId, deadline);
      silent[memberId] = deadline;
      news ||= !Object.hasOwn(this.#probation, memberId);
    }
    if (wokenByAlarm && news) this.#put(silent, turn);
  }

  /** The member is alive: its session starts again. */
  heard(memberId: string, timeoutMs: number, turn: Turn): void {
    if (!this.#vouched.has(memberId)) this.#deadlines.set(memberId, turn.now + timeoutMs);
    this.#absolve(memberId, turn);
  }

  /** The member is gone. */
  forget(memberId: string, turn: Turn): void {
    this.#deadlines.delete(memberId);
    this.#vouched.delete(memberId);
    this.#absolve(memberId, turn);
  }

  /** Somebody vouches for the member: it needs no session. */
  vouchFor(memberId: string): void {
    this.#vouched.add(memberId);
    this.#deadlines.delete(memberId);
  }

  /** Nobody does any more. */
  release(memberId: string, deadline: number): void {
    this.#vouched.delete(memberId);
    this.#deadlines.set(memberId, deadline);
  }

  #absolve(memberId: string, turn: Turn): void {
    if (!Object.hasOwn(this.#probation, memberId)) return;
    const { [memberId]: _, ...others } = this.#probation;
    this.#put(others, turn);
  }

  #put(probation: Probation, turn: Turn): void {
    this.#probation = probation;
    const value = Object.keys(probation).length === 0 ? null : probation;
    turn.rows.push({ key: this.#key, value });
  }

  /** Nobody is left. */
  clear(): void {
    this.#deadlines.clear();
    this.#vouched.clear();
    this.#probation = {};
    this.#started = false;
  }

  replay(probation: Probation | null): void {
    this.#probation = probation ?? {};
  }

  get onProbation(): boolean {
    return Object.keys(this.#probation).length > 0;
  }

  get deadline(): number {
    return Math.min(Infinity, ...this.#deadlines.values());
  }

  /** Those that were silent for too long. */
  expired(now: number): string[] {
    return [...this.#deadlines].flatMap(([memberId, at]) => (at <= now ? [memberId] : []));
  }
}
