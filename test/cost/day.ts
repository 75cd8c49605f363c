/** A group's day on a clock that passes as fast as it can, and what the objects' meters show. */
import { Random } from '../simulation/world/random.ts';
import { VirtualTime } from '../simulation/world/virtual-time.ts';
import {
  Consumer,
  createTopic,
  type Protocol,
  produceEachSecond,
  Surroundings,
} from './consumers.ts';
import { type Counts, countsOf, sumOf, times } from './prices.ts';

export interface Day {
  readonly members: number;
  readonly protocol: Protocol;
  readonly hours: number;
  /** Whether a record is sent every second. */
  readonly busy?: boolean;
}

export interface DayResult {
  /** Of all objects of a kind: partition, group, controller. */
  readonly byKind: ReadonlyMap<string, Counts>;
  readonly total: Counts;
  readonly asked: { readonly polls: number; readonly heartbeats: number; readonly commits: number };
  readonly read: number;
}

/** Consumers come one after the other, and settle: that is no part of the day. */
const comesAfterMs = 20_000;
const settlingMs = 10 * 60_000;

export async function liveADay({
  members,
  protocol,
  hours,
  busy = false,
}: Day): Promise<DayResult> {
  const time = new VirtualTime(new Random(1));
  return time.run(async () => {
    const around = new Surroundings(Date.now() + settlingMs + hours * 3_600_000);
    const topicId = await createTopic(around, members);
    const consumers = Array.from(
      { length: members },
      (_, partition) => new Consumer(around, protocol, topicId, [partition]),
    );
    const lives = consumers.map(async (consumer, i) => {
      await time.sleep(i * comesAfterMs);
      await consumer.live();
    });
    if (busy) lives.push(produceEachSecond(around, members));
    await time.sleep(settlingMs);
    const before = countsByKind(around);
    const asked = { polls: 0, heartbeats: 0, commits: 0 };
    const sum = (sign: number): void => {
      for (const one of consumers) {
        asked.polls += sign * one.asked.polls;
        asked.heartbeats += sign * one.asked.heartbeats;
        asked.commits += sign * one.asked.commits;
      }
    };
    sum(-1);
    await time.sleep(hours * 3_600_000 - 1);
    sum(1);
    const byKind = less(countsByKind(around), before);
    await Promise.all(lives);
    around.objects.close();
    const read = consumers.reduce((total, one) => total + one.read, 0);
    return { byKind, total: sumOf([...byKind.values()]), asked, read };
  });
}

function countsByKind({ objects }: Surroundings): Map<string, Counts> {
  const meters = [...objects.meters];
  const kinds = new Set(meters.map(([name]) => name.split(' ')[0]));
  const ofKind = (kind: string) => meters.filter(([name]) => name.split(' ')[0] === kind);
  return new Map(
    [...kinds].map((kind) => [kind, countsOf(ofKind(kind).map(([, { usage }]) => usage))]),
  );
}

function less(after: Map<string, Counts>, before: Map<string, Counts>): Map<string, Counts> {
  return new Map(
    [...after].map(([kind, counts]) => {
      const was = before.get(kind);
      return [kind, was === undefined ? counts : sumOf([counts, times(was, -1)])];
    }),
  );
}
