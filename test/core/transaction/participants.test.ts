import { describe, expect, it } from 'vitest';
import { nobody, Participants } from '../../../src/core/transaction/participants.ts';
import type { Participation, TransactionRow } from '../../../src/core/transaction/rows.ts';
import { partitionOf } from './test-coordinator.ts';

/** Participants with the rows they are kept in. */
class KeptParticipants {
  participants = new Participants();
  latest: Participation = nobody;
  readonly slices = new Map<string, Participation>();

  put({ latest, slices }: ReturnType<Participants['with']>): void {
    for (const { key, value } of slices as readonly TransactionRow[]) {
      if (value === null) this.slices.delete(key);
      else this.slices.set(key, value as Participation);
      this.participants.replaySlice(key, value as Participation | null);
    }
    this.latest = latest;
    this.participants.replayLatest(latest);
  }

  restart(): void {
    this.participants = new Participants();
    for (const key of [...this.slices.keys()].sort()) {
      this.participants.replaySlice(key, this.slices.get(key)!);
    }
    this.participants.replayLatest(this.latest);
  }
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => partitionOf(from + i));

describe('participants', () => {
  it('are one row while they are few, the partitions of a topic together', () => {
    const kept = new KeptParticipants();
    kept.put(kept.participants.with([partitionOf(2), { groupId: 'g' }, partitionOf(0, 'u')]));
    kept.put(kept.participants.with([partitionOf(1), partitionOf(1)]));
    expect(kept.slices.size).toBe(0);
    expect(kept.latest).toEqual({
      topics: [
        { topicId: 'the-id-of-t', topic: 't', partitions: [2, 1] },
        { topicId: 'the-id-of-u', topic: 'u', partitions: [0] },
      ],
      groupIds: ['g'],
    });
    expect(kept.participants.has(partitionOf(0))).toBe(false);
    expect(kept.participants.has(partitionOf(0, 'u'))).toBe(true);
    expect(kept.participants.has({ groupId: 'g' })).toBe(true);
  });

  it('by the thousand, coming one by one, never make the row large that each of them writes', () => {
    const kept = new KeptParticipants();
    for (const participant of range(0, 10_000)) {
      kept.put(kept.participants.with([participant]));
      expect(kept.latest.topics[0]?.partitions.length ?? 0).toBeLessThanOrEqual(100);
    }
    expect(kept.slices.size).toBe(99);
    kept.restart();
    expect([...kept.participants]).toHaveLength(10_000);
    expect(kept.participants.has(partitionOf(9_999))).toBe(true);
    expect(kept.participants.has(partitionOf(10_000))).toBe(false);
  });

  it('leave slice by slice, and in the end no row', () => {
    const kept = new KeptParticipants();
    kept.put(kept.participants.with(range(0, 150)));
    kept.put(kept.participants.with(range(150, 300)));
    expect([...kept.slices.keys()]).toEqual(['participants/0', 'participants/1']);
    kept.put(kept.participants.only(kept.participants.except(range(0, 140))));
    expect([...kept.slices.keys()]).toEqual(['participants/0']);
    kept.restart();
    expect([...kept.participants]).toEqual(range(140, 300));
    kept.put(kept.participants.only(kept.participants.except(range(140, 250))));
    expect(kept.slices.size).toBe(0);
    kept.restart();
    expect([...kept.participants]).toEqual(range(250, 300));
    kept.put(kept.participants.only([]));
    expect(kept.participants.isEmpty).toBe(true);
    expect(kept.latest).toEqual(nobody);
  });
});
