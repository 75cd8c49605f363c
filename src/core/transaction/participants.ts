/**
 * Who takes part in a transaction. The surprise: they are kept in slices, because a row is written
 * for each that joins, and that row must stay small when there are thousands.
 */
import type { TopicPartitions } from './calls.ts';
import type { Participant, Participation, TransactionRow } from './rows.ts';

/** What becomes of the rows: fields of the transaction's own, and slices beside it. */
export interface Kept {
  readonly latest: Participation;
  readonly slices: readonly TransactionRow[];
}

/** So many stand in the transaction's own row. */
const latestAtMost = 100;

type ByKey = ReadonlyMap<string, Participant>;

export class Participants {
  /** Those in the transaction's own row. */
  #latest: ByKey = new Map();
  readonly #slices: ByKey[] = [];

  get isEmpty(): boolean {
    return this.#latest.size === 0 && this.#slices.length === 0;
  }

  has(participant: Participant): boolean {
    const key = keyOf(participant);
    return this.#latest.has(key) || this.#slices.some((slice) => slice.has(key));
  }

  *[Symbol.iterator](): IterableIterator<Participant> {
    for (const slice of this.#slices) yield* slice.values();
    yield* this.#latest.values();
  }

  /** With these, none of which is there yet; one may come twice. */
  with(added: readonly Participant[]): Kept {
    const latest = new Map(this.#latest);
    for (const participant of added) latest.set(keyOf(participant), participant);
    const participation = participationOf(latest.values());
    if (latest.size <= latestAtMost) return { latest: participation, slices: [] };
    return {
      latest: nobody,
      slices: [{ key: sliceKey(this.#slices.length), value: participation }],
    };
  }

  /** Everyone but these. */
  except(some: readonly Participant[]): Participant[] {
    const keys = new Set(some.map(keyOf));
    return [...this].filter((participant) => !keys.has(keyOf(participant)));
  }

  /** With these and nobody else. */
  only(left: readonly Participant[]): Kept {
    const participation = participationOf(left);
    const few = left.length <= latestAtMost;
    const slices: TransactionRow[] = few ? [] : [{ key: sliceKey(0), value: participation }];
    for (let n = slices.length; n < this.#slices.length; n++) {
      slices.push({ key: sliceKey(n), value: null });
    }
    return { latest: few ? participation : nobody, slices };
  }

  replayLatest(latest: Participation): void {
    this.#latest = byKey(latest);
  }

  /** Slices go from the end. */
  replaySlice(key: string, slice: Participation | null): void {
    const n = Number(key.slice(slicePrefix.length));
    if (slice === null) this.#slices.length = Math.min(this.#slices.length, n);
    else this.#slices[n] = byKey(slice);
  }
}

export const nobody: Participation = { topics: [], groupIds: [] };

const slicePrefix = 'participants/';
const sliceKey = (n: number) => `${slicePrefix}${n}` as const;

/** As plain data: the partitions of a topic stand together. */
export function participationOf(participants: Iterable<Participant>): Participation {
  const topics = new Map<string, TopicPartitions & { partitions: number[] }>();
  const groupIds: string[] = [];
  for (const participant of participants) {
    if ('groupId' in participant) {
      groupIds.push(participant.groupId);
      continue;
    }
    const { topicId, topic, partition } = participant;
    const known = topics.get(topicId);
    if (known === undefined) topics.set(topicId, { topicId, topic, partitions: [partition] });
    else known.partitions.push(partition);
  }
  return { topics: [...topics.values()], groupIds };
}

/** One by one. */
export function participantsOf({ topics, groupIds }: Participation): Participant[] {
  return [
    ...topics.flatMap(({ topicId, topic, partitions }) =>
      partitions.map((partition) => ({ topicId, topic, partition })),
    ),
    ...groupIds.map((groupId) => ({ groupId })),
  ];
}

function byKey(participation: Participation): ByKey {
  return new Map(participantsOf(participation).map((each) => [keyOf(each), each]));
}

/** No topic id has colons. */
export function keyOf(participant: Participant): string {
  if ('groupId' in participant) return `group:${participant.groupId}`;
  return `${participant.topicId}:${participant.partition}`;
}
