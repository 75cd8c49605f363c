import { describe, expect, it } from 'vitest';
import { acknowledge } from '../../../../src/core/group/share-partition/acknowledge.ts';
import {
  decodeShareState,
  encodeShareState,
} from '../../../../src/core/group/share-partition/codec.ts';
import { shareSettingsFrom } from '../../../../src/core/group/share-partition/settings.ts';
import {
  beginning,
  fetched,
  type ShareLog,
} from '../../../../src/core/group/share-partition/share-fetch.ts';
import {
  deliveryCompleteCount,
  type ShareState,
  withoutLocksOf,
} from '../../../../src/core/group/share-partition/state.ts';
import { buildBatch } from '../../../../src/protocol/records/index.ts';
import { defaultBrokerConfig } from '../../../../src/runtime/config.ts';
import { records, startOfTime } from '../../log/samples.ts';
import { ack, Type } from './sharing.ts';

const settings = shareSettingsFrom({ 'share.auto.offset.reset': 'earliest' }, defaultBrokerConfig);

/** A log of which compaction left these batches: first offset and how many records. */
function logOf(...batches: [baseOffset: number, count: number][]): ShareLog {
  const [lastBase, lastCount] = batches.at(-1)!;
  const ends = { highWatermark: lastBase + lastCount, lastStableOffset: lastBase + lastCount };
  return {
    ...ends,
    logStartOffset: 0,
    read: ({ fetchOffset, upTo = Number.POSITIVE_INFINITY }) => ({
      errorCode: 0,
      ...ends,
      logStartOffset: 0,
      abortedTransactions: null,
      records: batches
        .filter(([base, count]) => base + count > fetchOffset && base <= upTo)
        .map(([baseOffset, count]) =>
          buildBatch(records(Array.from({ length: count }, () => 'x')), { baseOffset }),
        ),
    }),
    listOffset: () => ({ errorCode: 0, timestamp: -1, offset: -1, leaderEpoch: -1 }),
  };
}

class Reader {
  state: ShareState;

  constructor(log: ShareLog) {
    this.state = beginning(settings, log, startOfTime);
  }

  acquire(log: ShareLog, maxRecords = 500): string[] {
    const room = { maxBytes: 1e6, minOneBatch: true, minBytes: 1, batchSize: 500, acquireMode: 0 };
    const member = { groupId: 'g', memberId: 'a', settings, acknowledgements: [] };
    const command = { ...member, room: { ...room, maxRecords } };
    const { state, acquired } = fetched(this.state, command, log, startOfTime);
    this.#keep(state);
    return acquired.map((one) => `${one.firstOffset}-${one.lastOffset}*${one.deliveryCount}`);
  }

  acknowledge(...acknowledgements: ReturnType<typeof ack>[]): void {
    const question = { memberId: 'a', settings, acknowledgements, now: startOfTime };
    this.#keep(acknowledge(this.state, question));
  }

  release(): void {
    this.#keep(withoutLocksOf(this.state, 'a'));
  }

  get described(): [number, number] {
    return [this.state.startOffset, deliveryCompleteCount(this.state)];
  }

  /** What is kept is what is stored. */
  #keep(state: ShareState): void {
    this.state = decodeShareState(encodeShareState(state));
    expect(this.state).toEqual(state);
  }
}

describe('a compacted log that is shared', () => {
  const log = logOf([2, 2], [8, 2], [10, 5]);

  it('gives what is left, gaps counted as records', () => {
    const reader = new Reader(log);
    expect(reader.acquire(log, 8)).toEqual(['2-9*1']);
    reader.acknowledge(ack(2, 9, 1, 1, 0, 0, 0, 0, 1, 1));
    expect(reader.described).toEqual([10, 0]);
    expect(reader.acquire(log)).toEqual(['10-14*1']);
  });

  it('leaves a gap between what was given out one after the other', () => {
    const reader = new Reader(log);
    expect(reader.acquire(log, 2)).toEqual(['2-3*1']);
    expect(reader.acquire(log, 1)).toEqual(['8-9*1']);
    reader.acknowledge(ack(8, 9, Type.ACCEPT));
    expect(reader.described).toEqual([2, 2]);
    reader.acknowledge(ack(2, 3, Type.ACCEPT));
    expect(reader.described).toEqual([10, 0]);
    expect(() => reader.acknowledge(ack(10, 10, Type.ACCEPT))).toThrow();
  });

  it('takes what is said across a gap', () => {
    const reader = new Reader(log);
    reader.acquire(log, 2);
    reader.acquire(log, 1);
    reader.acknowledge(ack(2, 9, Type.RELEASE));
    expect(reader.acquire(log)).toEqual(['2-3*2', '8-9*2', '10-14*1']);
    expect(() => reader.acknowledge(ack(5, 6, Type.ACCEPT))).toThrow('first offset');
  });

  it('passes over what was given back and compacted away since', () => {
    const reader = new Reader(log);
    reader.acquire(log, 2);
    reader.acquire(log, 1);
    reader.release();
    const later = logOf([8, 2], [10, 5]);
    expect(reader.acquire(later, 1)).toEqual(['8-9*2']);
    expect(reader.described).toEqual([8, 0]);
    reader.release();
    expect(reader.acquire(logOf([10, 5]))).toEqual(['10-14*1']);
    expect(reader.described).toEqual([10, 0]);
  });
});
