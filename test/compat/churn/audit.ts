/**
 * What must hold of the logs of a group's members, however it was treated. It is said only of what
 * the clock orders: a commit that was under way while another was may come before or after it.
 */
import type { Event, Life } from './log.ts';

/** Offsets that were committed, or found committed, at some moment between the two times. */
export interface Known {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly by: string;
}

export interface Evidence {
  /** How many records were written to each partition, and acknowledged. */
  readonly sent: readonly number[];
  readonly lives: readonly Life[];
  /** What was seen of the committed offsets from outside, per partition. */
  readonly seen: readonly (readonly Known[])[];
}

/** A member that stood still may tell late of what the group has taken from it since. */
const LATE_MICROSECONDS = 15_000_000;

/** What one member held of a partition, from when it said so to when it let go. */
interface Holding {
  readonly life: Life;
  readonly from: number;
  readonly to: number;
  /** It let go because the group asked, which then waited for it. */
  readonly asked: boolean;
}

export function anomaliesIn(evidence: Evidence): string[] {
  const [committed, attempted] = [commitsIn(evidence), attemptsIn(evidence)];
  return [
    ...evidence.lives.flatMap(oddIn),
    ...evidence.sent.flatMap((count, partition) => [
      ...unreadIn(partition, count, evidence.lives),
      ...sharedIn(partition, evidence.lives),
      // Whoever hands out old records commits them, too: what was committed says no more then.
      ...(evidence.lives.some((life) => resumesUnbegun(partition, life))
        ? []
        : [
            ...backwardsIn(partition, committed[partition]!),
            ...evidence.lives.flatMap((life) => {
              return misreadIn(partition, life, committed[partition]!, attempted[partition]!);
            }),
          ]),
    ]),
  ];
}

function oddIn({ name, events }: Life): string[] {
  return events.flatMap((event) => (event.what === 'odd' ? [`${name} read ${event.text}`] : []));
}

/** Every record that was acknowledged was read by somebody. */
function unreadIn(partition: number, count: number, lives: readonly Life[]): string[] {
  const read = new Uint8Array(count);
  for (const event of lives.flatMap(({ events }) => events)) {
    if (event.what === 'read' && event.partition === partition) {
      read.fill(1, event.first, event.last + 1);
    }
  }
  const first = read.indexOf(0);
  if (first < 0) return [];
  const missing = read.reduce((sum, one) => sum + 1 - one, 0);
  return [`partition ${partition}: ${missing} of ${count} records lost, the first is ${first}`];
}

/** What was accepted of the members' commits, and what was seen from outside, per partition. */
function commitsIn({ sent, lives, seen }: Evidence): Known[][] {
  const all = sent.map((_, partition) => [...seen[partition]!]);
  for (const { name, events } of lives) {
    const begun = new Map<number, Event & { what: 'committing' }>();
    for (const event of events) {
      if (event.what === 'committing') begun.set(event.number, event);
      if (event.what !== 'committed') continue;
      const { time: from, offsets } = begun.get(event.number)!;
      for (const [partition, offset] of offsets) {
        all[partition]!.push({ from, to: event.time, offset, by: name });
      }
    }
  }
  return all;
}

/** What somebody wanted to commit, from that moment on, per partition. */
function attemptsIn({ sent, lives }: Evidence): Known[][] {
  const all: Known[][] = sent.map(() => [{ from: -1, to: -1, offset: 0, by: 'nobody' }]);
  for (const { name, events } of lives) {
    for (const event of events) {
      if (event.what !== 'committing') continue;
      const { time, offsets } = event;
      for (const [partition, offset] of offsets) {
        all[partition]!.push({ from: time, to: time, offset, by: name });
      }
    }
  }
  return all;
}

/** The largest offset known before a time; asked in the order of time. */
function highest(known: readonly Known[]): (before: number) => Known | null {
  const byEnd = known.toSorted((one, other) => one.to - other.to);
  let at = 0;
  let most: Known | null = null;
  return (before) => {
    for (; at < byEnd.length && byEnd[at]!.to < before; at += 1) {
      if (most === null || byEnd[at]!.offset > most.offset) most = byEnd[at]!;
    }
    return most;
  };
}

