import { describe, expect, it } from 'vitest';
import { Codec, compress } from '../../../src/bytes/compression.ts';
import {
  largestBatchBytes,
  largestInflatedBytes,
  logConfigFrom,
} from '../../../src/core/log/log-config.ts';
import { type RecordRefusal, validateBatches } from '../../../src/core/log/validate.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch, RecordBatch, TimestampType } from '../../../src/protocol/records/index.ts';
import { changed, joined } from '../../protocol/records/samples.ts';
import { rawBatch } from './record-cases.ts';
import { batch, records, startOfTime } from './samples.ts';

const now = startOfTime;
const hour = 3_600_000;

function validate(bytes: Uint8Array, configs: Record<string, string> = {}) {
  return validateBatches(bytes, logConfigFrom(configs, 10_000), now);
}

function refusal(bytes: Uint8Array, configs: Record<string, string> = {}): RecordRefusal {
  try {
    validate(bytes, configs);
  } catch (error) {
    return error as RecordRefusal;
  }
  throw new Error('was taken');
}

const three = batch(['a', 'b', 'c']);
const packed = (timestamp: number, codec: number = Codec.SNAPPY) =>
  buildBatch(records(['a'], timestamp), { compression: { codec, compress } });

describe('validateBatches', () => {
  it('takes what clients send', () => {
    expect(validate(three)).toMatchObject([
      { timestampType: TimestampType.CREATE_TIME, maxTimestamp: startOfTime },
    ]);
    expect(validate(joined(three, three))).toHaveLength(2);
    expect(validate(packed(now))).toHaveLength(1);
  });

  it('passes over an unfinished batch at the end, as Kafka does', () => {
    expect(validate(joined(three, three.subarray(0, 70)))).toHaveLength(1);
  });

  // Compared with a real broker.
  it.each<[string, number, Uint8Array]>([
    ['nothing', ErrorCode.INVALID_RECORD, new Uint8Array(0)],
    ['half a batch', ErrorCode.INVALID_RECORD, three.subarray(0, 80)],
    [
      'a length past the end',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => view.setInt32(8, 1e9)),
    ],
    [
      'a length below any message',
      ErrorCode.CORRUPT_MESSAGE,
      changed(three, (view) => view.setInt32(8, 5)),
    ],
    [
      'a negative length',
      ErrorCode.CORRUPT_MESSAGE,
      changed(three, (view) => view.setInt32(8, -1)),
    ],
    [
      'a batch shorter than its header',
      ErrorCode.CORRUPT_MESSAGE,
      changed(three, (view) => view.setInt32(8, 48)).subarray(0, 60),
    ],
    ['magic 0', ErrorCode.INVALID_RECORD, changed(three, (view) => view.setInt8(16, 0))],
    ['magic 1', ErrorCode.INVALID_RECORD, changed(three, (view) => view.setInt8(16, 1))],
    ['magic 3', ErrorCode.CORRUPT_MESSAGE, changed(three, (view) => view.setInt8(16, 3))],
    ['a base offset', ErrorCode.INVALID_RECORD, changed(three, (view) => view.setBigInt64(0, 5n))],
    [
      'a wrong checksum',
      ErrorCode.CORRUPT_MESSAGE,
      changed(three, (view) => view.setInt8(80, 77), { fixCrc: false }),
    ],
    ['codec 5', ErrorCode.UNKNOWN_SERVER_ERROR, changed(three, (view) => view.setInt16(21, 5))],
    ['a control batch', ErrorCode.INVALID_RECORD, changed(three, (view) => view.setInt16(21, 32))],
    ['a count too low', ErrorCode.INVALID_RECORD, changed(three, (view) => view.setInt32(57, 2))],
    [
      'a last offset too high',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => view.setInt32(23, 0x7fffffff)),
    ],
    [
      'more records claimed than there are',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => {
        view.setInt32(57, 4);
        view.setInt32(23, 3);
      }),
    ],
    [
      'fewer records claimed than there are',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => {
        view.setInt32(57, 2);
        view.setInt32(23, 1);
      }),
    ],
    [
      'no record',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => {
        view.setInt32(57, 0);
        view.setInt32(23, -1);
      }),
    ],
    [
      'a producer without a sequence',
      ErrorCode.INVALID_RECORD,
      buildBatch(records(['a']), { producerId: 9, producerEpoch: 0 }),
    ],
    [
      'a producer id beyond 2^53',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => {
        view.setBigInt64(43, 2n ** 62n);
        view.setInt32(53, 0);
      }),
    ],
    [
      'a record of the wrong length',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => view.setInt8(61, 2)),
    ],
    [
      'records at one offset',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => view.setInt8(64, 2)),
    ],
    ['too many bytes', ErrorCode.MESSAGE_TOO_LARGE, batch(['x'.repeat(10_000)])],
    [
      'too many bytes, damaged',
      ErrorCode.MESSAGE_TOO_LARGE,
      changed(batch(['x'.repeat(10_000)]), (view) => view.setInt8(99, 0), { fixCrc: false }),
    ],
    [
      'a base offset, damaged',
      ErrorCode.INVALID_RECORD,
      changed(three, (view) => view.setBigInt64(0, 5n), { fixCrc: false }),
    ],
  ])('refuses %s', (_, code, bytes) => {
    expect(refusal(bytes).code).toBe(code);
  });

  it('refuses all when one batch of several is wrong', () => {
    const wrong = changed(three, (view) => view.setInt16(21, 32));
    expect(refusal(joined(three, wrong, three)).code).toBe(ErrorCode.INVALID_RECORD);
  });

  it('obeys max.message.bytes to the byte, up to a ceiling', () => {
    const limit = (bytes: number) => ({ 'max.message.bytes': String(bytes) });
    expect(validate(three, limit(three.length))).toHaveLength(1);
    expect(refusal(three, limit(three.length - 1)).code).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    const most = largestBatchBytes - batch(['']).length;
    // The lengths of record and value take three bytes more each.
    const whole = batch(['x'.repeat(most - 6)]);
    expect(whole.length).toBe(largestBatchBytes);
    expect(validate(whole, limit(2 ** 31 - 1))).toHaveLength(1);
    const huge = batch(['x'.repeat(most - 5)]);
    expect(refusal(huge, limit(2 ** 31 - 1)).code).toBe(ErrorCode.MESSAGE_TOO_LARGE);
  });

  it('puts a wrong latest timestamp right', () => {
    const wrong = changed(three, (view) => view.setBigInt64(35, BigInt(now + 500)));
    expect(validate(wrong)).toMatchObject([{ maxTimestamp: now }]);
    const falling = buildBatch([...records(['a'], now), ...records(['b'], now - 5)]);
    expect(validate(falling)).toMatchObject([{ maxTimestamp: now }]);
  });

  it('refuses timestamps too far in the future, naming the records', () => {
    const late = buildBatch([...records(['a'], now + hour), ...records(['b'], now + hour + 1)]);
    expect(refusal(late)).toMatchObject({
      code: ErrorCode.INVALID_TIMESTAMP,
      recordErrors: [{ batchIndex: 1 }],
    });
    expect(validate(late, { 'message.timestamp.after.max.ms': '7200000' })).toHaveLength(1);
    expect(validate(packed(now + hour))).toHaveLength(1);
    expect(refusal(packed(now + hour + 1)).code).toBe(ErrorCode.INVALID_TIMESTAMP);
  });

  it('takes no timestamp that is beyond all bounds, whatever the topic allows', () => {
    const last = Number.MAX_SAFE_INTEGER;
    const values = [last, last + 7].map((timestamp) => ({ value: null, timestamp }));
    const bytes = buildBatch(values);
    // The header says nothing of the second one.
    new RecordBatch(bytes).setMaxTimestamp(TimestampType.CREATE_TIME, last);
    const patient = { 'message.timestamp.after.max.ms': '9223372036854775807' };
    expect(validate(buildBatch(values.slice(0, 1)), patient)).toHaveLength(1);
    expect(refusal(bytes, patient)).toMatchObject({
      code: ErrorCode.INVALID_TIMESTAMP,
      recordErrors: [{ batchIndex: 1 }],
    });
  });

  it('takes timestamps of the past and none at all, unless told otherwise', () => {
    expect(validate(buildBatch(records(['a'], 0)))).toHaveLength(1);
    expect(validate(buildBatch(records(['a'], -1)))).toMatchObject([{ maxTimestamp: -1 }]);
    const strict = { 'message.timestamp.before.max.ms': '1000' };
    expect(validate(buildBatch(records(['a'], -1)), strict)).toHaveLength(1);
    expect(validate(buildBatch(records(['a'], now - 1_000)), strict)).toHaveLength(1);
    expect(refusal(buildBatch(records(['a'], now - 1_001)), strict).code).toBe(
      ErrorCode.INVALID_TIMESTAMP,
    );
  });

  it('stamps with LogAppendTime where the topic says so, whatever the records say', () => {
    const stamping = { 'message.timestamp.type': 'LogAppendTime' };
    const stamped = { timestampType: TimestampType.LOG_APPEND_TIME, maxTimestamp: now };
    expect(validate(three, stamping)).toMatchObject([stamped]);
    expect(validate(buildBatch(records(['a'], now + 9 * hour)), stamping)).toMatchObject([stamped]);
    const claiming = changed(three, (view) => view.setInt16(21, 0x08));
    expect(refusal(claiming, stamping)).toMatchObject({
      code: ErrorCode.INVALID_TIMESTAMP,
      recordErrors: [{ batchIndex: 0 }, { batchIndex: 1 }, { batchIndex: 2 }],
    });
    expect(validate(claiming)).toMatchObject([{ timestampType: TimestampType.CREATE_TIME }]);
  });

  it('wants a key of every record in a compacted topic', () => {
    const keyless = buildBatch([
      ...records(['a']),
      { value: null, timestamp: now },
      { value: null, timestamp: now + 9 * hour },
    ]);
    expect(validate(keyless.slice(), { 'message.timestamp.after.max.ms': '1e10' })).toHaveLength(1);
    expect(refusal(keyless, { 'cleanup.policy': 'delete, compact' })).toMatchObject({
      code: ErrorCode.INVALID_RECORD,
      recordErrors: [{ batchIndex: 1 }, { batchIndex: 2 }],
    });
    expect(validate(three, { 'cleanup.policy': 'compact' })).toHaveLength(1);
  });

  it('keeps the bytes of a compressed batch as they are', () => {
    for (const codec of [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]) {
      const sent = packed(now, codec);
      expect(validate(sent)[0].batch.bytes.buffer).toBe(sent.buffer);
    }
  });

  it.each([
    ['gzip', Codec.GZIP],
    ['lz4', Codec.LZ4],
    ['zstd', Codec.ZSTD],
  ])('refuses a %s bomb at the limit', (_, codec) => {
    const bomb = (size: number) =>
      rawBatch(compress(codec, new Uint8Array(size)), 1, { baseTimestamp: now, attributes: codec });
    const limit = { 'max.message.bytes': '10000000' };
    // At the limit it is opened, and found to be no records.
    expect(refusal(bomb(largestInflatedBytes), limit).code).toBe(ErrorCode.INVALID_RECORD);
    expect(refusal(bomb(largestInflatedBytes + 1), limit).code).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    expect(refusal(bomb(4 * largestInflatedBytes), limit).code).toBe(ErrorCode.MESSAGE_TOO_LARGE);
  });

  it('names a bounded number of refused records', () => {
    const late = buildBatch(records(Array(1_200).fill(''), now + 2 * hour));
    expect(refusal(late, { 'max.message.bytes': '1000000' }).recordErrors).toHaveLength(1_000);
  });
});
