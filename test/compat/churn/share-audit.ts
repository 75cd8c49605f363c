/**
 * What must hold of the logs of a share group's members. The surprise: a member that held records
 * for too long may be told that it has accepted them although another has before; once they are
 * done with the broker does not ask who says so. Each time that a record is handed out its delivery
 * count is one more, which tells them apart.
 */
import type { Handout, Life } from './log.ts';

/** What a member was handed before it stood still it tells of at once when it goes on. */
const LATE_MICROSECONDS = 5_000_000;

/** The offsets of each partition that nobody has accepted, as far as can be known. */
export function stillOpen(sent: readonly number[], lives: readonly Life[]): number[][] {
  const done = sent.map((count) => new Uint8Array(count));
  for (const event of lives.flatMap(({ events }) => events)) {
    if (event.what !== 'accepting') continue;
    // Whoever died before it heard the answer may have accepted them, and if not they come again.
    for (const { partition, offset } of event.records) done[partition]![offset] = 1;
  }
  return done.map((one) => [...one.keys()].filter((offset) => one[offset] === 0));
}

export function shareAnomaliesIn(lives: readonly Life[]): string[] {
  const anomalies: string[] = [];
  const accepted = new Map<string, Acceptance[]>();
  for (const one of lives.flatMap(acceptancesIn)) {
    const others = accepted.get(keyOf(one)) ?? [];
    for (const other of others.filter(({ count }) => count === one.count)) {
      anomalies.push(`${keyOf(one)} was accepted by ${other.by} and by ${one.by}`);
    }
    accepted.set(keyOf(one), [...others, one]);
  }
  for (const life of lives) {
    for (const event of life.events) {
      if (event.what === 'odd') anomalies.push(`${life.name} read ${event.text}`);
      if (event.what !== 'acquired' || isLate(life, event.time)) continue;
      for (const record of event.records) {
        const end = accepted.get(keyOf(record))?.find(({ count, time }) => {
          return count < record.count && time < event.time;
        });
        if (end === undefined) continue;
        const what = `was handed to ${life.name} at ${event.time}, ${end.by} had accepted it`;
        anomalies.push(`${keyOf(record)} ${what} at ${end.time}`);
      }
    }
  }
  return anomalies;
}

/** It may have been handed what it tells of before it stood still. */
function isLate({ stalls }: Life, time: number): boolean {
  return stalls.some(({ from, to }) => from <= time && time <= to + LATE_MICROSECONDS);
}

/** An acceptance that was confirmed, and when. */
interface Acceptance extends Handout {
  readonly by: string;
  readonly time: number;
}

function keyOf({ partition, offset }: Handout): string {
  return `${partition}:${offset}`;
}

function acceptancesIn({ name, events }: Life): Acceptance[] {
  const begun = new Map<number, readonly Handout[]>();
  return events.flatMap((event) => {
    if (event.what === 'accepting') begun.set(event.number, event.records);
    if (event.what !== 'accepted') return [];
    const good = new Set(event.partitions);
    return begun
      .get(event.number)!
      .filter(({ partition }) => good.has(partition))
      .map((record) => ({ ...record, by: name, time: event.time }));
  });
}
