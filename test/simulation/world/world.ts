/**
 * What all parts of a simulated world share: its time, its chance, and how much trouble there is.
 * The surprise: a seed decides the kinds of trouble too, since faults that are always there
 * together hide what each of them alone would show.
 */
import { Random } from './random.ts';
import { VirtualTime } from './virtual-time.ts';

/** Probabilities, each for one occasion, and mean times in milliseconds. */
export interface Trouble {
  /** An object crashes at a point where it waits, or is about to answer. */
  readonly crash: number;
  /** It certainly does at this one of all those points, counted from 1. */
  readonly crashAt?: number;
  /** A crashed instance goes on for those who reach it, until it tries to write. */
  readonly stale: number;
  /** A write that fails takes the instance with it. */
  readonly failedWrite: number;
  /** The line between two parties breaks while a call is on its way. */
  readonly brokenLine: number;
  readonly overloaded: number;
  /** An alarm rings a second time, or much later. */
  readonly wrongAlarm: number;
  /** A watch's line goes quiet without closing. */
  readonly silentWatch: number;
  /** A client's connection is cut somewhere in the bytes it carries. */
  readonly cutConnection: number;
  /** Mean times between these; Infinity: never. */
  readonly evictEveryMs: number;
  readonly deployEveryMs: number;
  readonly clockJumpEveryMs: number;
  readonly clientCrashEveryMs: number;
  /** How long a message takes, a write until it is durable, and now and then far longer. */
  readonly messageMs: number;
  readonly writeMs: number;
  readonly slow: number;
}

export const calm: Trouble = {
  crash: 0,
  stale: 0,
  failedWrite: 0,
  brokenLine: 0,
  overloaded: 0,
  wrongAlarm: 0,
  silentWatch: 0,
  cutConnection: 0,
  evictEveryMs: Number.POSITIVE_INFINITY,
  deployEveryMs: Number.POSITIVE_INFINITY,
  clockJumpEveryMs: Number.POSITIVE_INFINITY,
  clientCrashEveryMs: Number.POSITIVE_INFINITY,
  messageMs: 1,
  writeMs: 3,
  slow: 0,
};

/** The trouble of one seed: each kind is there or not, and rare or frequent. */
export function troubleOf(random: Random): Trouble {
  const perhaps = (most: number) => (random.chance(0.3) ? 0 : most * random.next() ** 2);
  const every = (least: number) =>
    random.chance(0.4) ? Number.POSITIVE_INFINITY : least * (1 + 9 * random.next());
  return {
    crash: perhaps(0.02),
    stale: perhaps(0.5),
    failedWrite: perhaps(0.03),
    brokenLine: perhaps(0.03),
    overloaded: perhaps(0.03),
    wrongAlarm: perhaps(0.5),
    silentWatch: perhaps(0.05),
    cutConnection: perhaps(0.01),
    evictEveryMs: every(1_000),
    deployEveryMs: every(10_000),
    clockJumpEveryMs: every(5_000),
    clientCrashEveryMs: every(5_000),
    messageMs: random.pick([0.5, 2, 20]),
    writeMs: random.pick([1, 5, 50]),
    slow: perhaps(0.02),
  };
}

export class World {
  readonly time: VirtualTime;
  readonly random: Random;
  trouble: Trouble;
  /** What happened, by kind: to see that the trouble came about. */
  isHealed = false;
  /** At how many points an object could have crashed before all healed. */
  crashPoints = 0;
  /** From when on even what was late has passed. */
  calmFrom = Number.POSITIVE_INFINITY;
  readonly faults = new Map<string, number>();

  /** @param troubleFrom draws the trouble of a seed, where nobody says which it is to be */
  constructor(seed: number, trouble?: Trouble, troubleFrom = troubleOf) {
    const random = new Random(seed);
    this.trouble = trouble ?? troubleFrom(random.fork('trouble'));
    this.time = new VirtualTime(random.fork('time'));
    this.random = random.fork('world');
  }

  /** Whether this kind of trouble happens now. */
  strikes(
    kind:
      | 'crash'
      | 'stale'
      | 'failedWrite'
      | 'brokenLine'
      | 'overloaded'
      | 'wrongAlarm'
      | 'silentWatch'
      | 'cutConnection'
      | 'slow',
  ): boolean {
    const struck = this.random.chance(this.trouble[kind]) || this.#isAppointed(kind);
    if (struck) this.count(kind);
    return struck;
  }

  #isAppointed(kind: string): boolean {
    if (kind !== 'crash' || this.isHealed) return false;
    return ++this.crashPoints === this.trouble.crashAt;
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.trouble = { ...calm, messageMs: this.trouble.messageMs, writeMs: this.trouble.writeMs };
    this.isHealed = true;
  }

  count(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  /** How long a message takes. */
  latency(): number {
    const { messageMs } = this.trouble;
    return this.random.delay(messageMs) + (this.strikes('slow') ? this.random.delay(3_000) : 0);
  }

  /** How long a write takes to be durable. */
  writeDelay(): number {
    const { writeMs } = this.trouble;
    return this.random.delay(writeMs) + (this.strikes('slow') ? this.random.delay(1_000) : 0);
  }
}
