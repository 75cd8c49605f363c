/** What the load generator makes of answers: right ones are counted, a wrong one ends it. */
import { describe, expect, it } from 'vitest';
import { fetch } from '../../../bench/load/fetch.ts';
import { produce } from '../../../bench/load/produce.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { decodeRecords } from '../../../src/protocol/records/index.ts';
import { type Fetched, type Lies, OnePartition } from './one-partition.ts';

const batching = { recordBytes: 100, batchBytes: 1_000, codec: 'none', connections: 1 } as const;
const all = { maxBytes: 1 << 20, partitionMaxBytes: 1 << 20 };

async function produced(broker: OnePartition, { records = 100, inFlight = 5 } = {}) {
  return produce({ kind: 'produce', ...broker.target, ...batching, records, inFlight });
}

async function fetched(broker: OnePartition, bounds = {}) {
  return fetch({ kind: 'fetch', ...broker.target, ...all, ...bounds });
}

describe('produce', () => {
  it('counts the records that were taken, and sends no more than are wanted', async () => {
    await using broker = await OnePartition.open();
    const report = await produced(broker);
    const records = broker.batches.reduce((sum, { recordCount }) => sum + recordCount, 0);
    const bytes = broker.batches.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
    expect(report).toMatchObject({ records, bytes, latencyMs: { count: broker.batches.length } });
    expect(records).toBeGreaterThanOrEqual(100);
    expect(records - broker.batches[0].recordCount).toBeLessThan(100);
    expect(report.seconds).toBeGreaterThan(0);
    expect(report.cpuSeconds).toBeGreaterThan(0);
  });

  it('numbers the batches as an idempotent producer does', async () => {
    await using broker = await OnePartition.open();
    await produced(broker, { records: 1_000 });
    expect(broker.batches.every(({ producerId }) => producerId === 5)).toBe(true);
    expect(broker.batches.map(({ baseSequence }) => baseSequence)).toEqual(
      broker.batches.map(({ baseOffset }) => baseOffset),
    );
  });

  it('leaves out the numbers when it is told to', async () => {
    await using broker = await OnePartition.open();
    const job = { kind: 'produce', ...broker.target, ...batching, records: 50 } as const;
    await produce({ ...job, inFlight: 1, idempotent: false });
    expect(broker.batches.every(({ baseSequence }) => baseSequence === -1)).toBe(true);
  });

  it('makes values of the size that is wanted, none like another', async () => {
    await using broker = await OnePartition.open();
    await produced(broker);
    const values = broker.batches.flatMap((batch) =>
      [...decodeRecords(batch)].map(({ value }) => new TextDecoder().decode(value!)),
    );
    expect(values.every((value) => value.length === 100)).toBe(true);
    expect(new Set(values).size).toBe(values.length);
  });

  it('does not count what comes while it warms up', async () => {
    await using broker = await OnePartition.open();
    const job = { kind: 'produce', ...broker.target, ...batching, inFlight: 5 } as const;
    const report = await produce({ ...job, records: 100, warmUpSeconds: 0.05 });
    const records = broker.batches.reduce((sum, { recordCount }) => sum + recordCount, 0);
    expect(report.records).toBeGreaterThanOrEqual(100);
    expect(report.records).toBeLessThan(records);
  });

  it('wants to know when to end', async () => {
    await using broker = await OnePartition.open();
    const job = { kind: 'produce', ...broker.target, ...batching, inFlight: 1 } as const;
    await expect(produce(job)).rejects.toThrow('seconds or records');
  });

  const refused: [string, Lies, string][] = [
    [
      'an error',
      { produce: (is) => [{ ...is, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER }] },
      'NOT_LEADER_OR_FOLLOWER',
    ],
    [
      'the offset of the batch before',
      { produce: (is) => [{ ...is, baseOffset: 0 }] },
      'partition 0 appended at 0',
    ],
    ['another partition', { produce: (is) => [{ ...is, index: 1 }] }, 'partition 1 unasked'],
    ['no partition', { produce: () => [] }, '0 of 1 batches'],
    [
      'another request',
      {
        frame: (frame) => {
          frame[7]++;
          return frame;
        },
      },
      'not asked',
    ],
    ['no frame', { frame: () => new Uint8Array(8) }, 'claims to be of 0 bytes'],
    ['half an answer', { frame: (frame) => shorter(frame) }, 'bytes wanted'],
    ['nothing more', { frame: () => undefined }, 'closed'],
  ];

  it.each(refused)('fails when it is answered %s', async (_, lies, message) => {
    await using broker = await OnePartition.open(lies);
    await expect(produced(broker)).rejects.toThrow(message);
  });
});

describe('fetch', () => {
  it('reads all there is, once', async () => {
    await using broker = await OnePartition.open();
    const { records, bytes } = await produced(broker);
    const report = await fetched(broker);
    expect(report).toMatchObject({ records, bytes });
    expect(report.latencyMs?.count).toBe(Math.ceil(broker.batches.length / 2));
  });

  it('begins anew until it has read as much as is wanted', async () => {
    await using broker = await OnePartition.open();
    const { records } = await produced(broker);
    const report = await fetched(broker, { records: 3 * records });
    expect(report.records).toBe(3 * records);
  });

  it('takes answers in however many pieces they come', async () => {
    await using broker = await OnePartition.open();
    const job = { kind: 'produce', ...broker.target, ...batching, inFlight: 1 } as const;
    const { bytes } = await produce({
      ...job,
      batchBytes: 600_000,
      recordBytes: 10_000,
      records: 500,
    });
    expect(await fetched(broker)).toMatchObject({ bytes });
  });

  const refused: [string, (partition: Fetched) => Partial<Fetched>, string][] = [
    ['an error', () => ({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE }), 'OFFSET_OUT_OF_RANGE'],
    [
      'another offset',
      ({ records }) => ({ records: [records![1]] }),
      'Fetch at 0 answered a batch',
    ],
    [
      'batches with a gap',
      ({ records }) => ({ records: [records![0], changedAt(7, records![1])] }),
      'answered a batch at',
    ],
    [
      'other bytes',
      ({ records }) => ({ records: [changedAt(records![0].length - 1, records![0])] }),
      'another checksum',
    ],
    [
      'no whole batch',
      ({ records }) => ({ records: [records![0].subarray(0, 100)] }),
      'no whole batch',
    ],
    ['another partition', () => ({ partitionIndex: 1 }), 'partition 1 unasked'],
  ];

  it.each(refused)('fails when it is answered %s', async (_, lie, message) => {
    await using broker = await OnePartition.open({ fetch: lie });
    await produced(broker);
    await expect(fetched(broker)).rejects.toThrow(message);
  });

  it('leaves out a batch that is cut off, and asks for it again', async () => {
    await using broker = await OnePartition.open({
      fetch: ({ records }) => {
        const [first, second] = records!;
        return second === undefined ? {} : { records: [first, second.subarray(0, 70)] };
      },
    });
    const { records } = await produced(broker);
    expect(await fetched(broker)).toMatchObject({ records });
  });
});

function changedAt(place: number, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed[place]++;
  return changed;
}

function shorter(frame: Uint8Array): Uint8Array {
  const cut = frame.slice(0, 30);
  new DataView(cut.buffer).setInt32(0, 26);
  return cut;
}
