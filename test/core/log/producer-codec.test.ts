import { describe, expect, it } from 'vitest';
import type { ProducerEntry } from '../../../src/core/log/producer.ts';
import {
  decodeEffects,
  decodeSnapshot,
  encodeEffects,
  encodeSnapshot,
} from '../../../src/core/log/producer-codec.ts';

const batch = { baseSequence: 2 ** 31 - 1, recordCount: 3, baseOffset: 2 ** 52, maxTimestamp: -1 };

function fromHex(digits: string): Uint8Array {
  const pairs = digits.replaceAll(' ', '').match(/../g)!;
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

describe('the summary of a row', () => {
  it('comes back as it was', () => {
    const effects = [
      { producerId: 2 ** 52, epoch: 32_767, ...batch, transactionNumber: undefined },
      { producerId: 0, epoch: 0, ...batch, transactionNumber: 2 ** 40 },
      { producerId: 7, epoch: 3, coordinatorEpoch: -1, transactionNumber: 0 },
    ];
    const bytes = encodeEffects(effects, 2 ** 51);
    expect([...decodeEffects(bytes, 2 ** 51)]).toEqual(effects);
  });

  it('is read in the form it had before there were transactions', () => {
    const one = '0000000000000005 0003 00000002 00000004 0000000000000001 000000000000000a';
    const batches = [...decodeEffects(fromHex(one + one), 100)];
    const expected = { baseSequence: 2, recordCount: 4, baseOffset: 101, maxTimestamp: 10 };
    const effect = { producerId: 5, epoch: 3, ...expected, transactionNumber: undefined };
    expect(batches).toEqual([effect, effect]);
  });
});

describe('a snapshot', () => {
  const idle: ProducerEntry = {
    epoch: 3,
    appendedAt: 2 ** 41,
    lastTimestamp: -1,
    batches: [],
    open: undefined,
    lastEnded: 2 ** 33,
    coordinatorEpoch: 0,
  };

  it('comes back as it was', () => {
    const open = { transactionNumber: 2 ** 34, firstOffset: 0 };
    const entries = new Map([
      [1, idle],
      [2 ** 45, { ...idle, open, batches: [batch, batch] }],
    ]);
    expect(new Map(decodeSnapshot(encodeSnapshot(entries)))).toEqual(entries);
  });

  it('is read in the form it had before there were transactions', () => {
    const head = '01 0000000000000005 0003 0000000000000064 01';
    const last = '00000002 00000004 0000000000000065 000000000000000a';
    const expected = { baseSequence: 2, recordCount: 4, baseOffset: 101, maxTimestamp: 10 };
    expect([...decodeSnapshot(fromHex(head + last))]).toEqual([
      [
        5,
        {
          epoch: 3,
          appendedAt: 100,
          lastTimestamp: 10,
          batches: [expected],
          open: undefined,
          lastEnded: 0,
          coordinatorEpoch: -1,
        },
      ],
    ]);
  });
});
