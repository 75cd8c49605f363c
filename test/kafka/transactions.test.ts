import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { deleteRecords } from '../../src/protocol/apis/delete-records.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { writeTxnMarkers } from '../../src/protocol/apis/write-txn-markers.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { recordBatches } from '../../src/protocol/records/index.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { type Kedge, spawnKedge } from '../kedge-process.ts';
import { bytesOf, look, offsetAt, producersOf, Transactor } from './transactor.ts';
import { fetchOf, produceTo, Wire } from './wire.ts';

let kedge: Kedge;
let wire: Wire;
let topic: string;
let named = 0;

beforeAll(async () => {
  kedge = await spawnKedge();
});

afterAll(async () => {
  await kedge?.stop();
});

beforeEach(async () => {
  wire = await Wire.open(kedge);
  topic = await newTopic();
});

afterEach(() => wire.close());

async function newTopic(configs: Record<string, string> = {}): Promise<string> {
  const name = `topic-${++named}`;
  const list = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const plan = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: list };
  await wire.ask(createTopics, 5, {
    ...defaultsOf(createTopics.request.fields),
    topics: [plan],
    timeoutMs: 9_000,
  });
  return name;
}

async function newTransactor(): Promise<Transactor> {
  const transactor = new Transactor(wire, `id-${++named}`);
  expect(await transactor.init()).toBe('NONE');
  return transactor;
}

/** Ends of the log (start, last stable, high watermark), aborted transactions, batches. */
const seen = (ends: number[], aborted: number[], batches: string[]) => ({
  code: 'NONE',
  ends,
  aborted,
  batches,
});

// What is expected here is what Apache Kafka 4.4 answers to the same requests, but for the order of
// aborted transactions: Kafka lists them as they ended.

describe('transactions v2', () => {
  it('hides what is open, leaves out what was aborted, shows what was committed', async () => {
    const a = await newTransactor();
    await produceTo(wire, topic, 'p');
    expect(await a.send(topic, ['a0', 'a1'])).toEqual(['NONE', 1]);
    expect(await look(wire, topic, 0)).toEqual(seen([0, 1, 3], [], ['0 p']));
    for (const offset of [1, 2, 3]) {
      expect(await look(wire, topic, offset)).toEqual(seen([0, 1, 3], [], []));
    }
    expect((await look(wire, topic, 4)).code).toBe('OFFSET_OUT_OF_RANGE');
    expect(await look(wire, topic, 0, { isolationLevel: 0 })).toMatchObject({
      aborted: null,
      batches: ['0 p', '1 a0 a1'],
    });
    expect(await producersOf(wire, topic)).toEqual([[0, 1, -1, 1]]);
    await a.send(topic, ['a2']);
    expect(await a.end(false)).toBe('NONE');
    expect(await producersOf(wire, topic)).toEqual([[1, -1, 0, -1]]);
    const aborted = ['1 a0 a1', '3 a2', '4 control 1'];
    expect(await look(wire, topic, 0)).toEqual(seen([0, 5, 5], [1], ['0 p', ...aborted]));
    expect(await look(wire, topic, 4)).toEqual(seen([0, 5, 5], [1], ['4 control 1']));
    expect(await look(wire, topic, 5)).toEqual(seen([0, 5, 5], [], []));
    expect(await a.send(topic, ['b0'])).toEqual(['NONE', 5]);
    expect(await a.end(true)).toBe('NONE');
    expect(await look(wire, topic, 5)).toEqual(seen([0, 7, 7], [], ['5 b0', '6 control 2']));
  });

  it('ends where the last stable offset is, for ListOffsets', async () => {
    const a = await newTransactor();
    await produceTo(wire, topic, 'p');
    const later = Date.now() + 60_000;
    await a.send(topic, ['a'], { timestamp: later });
    expect(await offsetAt(wire, topic, -1)).toEqual([1, -1]);
    expect(await offsetAt(wire, topic, -1, 0)).toEqual([2, -1]);
    expect((await offsetAt(wire, topic, -3))[0]).toBe(-1);
    expect((await offsetAt(wire, topic, -3, 0))[0]).toBe(1);
    expect((await offsetAt(wire, topic, later))[0]).toBe(-1);
    expect((await offsetAt(wire, topic, later, 0))[0]).toBe(1);
    await a.end(true);
    expect(await offsetAt(wire, topic, -1)).toEqual([3, -1]);
    expect((await offsetAt(wire, topic, -3))[0]).toBe(1);
  });

  it('begins every epoch at sequence 0 and fences the ones before', async () => {
    const a = await newTransactor();
    expect((await a.send(topic, ['z'], { sequence: 3 }))[0]).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(await a.send(topic, ['a'])).toEqual(['NONE', 0]);
    expect(await a.send(topic, ['a'], { sequence: 0 })).toEqual(['NONE', 0]);
    expect((await a.send(topic, ['c'], { sequence: 5 }))[0]).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    await a.end(true);
    const old = new Transactor(wire, a.transactionalId);
    Object.assign(old, { producerId: a.producerId, epoch: a.epoch - 1 });
    expect((await old.send(topic, ['q'], { sequence: 1 }))[0]).toBe('INVALID_PRODUCER_EPOCH');
    expect((await a.send(topic, ['q'], { sequence: 1 }))[0]).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(await a.send(topic, ['q'], { sequence: 0 })).toEqual(['NONE', 2]);
    const b = new Transactor(wire, a.transactionalId);
    expect(await b.init()).toBe('NONE');
    expect(await look(wire, topic, 2)).toEqual(seen([0, 4, 4], [2], ['2 q', '3 control 2']));
    expect((await a.send(topic, ['r'], { sequence: 1 }))[0]).toBe('INVALID_PRODUCER_EPOCH');
    expect(await b.send(topic, ['s'])).toEqual(['NONE', 4]);
  });

  it('writes markers byte for byte as Kafka does', async () => {
    const a = await newTransactor();
    for (const committed of [false, true]) {
      await a.send(topic, ['a']);
      await a.end(committed);
    }
    const markers = [...recordBatches(await bytesOf(wire, topic))].filter((b) => b.isControl);
    expect(markers.map(({ isValid }) => isValid)).toEqual([true, true]);
    const shown = markers.map(({ bytes }) => {
      // Checksum, timestamps and producer id are others every time.
      const blanked = Buffer.from(bytes).fill(0, 17, 21).fill(0, 27, 51);
      return blanked.toString('hex');
    });
    const markerOf = (offset: number, epoch: number, type: number) =>
      [
        `000000000000000${offset}00000042`, // base offset, length
        '000000000200000000', // leader epoch, magic, checksum
        `003000000000${'0'.repeat(48)}`, // attributes, last offset delta; timestamps, producer id
        `000${epoch}ffffffff00000001`, // epoch, sequence, count
        `20000000080000000${type}`, // record: lengths, deltas and key
        '0c00000000000000', // value: version and coordinator epoch; headers
      ].join('');
    expect(shown).toEqual([markerOf(1, 1, 0), markerOf(3, 2, 1)]);
  });

  it('stamps markers too where the log stamps what is appended', async () => {
    topic = await newTopic({ 'message.timestamp.type': 'LogAppendTime' });
    const a = await newTransactor();
    await a.send(topic, ['a']);
    await a.end(true);
    const batches = [...recordBatches(await bytesOf(wire, topic))];
    expect(batches.map(({ attributes, isValid }) => [attributes, isValid])).toEqual([
      [24, true],
      [56, true],
    ]);
  });
});

