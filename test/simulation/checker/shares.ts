/**
 * Whether a share group kept its word on each record: given to one member at a time, never again
 * once it was accepted, counted each time, and given up only when somebody said so or it was tried
 * often enough. The surprise: members learn late of what they lost, so what is wrong is only what
 * no order of events could have brought about.
 */
import type { Anomaly } from './check.ts';
import type { DeliveredRecord, History, Operation, Outcome, SharedRules } from './history.ts';
import { sendsOf } from './history.ts';

const release = 2;
const renew = 4;
/** How far the clocks of objects may jump against each other. */
const clocksDifferByMs = 5_000;

/** A gateway that ends a connection gives back what was held before it hangs up. */
const closesInMs = 10_000;

interface Delivery extends DeliveredRecord {
  readonly process: string;
  readonly beganAt: number;
  readonly endedAt: number;
}

interface Word {
  readonly process: string;
  readonly type: number;
  readonly outcome: Outcome;
  readonly beganAt: number;
  readonly endedAt: number;
}

/** All that is known of one record. */
interface Life {
  readonly deliveries: Delivery[];
  readonly words: Word[];
}

export function checkShares(history: History, isGone: (partition: string) => boolean): Anomaly[] {
  const settled = history.flatMap(({ steps }) => steps.filter((step) => step.kind === 'settled'));
  const shared = settled.find((step) => step.shared !== undefined);
  if (shared?.shared === undefined) return [];
  const { lives, letGo, unseen } = livesIn(history);
  const found = [...lives].flatMap(([place, life]) => [
    ...givenAgain(place, life),
    ...heldTwice(place, life, shared.shared!, letGo),
    ...miscounted(place, life, shared.shared!),
  ]);
  const isOver = isOverBy(lives, shared.shared);
  for (const operation of history) {
    if (operation.outcome !== 'ok') continue;
    for (const { partition, value, offset } of sendsOf(operation)) {
      if (
        isGone(partition) ||
        offset === undefined ||
        isOver(placeOf(partition, offset), unseen.get(partition) ?? 0)
      )
        continue;
      const detail = `${shared.group} let go of ${value} at ${partition} offset ${offset}`;
      found.push({ key: 'given-up', detail });
    }
  }
  return found;
}

function placeOf(partition: string, offset: number): string {
  return `${partition} offset ${offset}`;
}

function livesIn(history: History) {
  const lives = new Map<string, Life>();
  const letGo = new Map<string, number[]>();
  /** Partition → how many deliveries there may have been that nobody saw. */
  const unseen = new Map<string, number>();
  const lifeOf = (place: string): Life => {
    const life = lives.get(place) ?? { deliveries: [], words: [] };
    lives.set(place, life);
    return life;
  };
  for (const operation of history) {
    for (const step of operation.steps) {
      if (step.kind === 'let-go') {
        letGo.set(operation.process, [...(letGo.get(operation.process) ?? []), step.at]);
      } else if (step.kind === 'delivered') {
        for (const name of step.unseen ?? []) unseen.set(name, (unseen.get(name) ?? 0) + 1);
        for (const record of step.records) {
          const { deliveries } = lifeOf(placeOf(record.partition, record.offset));
          deliveries.push({ ...record, ...timesOf(operation) });
        }
      } else if (step.kind === 'judged') {
        for (const [offset, type] of Object.entries(step.types)) {
          const { words } = lifeOf(placeOf(step.partition, Number(offset)));
          words.push({ type, outcome: operation.outcome, ...timesOf(operation) });
        }
      }
    }
  }
  return { lives, letGo, unseen };
}

function timesOf({ process, beganAt, endedAt }: Operation) {
  return { process, beganAt, endedAt };
}

/** After it was accepted or rejected, as somebody was told. */
function givenAgain(place: string, { deliveries, words }: Life): Anomaly[] {
  const ends = words.filter(({ type, outcome }) => outcome === 'ok' && isLast(type));
  return deliveries.flatMap(({ process, beganAt }) => {
    const end = ends.find(({ endedAt }) => endedAt <= beganAt);
    if (end === undefined) return [];
    const detail = `${place}: ${process} got what ${end.process} had done with`;
    return [{ key: 'given-again' as const, detail }];
  });
}

function isLast(type: number): boolean {
  return type !== release && type !== renew;
}

/** By two members, or twice by one, while the lock of the first certainly held. */
function heldTwice(
  place: string,
  { deliveries, words }: Life,
  { lockMs }: SharedRules,
  letGo: ReadonlyMap<string, readonly number[]>,
): Anomaly[] {
  return deliveries.flatMap((one, i) =>
    deliveries.slice(i + 1).flatMap((other): Anomaly[] => {
      const from = Math.min(one.beganAt, other.beganAt);
      const to = Math.max(one.endedAt, other.endedAt);
      if (to >= from + lockMs - clocksDifferByMs) return [];
      const mayHaveLetGo = [one, other].some(
        ({ process }) =>
          words.some((word) => word.process === process && word.beganAt <= to) ||
          letGo.get(process)?.some((at) => at >= from - clocksDifferByMs && at <= to + closesInMs),
      );
      if (mayHaveLetGo) return [];
      const detail = `${place}: ${one.process} and ${other.process}, within ${Math.round(to - from)} ms`;
      return [{ key: 'held-twice', detail }];
    }),
  );
}

/** Each delivery counts one more than those before it, up to the limit. */
function miscounted(place: string, { deliveries }: Life, { limit }: SharedRules): Anomaly[] {
  return deliveries.flatMap((one, i): Anomaly[] => {
    const detail = `${place}: ${one.process} heard of delivery ${one.deliveryCount}`;
    if (one.deliveryCount < 1 || one.deliveryCount > limit) {
      return [{ key: 'miscounted', detail }];
    }
    const before = deliveries.slice(0, i).find(({ endedAt, deliveryCount }) => {
      return endedAt <= one.beganAt && deliveryCount >= one.deliveryCount;
    });
    if (before === undefined) return [];
    const after = `${detail} after ${before.process} had heard of ${before.deliveryCount}`;
    return [{ key: 'miscounted', detail: after }];
  });
}

/** Whether there is a reason for a record not to be given out any more. */
function isOverBy(
  lives: ReadonlyMap<string, Life>,
  { limit }: SharedRules,
): (place: string, unseen: number) => boolean {
  return (place, unseen) => {
    const life = lives.get(place);
    if (life === undefined) return unseen >= limit;
    if (life.words.some(({ type, outcome }) => isLast(type) && outcome !== 'fail')) return true;
    const count = Math.max(0, ...life.deliveries.map(({ deliveryCount }) => deliveryCount));
    return count + unseen >= limit;
  };
}
