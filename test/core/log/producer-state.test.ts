import { describe, expect, it } from 'vitest';
import {
  type ProducerAppend,
  type ProducerEntry,
  withBatch,
} from '../../../src/core/log/producer.ts';
import { encodeEffects } from '../../../src/core/log/producer-codec.ts';
import { ProducerStates } from '../../../src/core/log/producer-state.ts';

const lastSequence = 2 ** 31 - 1;

function appended(
  epoch: number,
  baseSequence: number,
  recordCount: number,
  baseOffset: number,
): ProducerAppend {
  const batch = { baseSequence, recordCount, baseOffset, maxTimestamp: 7 };
  return { producerId: 1, epoch, ...batch, transactionNumber: undefined };
}

function entryOf(...appends: ProducerAppend[]): ProducerEntry {
  return appends.reduce<ProducerEntry | undefined>(
    (entry, append) => withBatch(entry, append, 0),
    undefined,
  )!;
}

describe('ProducerStates', () => {
  const expirationMs = 1_000;

  it('forgets a producer that was idle for too long', () => {
    const states = new ProducerStates(expirationMs);
    states.set(1, withBatch(undefined, appended(0, 0, 1, 0), 5_000));
    expect(states.get(1, 5_999)).toBeDefined();
    expect(states.get(1, 6_000)).toBeUndefined();
    expect(states.size).toBe(1);
    states.expire(6_000);
    expect(states.size).toBe(0);
  });

  it('is the same after replay as when the batches were appended', () => {
    const states = new ProducerStates(expirationMs);
    const row = [
      { ...appended(0, 0, 2, 50), producerId: 7 },
      { ...appended(4, lastSequence, 1, 52), producerId: 2 ** 40 },
      { ...appended(0, 2, 1, 53), producerId: 7 },
    ];
    states.replay({ baseOffset: 50, appendedAt: 100, producers: encodeEffects(row, 50) });
    expect(states.get(7, 100)).toEqual({
      epoch: 0,
      appendedAt: 100,
      lastTimestamp: 7,
      open: undefined,
      lastEnded: 0,
      coordinatorEpoch: -1,
      batches: [
        { baseSequence: 0, recordCount: 2, baseOffset: 50, maxTimestamp: 7 },
        { baseSequence: 2, recordCount: 1, baseOffset: 53, maxTimestamp: 7 },
      ],
    });
    expect(states.get(2 ** 40, 100)?.epoch).toBe(4);
  });

  it('replays a producer that expired and came back as one that is new', () => {
    const states = new ProducerStates(expirationMs);
    const replay = (append: ProducerAppend, appendedAt: number) =>
      states.replay({ baseOffset: 0, appendedAt, producers: encodeEffects([append], 0) });
    replay(appended(0, 0, 1, 0), 0);
    replay(appended(0, 40, 1, 1), expirationMs);
    expect(states.get(1, expirationMs)?.batches).toHaveLength(1);
  });

  it('comes back from a snapshot', () => {
    const states = new ProducerStates(expirationMs);
    states.set(3, entryOf(appended(2, 0, 4, 10), appended(2, 4, 1, 14)));
    states.set(2 ** 50, withBatch(undefined, appended(-1, 0, 1, 2 ** 52), 2 ** 41));
    const restored = new ProducerStates(expirationMs);
    restored.restore(states.encode());
    expect(restored.size).toBe(2);
    expect(restored.get(3, 0)).toEqual(states.get(3, 0));
    expect(restored.get(2 ** 50, 2 ** 41)).toEqual(states.get(2 ** 50, 2 ** 41));
  });

  it('refuses a snapshot of a later version', () => {
    expect(() => new ProducerStates(1).restore(Uint8Array.of(9))).toThrow(/version 9/);
  });
});
