/**
 * Record batches inside workerd, whose decompressors are others than Node's and whose RPC carries
 * only so much.
 */
import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { Codec, compress, decompress } from '../../src/bytes/compression.ts';
import type { CompressionError } from '../../src/bytes/compression-error.ts';
import type { PartitionCalls } from '../../src/core/log/calls.ts';
import { largestBatchBytes, largestInflatedBytes } from '../../src/core/log/log-config.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Stub } from '../../src/runtime/stubs.ts';
import { expectedVerdict, verdictOf } from '../core/log/judge.ts';
import { cases } from '../core/log/record-cases.ts';
import { append, batch, offsetOf, read } from '../core/log/samples.ts';

const partitions = (env as unknown as { PARTITION: DurableObjectNamespace }).PARTITION;
const largest = { 'max.message.bytes': String(largestBatchBytes) };

function newPartition() {
  const stub = partitions.get(partitions.newUniqueId());
  return stub as unknown as DurableObjectStub & Stub<PartitionCalls>;
}

describe('in workerd', () => {
  it('judges every record case as in Node', () => {
    const wrong = cases.filter((each) => verdictOf(each) !== expectedVerdict(each.name));
    expect(wrong.map((each) => `${each.name}: ${verdictOf(each)}`)).toEqual([]);
  });

  it.each([Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD])('codec %d stops a bomb', (codec) => {
    const refusal = (size: number, maxBytes: number) => {
      try {
        return decompress(codec, compress(codec, new Uint8Array(size)), maxBytes).length;
      } catch (error) {
        return (error as CompressionError).reason;
      }
    };
    expect(refusal(3_000_000, 3_000_000)).toBe(3_000_000);
    expect(refusal(3_000_001, 3_000_000)).toBe('too large');
    expect(refusal(30_000_000, 3_000_000)).toBe('too large');
  });

  it('takes and gives a batch of the largest size', async () => {
    const partition = newPartition();
    const bytes = batch(['x'.repeat(largestBatchBytes - batch(['']).length - 6)]);
    expect(bytes.length).toBe(largestBatchBytes);
    expect(offsetOf(await partition.call('append', append(bytes, largest)))).toBe(0);
    await evictDurableObject(partition);
    const { records } = await partition.call('read', read(0, { maxBytes: 1 }));
    expect(records.reduce((sum, { length }) => sum + length, 0)).toBe(bytes.length);
    expect(records.at(-1)!.subarray(-100)).toEqual(bytes.subarray(-100));
  });

  it('recompresses a large batch', async () => {
    const partition = newPartition();
    const bytes = batch(['y'.repeat(largestInflatedBytes / 2)]);
    const configs = { ...largest, 'compression.type': 'zstd' };
    expect(offsetOf(await partition.call('append', append(bytes, configs)))).toBe(0);
    const { records } = await partition.call('read', read(0));
    expect(records[0].length).toBeLessThan(bytes.length / 100);
  });

  it('answers a bomb and goes on', async () => {
    const partition = newPartition();
    const bomb = batch(['z'.repeat(2 * largestInflatedBytes)], {
      compression: { codec: Codec.GZIP, compress },
    });
    const { errorCode } = await partition.call('append', append(bomb));
    expect(errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    expect(offsetOf(await partition.call('append', append(batch(['next']))))).toBe(0);
  });
});