describe('transactions v1', () => {
  const version = 11;

  it('take a batch only where the partition was added before', async () => {
    const a = await newTransactor();
    expect(await a.send(topic, ['z'], { version })).toEqual(['TRANSACTION_ABORTABLE', -1]);
    expect(await a.send(topic, ['z'], { version: 10 })).toEqual(['INVALID_TXN_STATE', -1]);
    expect(await a.add(topic)).toBe('NONE');
    expect(await a.send(topic, ['a'], { version })).toEqual(['NONE', 0]);
    expect(await a.end(true, 4)).toBe('NONE');
    const again = await a.send(topic, ['z'], { version, sequence: 1 });
    expect(again).toEqual(['TRANSACTION_ABORTABLE', -1]);
  });

  it('go on with their sequences from one transaction to the next', async () => {
    const a = await newTransactor();
    await a.add(topic);
    expect(await a.send(topic, ['a'], { version, sequence: 7 })).toEqual(['NONE', 0]);
    const gap = await a.send(topic, ['a'], { version, sequence: 9 });
    expect(gap[0]).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    await a.send(topic, ['b'], { version, sequence: 8 });
    await a.end(true, 4);
    expect(await producersOf(wire, topic)).toEqual([[0, 8, 0, -1]]);
    await a.add(topic);
    expect(await a.send(topic, ['b'], { version, sequence: 8 })).toEqual(['NONE', 1]);
    // The one that was repeated was to begin the transaction.
    const behind = await a.send(topic, ['c'], { version, sequence: 9 });
    expect(behind[0]).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    await a.end(false, 4);
    expect((await look(wire, topic, 0)).batches).toEqual([
      '0 a',
      '1 b',
      '2 control 0',
      '3 control 0',
    ]);
  });
});

