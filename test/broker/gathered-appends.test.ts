import { describe, expect, it } from 'vitest';
import { type AppendCalls, GatheredAppends } from '../../src/broker/gathered-appends.ts';
import type { Append, AppendReply, PartitionSpec } from '../../src/core/log/calls.ts';

const spec: PartitionSpec = { topicId: 'T', topic: 'orders', partition: 0, configs: {} };

function replyAt(baseOffset: number): AppendReply {
  const nothing = { errorMessage: null, logAppendTimeMs: -1, logStartOffset: 0, recordErrors: [] };
  return { errorCode: 0, baseOffset, ...nothing };
}

/** A partition that gives out the first byte of an append as its offset. */
function gathered(failsWith?: Error) {
  const calls: Append[][] = [];
  const answer = (appends: readonly Append[]) => {
    calls.push([...appends]);
    if (failsWith) throw failsWith;
    return appends.map(({ records }) => replyAt(records[0]));
  };
  const port: AppendCalls = {
    append: async (append) => answer([append])[0],
    appendAll: async ({ records, appends }) => {
      let end = 0;
      const whole = appends.map(({ byteCount, ...append }) => {
        end += byteCount;
        return { ...append, records: records.subarray(end - byteCount, end) };
      });
      return { replies: answer(whole) };
    },
  };
  const appends = new GatheredAppends(port);
  const append = (records: Uint8Array, more: Partial<Append> = {}) =>
    appends.append({ ...more, records, spec });
  return { append, calls };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('gathered appends', () => {
  it('travel in one call if they are made in one breath, in order', async () => {
    const { append, calls } = gathered();
    const replies = [append(bytes(1)), append(bytes(2, 2)), append(bytes(3))];
    expect(calls).toEqual([]);
    expect((await Promise.all(replies)).map(({ baseOffset }) => baseOffset)).toEqual([1, 2, 3]);
    await append(bytes(4));
    expect(calls.map((each) => each.map(({ records }) => [...records]))).toEqual([
      [[1], [2, 2], [3]],
      [[4]],
    ]);
  });

  it('carry their own bytes and no others, all in one buffer', async () => {
    const { append, calls } = gathered();
    const read = new Uint8Array(10_000).fill(7);
    await append(read.subarray(10, 20));
    await Promise.all([append(read.subarray(10, 20)), append(read.subarray(100, 105))]);
    const [[alone], [first, second]] = calls;
    expect(alone.records.buffer.byteLength).toBe(10);
    expect(first.records.buffer).toBe(second.records.buffer);
    expect(first.records.buffer.byteLength).toBe(15);
    expect([first.records.byteLength, second.records.byteLength]).toEqual([10, 5]);
  });

  it('keep what each of them says of its transaction', async () => {
    const { append, calls } = gathered();
    const mine = { transactionalId: 'mine', addsPartition: true };
    await Promise.all([append(bytes(1), mine), append(bytes(2))]);
    expect(calls[0].map(({ records: _, ...more }) => more)).toEqual([mine, {}]);
  });

  it('are cut where a call would become too large', async () => {
    const { append, calls } = gathered();
    const large = new Uint8Array(3 * 1024 * 1024);
    await Promise.all([append(large), append(large), append(bytes(1))]);
    await Promise.all(Array.from({ length: 150 }, () => append(bytes(1))));
    expect(calls.map((each) => each.length)).toEqual([1, 2, 100, 50]);
  });

  it('all fail with the call that carried them', async () => {
    const lost = new Error('lost');
    const { append } = gathered(lost);
    const replies = await Promise.allSettled([append(bytes(1)), append(bytes(2))]);
    expect(replies.map((reply) => reply.status === 'rejected' && reply.reason)).toEqual([
      lost,
      lost,
    ]);
  });
});
