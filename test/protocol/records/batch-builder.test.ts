import { describe, expect, it } from 'vitest';
import { buildBatch, RecordBatch } from '../../../src/protocol/records/index.ts';
import { kafkajsDecode } from './kafkajs.ts';
import { ascii } from './samples.ts';

describe('buildBatch', () => {
  it('writes a batch byte for byte as Kafka lays it out', () => {
    const bytes = buildBatch(
      [
        {
          key: ascii('k'),
          value: ascii('v'),
          headers: [{ key: 'h', value: null }],
          timestamp: 258,
        },
      ],
      { producerId: 1, producerEpoch: 2, baseSequence: 3 },
    );
    expect(Buffer.from(bytes).toString('hex')).toBe(
      [
        '0000000000000000', // base offset
        '0000003d', // length
        'ffffffff', // leader epoch
        '02', // magic
        Buffer.from(bytes.subarray(17, 21)).toString('hex'), // checksum, judged below
        '0000', // attributes
        '00000000', // last offset delta
        '0000000000000102', // base timestamp
        '0000000000000102', // max timestamp
        '0000000000000001', // producer id
        '0002', // producer epoch
        '00000003', // base sequence
        '00000001', // count
        '16', // record: 11 bytes
        '00', // attributes
        '00', // timestamp delta
        '00', // offset delta
        '026b', // key
        '0276', // value
        '02', // one header
        '0268', // its key
        '01', // no value
      ].join(''),
    );
    expect(new RecordBatch(bytes).isValid).toBe(true);
  });

  it('marks a control batch', () => {
    const options = { isControl: true, isTransactional: true };
    const bytes = buildBatch([{ key: Uint8Array.of(0, 0, 0, 1), timestamp: 1 }], options);
    expect(new RecordBatch(bytes)).toMatchObject({ isControl: true, isTransactional: true });
  });

  it('is read by kafkajs', async () => {
    const bytes = buildBatch([
      { key: ascii('a'), value: ascii('b'), timestamp: 1_700_000_000_000 },
      {
        key: null,
        value: new Uint8Array(200).fill(7),
        headers: [{ key: 'h', value: ascii('x') }],
        timestamp: 1_699_999_999_000,
      },
    ]);
    const records = await kafkajsDecode(bytes);
    expect(records).toMatchObject([
      { key: Buffer.from('a'), value: Buffer.from('b'), offset: '0' },
      { key: null, timestamp: '1699999999000', headers: { h: Buffer.from('x') }, offset: '1' },
    ]);
    expect(records[1].value).toEqual(Buffer.alloc(200, 7));
  });

  it('needs a record', () => {
    expect(() => buildBatch([])).toThrow(RangeError);
  });
});
