import { describe, expect, it } from 'vitest';
import { Deliveries } from '../../../src/fronts/http/ws/deliveries.ts';

const at = (offset: number, partition = 0) => ({ topic: 't', partition, offset });

function delivered(...offsets: number[]): Deliveries {
  const deliveries = new Deliveries();
  for (const offset of offsets) deliveries.deliver(at(offset));
  return deliveries;
}

describe('what may be committed', () => {
  it('is the offset of the first record that is not acked', () => {
    const deliveries = delivered(5, 6, 7);
    expect(deliveries.ack(at(6))).toBe(true);
    expect(deliveries.takeCommits()).toEqual([]);
    deliveries.ack(at(5));
    expect(deliveries.takeCommits()).toEqual([at(7)]);
    expect(deliveries.takeCommits()).toEqual([]);
    deliveries.ack(at(7));
    expect(deliveries.takeCommits()).toEqual([at(8)]);
  });

  it('goes over offsets that nobody was given', () => {
    const deliveries = delivered(1, 5, 9);
    for (const offset of [5, 1]) deliveries.ack(at(offset));
    expect(deliveries.takeCommits()).toEqual([at(6)]);
  });

  it('is of each partition by itself', () => {
    const deliveries = delivered(0);
    deliveries.deliver(at(3, 1));
    deliveries.ack(at(3, 1));
    expect(deliveries.takeCommits()).toEqual([at(4, 1)]);
  });

  it('is everything up to a record that is acked with all before it', () => {
    const deliveries = delivered(0, 1, 2, 3);
    deliveries.ack(at(1));
    expect(deliveries.ackUpTo(at(2))).toBe(true);
    expect(deliveries.takeCommits()).toEqual([at(3)]);
    expect([deliveries.ackUpTo(at(2)), deliveries.unacked]).toEqual([false, 1]);
  });
});

describe('what is kept in mind', () => {
  it('is what is not acked, and what is acked behind it', () => {
    const deliveries = delivered(0, 1, 2);
    deliveries.ack(at(2));
    expect([deliveries.unacked, deliveries.kept]).toEqual([2, 3]);
    deliveries.ack(at(0));
    expect([deliveries.unacked, deliveries.kept]).toEqual([1, 2]);
    deliveries.clear();
    expect([deliveries.unacked, deliveries.kept, deliveries.ack(at(1))]).toEqual([0, 0, false]);
  });

  it('is nothing of what was never delivered, or is done', () => {
    const deliveries = delivered(0);
    expect([deliveries.ack(at(1)), deliveries.ack(at(0, 9))]).toEqual([false, false]);
    deliveries.ack(at(0));
    expect([deliveries.ack(at(0)), deliveries.redeliver(at(0))]).toEqual([false, undefined]);
  });

  it('is how often a record was delivered before', () => {
    const deliveries = delivered(0);
    expect([deliveries.redeliver(at(0)), deliveries.redeliver(at(0))]).toEqual([1, 2]);
    expect(deliveries.unacked).toBe(1);
  });
});