/** Committed offsets only grow. */
function backwardsIn(partition: number, known: readonly Known[]): string[] {
  const before = highest(known);
  return known
    .toSorted((one, other) => one.from - other.from)
    .flatMap(({ from, offset, by }) => {
      const most = before(from);
      if (most === null || offset >= most.offset) return [];
      return [
        `partition ${partition}: ${by} committed or saw ${offset} at ${from}, ` +
          `${most.by} had committed or seen ${most.offset} at ${most.to}`,
      ];
    });
}

/**
 * A member begins where the group has committed: not before what was committed when the member was
 * given the partition, not after what anybody wanted to commit. From there it leaves nothing out.
 */
function misreadIn(
  partition: number,
  { name, events }: Life,
  known: readonly Known[],
  attempts: readonly Known[],
): string[] {
  const [committed, attempted] = [highest(known), highest(attempts)];
  const anomalies: string[] = [];
  let least: Known | null = null;
  let next: number | null = null;
  let held = false;
  for (const event of events) {
    if (isOwnership(event) && event.partitions.includes(partition)) {
      held = event.what === 'assigned';
      next = null;
      if (held) least = committed(event.time);
    }
    if (event.what !== 'read' || event.partition !== partition) continue;
    const where = `partition ${partition}: ${name} read ${event.first} at ${event.time}`;
    if (!held) anomalies.push(`${where}, which it did not hold`);
    if (next !== null && event.first !== next) anomalies.push(`${where}, not ${next}`);
    if (next === null && least !== null && event.first < least.offset) {
      const by = `${least.by} had committed or seen ${least.offset} at ${least.to}`;
      anomalies.push(`${where} again, ${by}`);
    }
    const most = attempted(event.time)!.offset;
    if (next === null && event.first > most) {
      anomalies.push(`${where} first, nobody had committed more than ${most}`);
    }
    next = event.last + 1;
  }
  return anomalies;
}

/**
 * What librdkafka fetched of a partition that it lost before it handed out any of it is handed out
 * when it is given the partition again, whatever it is told has been committed since. It began at
 * 0 then: nobody had committed anything.
 */
function resumesUnbegun(partition: number, { name, events }: Life): boolean {
  let holdings = 0;
  for (const event of events) {
    if (event.what === 'assigned' && event.partitions.includes(partition)) holdings++;
    if (event.what !== 'read' || event.partition !== partition) continue;
    return name.startsWith('librdkafka') && holdings > 1 && event.first === 0;
  }
  return false;
}

/** Nobody is given a partition that another holds and will be asked for. */
function sharedIn(partition: number, lives: readonly Life[]): string[] {
  const holdings = lives.flatMap((life) => holdingsOf(partition, life));
  holdings.sort((one, other) => one.from - other.from);
  const anomalies: string[] = [];
  for (const [index, one] of holdings.entries()) {
    for (const other of holdings.slice(index + 1)) {
      if (other.from >= one.to) continue;
      if (one.life === other.life || !one.asked || excused(one, other)) continue;
      anomalies.push(
        `partition ${partition}: ${other.life.name} was given it at ${other.from}, ` +
          `${one.life.name} held it from ${one.from} to ${one.to}`,
      );
    }
  }
  return anomalies;
}

type Ownership = Event & { readonly what: 'assigned' | 'revoked' | 'lost' };

function isOwnership(event: Event): event is Ownership {
  return event.what === 'assigned' || event.what === 'revoked' || event.what === 'lost';
}

function holdingsOf(partition: number, life: Life): Holding[] {
  const holdings: Holding[] = [];
  let open = false;
  for (const event of life.events) {
    if (!isOwnership(event) || !event.partitions.includes(partition)) continue;
    const { time, what } = event;
    if (what === 'assigned') {
      if (!open) holdings.push({ life, from: time, to: time, asked: false });
    } else if (open) {
      Object.assign(holdings.at(-1)!, { to: time, asked: what === 'revoked' });
    }
    open = what === 'assigned';
  }
  return holdings;
}

/** One of them stood still meanwhile. */
function excused(one: Holding, other: Holding): boolean {
  const while_ = (life: Life, from: number, to: number) =>
    life.stalls.some((stall) => stall.from <= to && stall.to >= from);
  return (
    while_(one.life, one.from, one.to) ||
    while_(other.life, other.from - LATE_MICROSECONDS, other.from)
  );
}
