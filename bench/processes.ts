/**
 * Processes as the system sees them (Linux): who belongs to whom, and what they take of the memory.
 * The surprise: what several of them share is counted once, by its proportion (PSS), so that the
 * figures of processes may be added.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that came of it. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = /^PPid:\s*(\d+)/m.exec(read(`/proc/${name}/status`));
    if (parent !== null) parents.set(Number(name), Number(parent[1]));
  }
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** MB of memory that these processes take together. */
export function memoryOf(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) =>
    Number(/^Pss:\s*(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, size) => sum + size, 0) / 1000;
}

/** Seconds that these processes were on the processor so far; it is counted in steps of 10 ms. */
export function processorSecondsOf(pids: readonly number[]): number {
  const ticks = pids.flatMap(
    (pid) => read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [],
  );
  return ticks.reduce((sum, count) => sum + count, 0) / 100;
}

/** Milliseconds that a process was on the processor so far, all its threads that live: exact. */
export function processorMsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((id) =>
    Number(read(`/proc/${pid}/task/${id}/schedstat`).split(' ')[0]),
  );
  return times.reduce((sum, ns) => sum + ns, 0) / 1e6;
}

/** Whether a process runs; one that has ended and waits to be collected does not. */
export function runs(pid: number): boolean {
  const status = read(`/proc/${pid}/status`);
  return status !== '' && !/^State:\s+[ZX]/m.test(status);
}

/** What a process is called. */
export function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

/** Whether somebody on this machine listens on a port. */
export function isListenedOn(port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = new RegExp(`^\\s*\\d+: [0-9A-F]+:${wanted} [0-9A-F]+:0000 0A `, 'm');
  return ['tcp', 'tcp6'].some((family) => listening.test(read(`/proc/net/${family}`)));
}

/** Nothing where a process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
