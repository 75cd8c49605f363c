import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import {
  addToSequence,
  buildBatch,
  RecordBatch,
  recordBatches,
  TimestampType,
} from '../../../src/protocol/records/index.ts';
import { kafkajsEncode } from './kafkajs.ts';
import { ascii, changed, joined, sampleBatch } from './samples.ts';

describe('RecordBatch', () => {
  it('reads every field of the header', () => {
    const batch = new RecordBatch(
      buildBatch(
        [
          { value: ascii('a'), timestamp: 1_000_000_000_007 },
          { value: ascii('b'), timestamp: 1_000_000_000_009 },
          { value: ascii('c'), timestamp: 1_000_000_000_008 },
        ],
        {
          baseOffset: 2 ** 40 + 5,
          partitionLeaderEpoch: 3,
          producerId: 2 ** 33 + 1,
          producerEpoch: 12,
          baseSequence: 2 ** 31 - 2,
          isTransactional: true,
        },
      ),
    );
    expect(batch).toMatchObject({
      baseOffset: 2 ** 40 + 5,
      lastOffset: 2 ** 40 + 7,
      nextOffset: 2 ** 40 + 8,
      partitionLeaderEpoch: 3,
      magic: 2,
      codec: 0,
      timestampType: TimestampType.CREATE_TIME,
      isTransactional: true,
      isControl: false,
      lastOffsetDelta: 2,
      baseTimestamp: 1_000_000_000_007,
      maxTimestamp: 1_000_000_000_009,
      producerId: 2 ** 33 + 1,
      producerEpoch: 12,
      baseSequence: 2 ** 31 - 2,
      lastSequence: 0,
      recordCount: 3,
      isValid: true,
    });
    expect(batch.recordBytes).toHaveLength(batch.sizeInBytes - 61);
  });

  it('reads what kafkajs writes', async () => {
    const bytes = await kafkajsEncode(
      {
        firstTimestamp: 1_700_000_000_000,
        maxTimestamp: 1_700_000_000_500,
        lastOffsetDelta: 1,
        producerId: 77,
        producerEpoch: 4,
        firstSequence: 9,
      },
      [0, 1].map((offsetDelta) => {
        return { offsetDelta, timestampDelta: 500, key: 'k', value: 'v', headers: {} };
      }),
    );
    expect(new RecordBatch(bytes)).toMatchObject({
      isValid: true,
      baseTimestamp: 1_700_000_000_000,
      maxTimestamp: 1_700_000_000_500,
      lastOffset: 1,
      producerId: 77,
      producerEpoch: 4,
      baseSequence: 9,
      recordCount: 2,
    });
  });

  it('is placed without touching the checksum', () => {
    const batch = new RecordBatch(sampleBatch());
    const { crc } = batch;
    batch.baseOffset = 123_456_789_012_345;
    batch.partitionLeaderEpoch = 7;
    expect(batch).toMatchObject({ baseOffset: 123_456_789_012_345, partitionLeaderEpoch: 7, crc });
    expect(batch.isValid).toBe(true);
  });

  it('keeps a negative offset', () => {
    const batch = new RecordBatch(sampleBatch());
    batch.baseOffset = -1;
    expect(batch.baseOffset).toBe(-1);
  });

  it('is stamped with the time of its append, checksum included, and back', () => {
    const batch = new RecordBatch(sampleBatch());
    const { crc } = batch;
    batch.setMaxTimestamp(TimestampType.LOG_APPEND_TIME, 1_800_000_000_000);
    expect(batch).toMatchObject({ timestampType: 1, maxTimestamp: 1_800_000_000_000 });
    expect(batch.isValid).toBe(true);
    batch.setMaxTimestamp(TimestampType.CREATE_TIME, 1_700_000_000_002);
    expect(batch.crc).toBe(crc);
  });

  it('notices a change of any byte the checksum covers', () => {
    const bytes = sampleBatch();
    for (let i = 17; i < bytes.length; i++) {
      const damaged = changed(bytes, (view) => view.setUint8(i, bytes[i] ^ 0x10), {
        fixCrc: false,
      });
      expect(new RecordBatch(damaged).isValid, `byte ${i}`).toBe(false);
    }
  });

  it('is not valid when shorter than a header', () => {
    expect(new RecordBatch(sampleBatch().subarray(0, 60)).isValid).toBe(false);
  });
});

describe('addToSequence', () => {
  it('follows 2^31 - 1 with 0', () => {
    expect(addToSequence(5, 2)).toBe(7);
    expect(addToSequence(2 ** 31 - 1, 0)).toBe(2 ** 31 - 1);
    expect(addToSequence(2 ** 31 - 1, 1)).toBe(0);
    expect(addToSequence(2 ** 31 - 2, 4)).toBe(2);
  });
});

describe('recordBatches', () => {
  const one = sampleBatch(1);
  const two = sampleBatch(2);
  const sizes = (bytes: Uint8Array) => [...recordBatches(bytes)].map((batch) => batch.sizeInBytes);

  it('finds batch after batch, in a view too', () => {
    const bytes = joined(ascii('padding'), one, two, one);
    expect(sizes(bytes.subarray(7))).toEqual([one.length, two.length, one.length]);
    expect(sizes(new Uint8Array(0))).toEqual([]);
  });

  it('leaves out an unfinished one at the end, wherever it is cut', () => {
    for (let cut = 1; cut < two.length; cut++) {
      expect(sizes(joined(one, two.subarray(0, cut)))).toEqual([one.length]);
    }
  });

  it.each([-(2 ** 31), -1, 0, 13])('refuses the length %i', (length) => {
    const bytes = changed(one, (view) => view.setInt32(8, length));
    expect(() => sizes(bytes)).toThrow(
      expect.objectContaining({ code: ErrorCode.CORRUPT_MESSAGE }),
    );
  });

  it('takes a length of 2^31 - 1 for an unfinished batch', () => {
    expect(sizes(changed(one, (view) => view.setInt32(8, 0x7fffffff)))).toEqual([]);
  });

  it('refuses a magic that Kafka never had, and shows those it had', () => {
    for (const magic of [-1, 3]) {
      expect(() => sizes(changed(one, (view) => view.setInt8(16, magic)))).toThrow(
        expect.objectContaining({ code: ErrorCode.CORRUPT_MESSAGE }),
      );
    }
    const old = changed(one, (view) => view.setInt8(16, 1));
    expect([...recordBatches(old)].map(({ magic }) => magic)).toEqual([1]);
  });
});