describe('transactions of several producers', () => {
  it('hold back what is behind the first that is open', async () => {
    const [a, b, c] = [await newTransactor(), await newTransactor(), await newTransactor()];
    for (const [who, value] of [
      [a, 'a0'],
      [b, 'b0'],
      [c, 'c0'],
      [a, 'a1'],
    ] as const) {
      expect((await who.send(topic, [value]))[0]).toBe('NONE');
    }
    await c.end(false);
    expect(await look(wire, topic, 0)).toEqual(seen([0, 0, 5], [], []));
    await b.end(true);
    expect(await look(wire, topic, 0)).toEqual(seen([0, 0, 6], [], []));
    await c.send(topic, ['c1']);
    await a.end(false);
    const ended = ['0 a0', '1 b0', '2 c0', '3 a1', '4 control 1', '5 control 1'];
    expect(await look(wire, topic, 0)).toEqual(seen([0, 6, 8], [0, 2], ended));
    expect(await look(wire, topic, 5)).toEqual(seen([0, 6, 8], [0], ['5 control 1']));
    expect(await look(wire, topic, 6)).toEqual(seen([0, 6, 8], [], []));
    await c.end(true);
    expect(await look(wire, topic, 6)).toEqual(
      seen([0, 9, 9], [0], ['6 c1', '7 control 1', '8 control 2']),
    );
  });

  it('wake those who wait for what is committed at the end, and not before', async () => {
    const [a, b] = [await newTransactor(), await newTransactor()];
    await a.send(topic, ['a']);
    const waiting = await Wire.open(kedge);
    const request = { ...fetchOf(topic, 0, { maxWaitMs: 20_000 }), isolationLevel: 1 };
    const answer = waiting.ask(fetch, 12, request);
    await b.send(topic, ['b']);
    await b.end(true);
    expect(waiting.waiting).toBe(0);
    await a.end(true);
    const { highWatermark, lastStableOffset } = (await answer).responses[0].partitions[0];
    expect([highWatermark, lastStableOffset]).toEqual([4, 4]);
    waiting.close();
  });
});

describe('deleting records', () => {
  async function cut(offset: number): Promise<[number, number]> {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }];
    const answer = await wire.ask(deleteRecords, 1, { topics, timeoutMs: 9_000 });
    const { errorCode, lowWatermark } = answer.topics[0].partitions[0];
    return [errorCode, lowWatermark];
  }

  it('may take the beginning of open transactions away, which end as any', async () => {
    const [a, b] = [await newTransactor(), await newTransactor()];
    for (const [who, value] of [
      [a, 'a0'],
      [a, 'a1'],
      [b, 'b0'],
      [a, 'a2'],
    ] as const) {
      await who.send(topic, [value]);
    }
    expect(await cut(1)).toEqual([0, 1]);
    expect(await look(wire, topic, 1)).toEqual(seen([1, 1, 4], [], []));
    expect(await offsetAt(wire, topic, -1)).toEqual([1, -1]);
    expect(await cut(3)).toEqual([0, 3]);
    expect(await look(wire, topic, 3)).toEqual(seen([3, 3, 4], [], []));
    expect(await cut(-1)).toEqual([0, 4]);
    expect(await cut(9)).toEqual([ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
    expect(await producersOf(wire, topic)).toEqual([
      [0, 2, -1, 0],
      [0, 0, -1, 2],
    ]);
    await a.send(topic, ['a3']);
    await a.end(false);
    expect(await look(wire, topic, 4)).toEqual(seen([4, 4, 6], [], []));
    await b.end(true);
    const rest = ['4 a3', '5 control 1', '6 control 1'];
    expect(await look(wire, topic, 4)).toEqual(seen([4, 7, 7], [0], rest));
  });
});

describe('markers written by an operator', () => {
  async function mark(who: Transactor, epoch: number, committed: boolean, coordinatorEpoch = 0) {
    const { producerId } = who;
    const topics = [{ name: topic, partitionIndexes: [0] }];
    const marker = { producerId, producerEpoch: epoch, transactionResult: committed, topics };
    const { markers } = await wire.ask(writeTxnMarkers, 1, {
      markers: [{ ...marker, coordinatorEpoch, transactionVersion: 0 }],
    });
    return markers[0].topics[0].partitions[0].errorCode;
  }

  it('end what is open, as often as they are written', async () => {
    const a = await newTransactor();
    await a.send(topic, ['a']);
    expect(await mark(a, a.epoch, false)).toBe(ErrorCode.NONE);
    expect(await look(wire, topic, 0)).toEqual(seen([0, 2, 2], [0], ['0 a', '1 control 0']));
    expect(await producersOf(wire, topic)).toEqual([[0, 0, 0, -1]]);
    expect(await mark(a, a.epoch, false)).toBe(ErrorCode.NONE);
    expect((await look(wire, topic, 2)).batches).toEqual(['2 control 0']);
  });

  it('are refused from a coordinator or a producer of the past', async () => {
    const a = await newTransactor();
    await a.send(topic, ['a']);
    await a.end(true);
    expect(await mark(a, a.epoch, true, 9)).toBe(ErrorCode.NONE);
    expect(await mark(a, a.epoch, true, 8)).toBe(ErrorCode.TRANSACTION_COORDINATOR_FENCED);
    expect(await mark(a, a.epoch - 1, true, 9)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH);
  });
});
