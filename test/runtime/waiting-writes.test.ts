import { beforeEach, describe, expect, it } from 'vitest';
import { callsOf, type WaitingWrite, WaitingWrites } from '../../src/runtime/waiting-writes.ts';
import { append } from '../core/log/samples.ts';

const megabyte = 1024 * 1024;
let waiting: WaitingWrites;

beforeEach(() => {
  waiting = new WaitingWrites();
});

function add(bytes: number, calls: 0 | 1 = 1): WaitingWrite {
  const command = append(new Uint8Array(bytes));
  const write = { command, calls, answer: () => {}, fail: () => {} };
  waiting.add(write);
  return write;
}

describe('waiting writes', () => {
  it('are taken in order, as many as are written together', () => {
    const writes = [add(5 * megabyte), add(3 * megabyte), add(1)];
    expect(waiting.take()).toEqual(writes.slice(0, 2));
    expect([waiting.count, waiting.bytes, waiting.isEmpty]).toEqual([1, 1, false]);
    expect(waiting.take()).toEqual(writes.slice(2));
    expect([waiting.count, waiting.bytes, waiting.isEmpty]).toEqual([0, 0, true]);
  });

  it('are taken one by one if they are larger than that', () => {
    const writes = [add(10 * megabyte), add(10 * megabyte)];
    expect(waiting.take()).toEqual(writes.slice(0, 1));
    expect(waiting.take()).toEqual(writes.slice(1));
  });

  it('count as the calls that brought them', () => {
    const writes = [add(1), add(1, 0), add(1, 0), add(1)];
    expect([waiting.count, waiting.bytes]).toEqual([2, 4]);
    expect(callsOf(writes)).toBe(2);
    expect(waiting.takeAll()).toEqual(writes);
    expect([waiting.count, waiting.bytes, waiting.isEmpty]).toEqual([0, 0, true]);
  });
});
