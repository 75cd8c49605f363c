/**
 * Measures systems in turns, round by round, workload by workload. The surprise: what fails is
 * noted and the rest goes on, since a table with a hole in it says more than none.
 */
import type { Running, System } from './system.ts';
import type { Round, Sample, Workload } from './workload.ts';

export interface Plan {
  /** Kedge first. */
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  /** Of each workload, besides one for nothing. */
  readonly rounds: number;
  /** Instead of what each workload has. */
  readonly seconds?: number;
  /** Instead of seconds. */
  readonly records?: number;
  /** Says how far it is. */
  onProgress(text: string): void;
  /** Throws when somebody wants no more. */
  check(): void;
}

export interface Measured {
  readonly versions: Readonly<Record<string, string>>;
  readonly workloads: readonly MeasuredWorkload[];
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
}

export interface MeasuredWorkload {
  readonly workload: Workload;
  /** Samples by system, round by round; a system without is one that has no such thing. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

const defaultSeconds = 0.5;
/** Of the one that counts for nothing. */
const warmUpSeconds = 0.25;

export async function measure(plan: Plan): Promise<Measured> {
  const measuring = new Measuring(plan);
  try {
    return await measuring.run();
  } finally {
    await measuring.stop();
  }
}

class Measuring {
  readonly #plan: Plan;
  /** Those that run from the first workload that needs them to the end. */
  readonly #running = new Map<System, Running>();
  readonly #versions: Record<string, string> = {};
  readonly #failures: string[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  async run(): Promise<Measured> {
    const measured = new Map<Workload, MeasuredWorkload>();
    // What is started for one look is so while nothing else runs.
    const inTurn = this.#plan.workloads.toSorted((a, b) => Number(!a.fresh) - Number(!b.fresh));
    for (const [index, workload] of inTurn.entries()) {
      const place = `${index + 1} of ${inTurn.length}, ${workload.title}`;
      measured.set(workload, { workload, samples: await this.#samplesOf(workload, place) });
    }
    return {
      versions: this.#versions,
      workloads: this.#plan.workloads.map((workload) => measured.get(workload)!),
      failures: this.#failures,
    };
  }

  async stop(): Promise<void> {
    const all = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(all.map((running) => running.stop()));
  }

  async #samplesOf(workload: Workload, place: string): Promise<Map<string, Sample[]>> {
    const { systems, rounds, seconds, records, onProgress, check } = this.#plan;
    const samples = new Map<string, Sample[]>();
    const without = new Set<System>();
    const lasts = seconds ?? workload.seconds ?? defaultSeconds;
    const last = Math.min(rounds, workload.rounds ?? rounds);
    for (let number = 0; number <= last; number++) {
      const length = number === 0 ? Math.min(lasts, warmUpSeconds) : lasts;
      const round: Round = { number, seconds: length, ...(records !== undefined && { records }) };
      for (const system of turned(systems, number)) {
        if (without.has(system)) continue;
        check();
        const when = number === 0 ? 'warming up' : `round ${number} of ${last}`;
        onProgress(`${place}: ${when}, ${system.title}`);
        const sample = await this.#sample(workload, system, round);
        if (sample === undefined) {
          without.add(system);
          samples.delete(system.name);
        } else if (number > 0) {
          samples.set(system.name, [...(samples.get(system.name) ?? []), sample]);
        }
      }
    }
    return samples;
  }

  /** Undefined: there is none, or it failed, which is noted. */
  async #sample(workload: Workload, system: System, round: Round): Promise<Sample | undefined> {
    try {
      if (!workload.fresh) return await workload.sample(await this.#lasting(system), round);
      const running = await startOf(system, workload)();
      this.#versions[system.name] = running.version;
      try {
        return await workload.sample(running, round);
      } finally {
        await running.stop();
      }
    } catch (error) {
      this.#plan.check();
      this.#failures.push(`${workload.name}, ${system.name}: ${(error as Error).message}`);
      return undefined;
    }
  }

  async #lasting(system: System): Promise<Running> {
    const known = this.#running.get(system);
    if (known !== undefined) return known;
    this.#plan.onProgress(`${system.title} is started`);
    const running = await system.start();
    this.#running.set(system, running);
    this.#versions[system.name] = running.version;
    return running;
  }
}

function startOf({ start, startInstalled }: System, { installed }: Workload) {
  return (installed && startInstalled) || start;
}

/** Another one comes first in each round. */
function turned<T>(all: readonly T[], by: number): T[] {
  const first = by % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
