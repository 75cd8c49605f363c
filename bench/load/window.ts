/**
 * What of a load is measured: from the end of its warm-up until it has lasted long enough, or has
 * moved enough records. The surprise: requests that are under way when it begins count when they
 * are answered, and those under way when it ends do not, so that nothing is counted twice or torn.
 */
import { processorSecondsOf } from '../processes.ts';
import type { Latency, Report, Target } from './job.ts';

/** When nothing is answered for so long, nothing will be. */
const patienceMs = 30_000;

export class Window {
  readonly #warmUpMs: number;
  /** Records that are still to come before anything is measured. */
  #cold: number;
  readonly #lastsMs: number;
  readonly #wanted: number;
  readonly #pids: readonly number[];
  readonly #latencies = new Latencies();
  #began: number | undefined;
  #warmSince = 0;
  #ended = 0;
  #isOver = false;
  #started = 0;
  #records = 0;
  #bytes = 0;
  #own = 0;
  #system = 0;
  /** How often something was, at any time. */
  counted = 0;

  constructor({ seconds, records, warmUpSeconds = 0, warmUpRecords = 0, pids = [] }: Target) {
    this.#warmUpMs = warmUpSeconds * 1000;
    this.#cold = warmUpRecords;
    this.#lastsMs = seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000;
    this.#wanted = records ?? Number.POSITIVE_INFINITY;
    this.#pids = pids;
  }

  /** Whether the job says when it ends, or ends by itself. */
  get isBounded(): boolean {
    return this.#lastsMs < Number.POSITIVE_INFINITY || this.#wanted < Number.POSITIVE_INFINITY;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether all records that are wanted are under way or answered. */
  get isFull(): boolean {
    return this.#isOver || this.#started >= this.#wanted;
  }

  /** To be called when the load begins. */
  open(now = performance.now()): void {
    this.#warmSince = now;
    if (this.#warmUpMs === 0 && this.#cold === 0) this.#begin(this.#warmSince);
  }

  /** So many records are on their way. */
  start(records: number): void {
    if (this.#began !== undefined) this.#started += records;
  }

  /** So many arrived, or were answered, just now, after so many milliseconds. */
  count(now: number, records: number, bytes: number, latencyMs?: number): void {
    this.counted++;
    if (this.#isOver) return;
    if (this.#began === undefined) {
      this.#cold -= records;
      if (this.#cold <= 0 && now - this.#warmSince >= this.#warmUpMs) this.#begin(now);
      return;
    }
    this.#records += records;
    this.#bytes += bytes;
    if (latencyMs !== undefined) this.#latencies.add(latencyMs);
    if (now - this.#began >= this.#lastsMs || this.#records >= this.#wanted) this.end(now);
  }

  end(now = performance.now()): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended = now;
    this.#own = ownSeconds() - this.#own;
    this.#system = processorSecondsOf(this.#pids) - this.#system;
  }

  report(): Report {
    if (this.#began === undefined || !this.#isOver) throw new Error('nothing was measured');
    return {
      seconds: (this.#ended - this.#began) / 1000,
      records: this.#records,
      bytes: this.#bytes,
      ...(this.#latencies.count === 0 ? {} : { latencyMs: this.#latencies.sorted() }),
      cpuSeconds: this.#own,
      ...(this.#pids.length === 0 ? {} : { systemCpuSeconds: this.#system }),
    };
  }

  #begin(now: number): void {
    this.#began = now;
    this.#own = ownSeconds();
    this.#system = processorSecondsOf(this.#pids);
  }
}

/** Settles as `work` does, but fails when nothing was counted for half a minute. */
export async function untilSilent<T>(window: Window, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    let [seen, since] = [-1, 0];
    timer = setInterval(() => {
      const now = performance.now();
      if (window.counted !== seen) [seen, since] = [window.counted, now];
      else if (now - since > patienceMs) reject(new Error('no answer for 30 seconds'));
    }, 1000);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearInterval(timer);
  }
}

/** All of them, so that percentiles are exact. */
class Latencies {
  #values = new Float64Array(4096);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = ms;
  }

  sorted(): Latency {
    const sorted = this.#values.slice(0, this.#count).sort();
    /** The least value that so large a part of all does not exceed. */
    const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1];
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1), count: sorted.length };
  }
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
