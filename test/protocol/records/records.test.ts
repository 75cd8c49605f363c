import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import {
  buildBatch,
  ControlType,
  controlType,
  decodeRecords,
  RecordBatch,
  TimestampType,
} from '../../../src/protocol/records/index.ts';
import { kafkajsEncode } from './kafkajs.ts';
import { ascii, changed, sampleBatch } from './samples.ts';

describe('decodeRecords', () => {
  it('gives each record its offset, timestamp, key, value and headers', () => {
    const batch = new RecordBatch(
      buildBatch(
        [
          { key: ascii('k'), value: ascii('v'), timestamp: 5_000 },
          { key: null, value: null, timestamp: 4_000 },
          {
            key: ascii(''),
            value: ascii(''),
            headers: [
              { key: 'naïve', value: ascii('1') },
              { key: 'naïve', value: null },
            ],
            timestamp: -1,
          },
        ],
        { baseOffset: 40 },
      ),
    );
    expect([...decodeRecords(batch)]).toEqual([
      { offset: 40, timestamp: 5_000, key: ascii('k'), value: ascii('v'), headers: [] },
      { offset: 41, timestamp: 4_000, key: null, value: null, headers: [] },
      {
        offset: 42,
        timestamp: -1,
        key: ascii(''),
        value: ascii(''),
        headers: [
          { key: 'naïve', value: ascii('1') },
          { key: 'naïve', value: null },
        ],
      },
    ]);
  });

  it('gives all records the time of their append where the log stamped it', () => {
    const batch = new RecordBatch(sampleBatch(2));
    batch.setMaxTimestamp(TimestampType.LOG_APPEND_TIME, 99);
    expect([...decodeRecords(batch)].map(({ timestamp }) => timestamp)).toEqual([99, 99]);
  });

  it('decodes records that were decompressed elsewhere', () => {
    const plain = new RecordBatch(sampleBatch());
    const upsideDown = (_: number, bytes: Uint8Array) => bytes.map((byte) => ~byte);
    const batch = new RecordBatch(
      buildBatch([...decodeRecords(plain)], { compression: { codec: 3, compress: upsideDown } }),
    );
    expect(batch.codec).toBe(3);
    const records = [...decodeRecords(batch, upsideDown(3, batch.recordBytes))];
    expect(records).toEqual([...decodeRecords(plain)]);
  });

  it.each([2, 4])('refuses a header that counts %i of 3 records', (count) => {
    const bytes = changed(sampleBatch(3), (view) => view.setInt32(57, count));
    expect(() => [...decodeRecords(new RecordBatch(bytes))]).toThrow(
      expect.objectContaining({ code: ErrorCode.INVALID_RECORD }),
    );
  });

  it('reads what kafkajs writes', async () => {
    const bytes = await kafkajsEncode({ firstTimestamp: 1_700_000_000_000, lastOffsetDelta: 1 }, [
      { offsetDelta: 0, timestampDelta: 0, key: 'a', value: 'b', headers: {} },
      {
        offsetDelta: 1,
        timestampDelta: 90_000,
        key: null,
        value: 'c',
        headers: { source: ['one', 'two'] },
      },
    ]);
    expect([...decodeRecords(new RecordBatch(bytes))]).toEqual([
      { offset: 0, timestamp: 1_700_000_000_000, key: ascii('a'), value: ascii('b'), headers: [] },
      {
        offset: 1,
        timestamp: 1_700_000_090_000,
        key: null,
        value: ascii('c'),
        headers: [
          { key: 'source', value: ascii('one') },
          { key: 'source', value: ascii('two') },
        ],
      },
    ]);
  });
});

describe('controlType', () => {
  it('tells a commit from an abort, and neither from the rest', () => {
    expect(controlType(Uint8Array.of(0, 0, 0, 1))).toBe(ControlType.COMMIT);
    expect(controlType(Uint8Array.of(0, 0, 0, 0))).toBe(ControlType.ABORT);
    expect(controlType(Uint8Array.of(0, 0, 0))).toBeUndefined();
    expect(controlType(null)).toBeUndefined();
  });
});
