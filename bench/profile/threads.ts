/**
 * What the threads of a process take of the processor (Linux). The surprise: workerd runs all
 * JavaScript on one thread, named as itself, beside V8's own for garbage and compiling.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface ThreadTime {
  readonly name: string;
  /** Seconds of its own code. */
  readonly user: number;
  /** Seconds that the system took for it: sockets and files. */
  readonly system: number;
}

/** Linux counts in these, on every machine that Node.js runs on. */
const ticksPerSecond = 100;

/** So far, by thread id. */
export function threadTimes(pid: number): Map<number, ThreadTime> {
  const times = new Map<number, ThreadTime>();
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [user, system] = [fields[11], fields[12]].map((ticks) => Number(ticks) / ticksPerSecond);
    times.set(Number(id), { name, user, system });
  }
  return times;
}

/** What each took between two looks, the busiest first; those of one name count as one. */
export function threadsBetween(
  before: ReadonlyMap<number, ThreadTime>,
  after: ReadonlyMap<number, ThreadTime>,
): ThreadTime[] {
  const byName = new Map<string, ThreadTime>();
  for (const [id, { name, user, system }] of after) {
    const earlier = before.get(id) ?? { user: 0, system: 0 };
    const sum = byName.get(name) ?? { name, user: 0, system: 0 };
    byName.set(name, {
      name,
      user: sum.user + user - earlier.user,
      system: sum.system + system - earlier.system,
    });
  }
  return [...byName.values()].sort((a, b) => b.user + b.system - a.user - a.system);
}
