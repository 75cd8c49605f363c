import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/bytes/reader.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../src/protocol/embedded/consumer-protocol.ts';

const subscription = {
  topics: ['a', 'b'],
  userData: null,
  ownedPartitions: [{ topic: 'a', partitions: [0, 2] }],
  generationId: 7,
  rackId: 'r1',
};

describe('the consumer protocol', () => {
  it('says in each version what that version knows', () => {
    expect(decodeSubscription(encodeSubscription(3, subscription))).toEqual(subscription);
    const unknownYet = { ownedPartitions: [], generationId: -1, rackId: null };
    const oldest = encodeSubscription(0, subscription);
    expect(decodeSubscription(oldest)).toEqual({ ...subscription, ...unknownYet });
    expect([...oldest]).toEqual([0, 0, 0, 0, 0, 2, 0, 1, 97, 0, 1, 98, 255, 255, 255, 255]);
  });

  it('reads versions of the future as the newest it knows', () => {
    const bytes = encodeSubscription(3, subscription);
    const future = new Uint8Array([...bytes, 1, 2, 3]);
    future[1] = 9;
    expect(decodeSubscription(future)).toEqual(subscription);
  });

  it('carries assignments', () => {
    const assignment = {
      assignedPartitions: [{ topic: 'orders', partitions: [1] }],
      userData: Uint8Array.of(5),
    };
    expect(decodeAssignment(encodeAssignment(1, assignment))).toEqual(assignment);
  });

  it('refuses bytes that are neither', () => {
    expect(() => decodeSubscription(new Uint8Array(0))).toThrow(DecodeError);
    expect(() => decodeAssignment(Uint8Array.of(255, 255, 0, 0))).toThrow('no version -1');
    expect(() => decodeAssignment(Uint8Array.of(0, 0, 0, 0, 0, 9))).toThrow(DecodeError);
  });
});
