/**
 * What becomes of records, and what objects do for it: they are produced, read once from the first
 * to the last, kept for a week, and deleted by retention. The surprise: nothing here waits for a
 * week; time passes as fast as it can, and storage takes as long to confirm a row as the
 * platform's does.
 */
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { endTxn } from '../../src/protocol/apis/end-txn.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { type BatchOptions, buildBatch, recordBatches } from '../../src/protocol/records/index.ts';
import { Random } from '../simulation/world/random.ts';
import { VirtualTime } from '../simulation/world/virtual-time.ts';
import { type Connection, createTopic, questionsAt, Surroundings, topic } from './consumers.ts';
import { type Counts, countsOf, sumOf, times } from './prices.ts';
import type { Shape } from './shapes.ts';

/** What storage takes to confirm a row, and a request or an answer on its way. */
export const confirmMs = 12;
export const wayMs = { least: 2, most: 6 };

const weekMs = 7 * 24 * 3_600_000;

export interface Life {
  readonly shape: Shape;
  readonly records: number;
  /** Of record batches. */
  readonly bytes: number;
  readonly recordsPerSecond: number;
  /** From a request to its answer, on average. */
  readonly latencyMs: number;
  /** Requests to Workers that connections do not make. */
  readonly workerRequests: number;
  readonly produced: Counts;
  readonly read: Counts;
  readonly deleted: Counts;
}

export async function live(shape: Shape): Promise<Life> {
  const random = new Random(1);
  const time = new VirtualTime(random.fork('time'));
  return time.run(async () => {
    const around = new Surroundings(Number.POSITIVE_INFINITY, confirmMs);
    const producers = new Producers(around, shape, random.fork('ways'));
    const topicId = await createTopic(around, shape.partitions);
    await producers.start();
    // What is learned once is no part of the price.
    await producers.send(5 * shape.producers * shape.inFlight);
    const counted = meterOf(around);
    const { records, bytes } = producers;
    const from = Date.now();
    await producers.send(shape.requests);
    const seconds = (Date.now() - from) / 1_000;
    const produced = counted();
    producers.close();
    const all = producers.records;
    const part = (all - records) / all;
    const read = times(await readOnce(around, topicId, counted, all), part);
    await time.sleep(2 * weekMs);
    const deleted = times(counted(), part);
    around.objects.close();
    return {
      shape,
      records: all - records,
      bytes: producers.bytes - bytes,
      latencyMs: producers.waitedMs / producers.requests,
      recordsPerSecond: (all - records) / seconds,
      workerRequests: shape.http ? shape.requests : 0,
      produced,
      read,
      deleted,
    };
  });
}

/** What was counted since this was asked last. */
export function meterOf({ objects }: Surroundings): () => Counts {
  let before = countsOf([]);
  const counted = (): Counts => {
    const now = countsOf([...objects.meters.values()].map(({ usage }) => usage));
    const since = sumOf([now, times(before, -1)]);
    before = now;
    return since;
  };
  counted();
  return counted;
}

/** Clients that bring records in a shape. */
export class Producers {
  readonly #around: Surroundings;
  readonly #shape: Shape;
  readonly #random: Random;
  readonly #connections: Connection[];
  readonly #gateway: ReturnType<Surroundings['newGateway']>;
  #transaction = { producerId: -1, producerEpoch: -1 };
  #sent = 0;
  records = 0;
  bytes = 0;
  requests = 0;
  waitedMs = 0;

  constructor(around: Surroundings, shape: Shape, random: Random) {
    this.#around = around;
    this.#shape = shape;
    this.#random = random;
    this.#gateway = around.newGateway();
    this.#connections = Array.from({ length: shape.producers }, () => around.connect());
  }

  async start(): Promise<void> {
    if (!this.#shape.transactional) return;
    const { producerId, producerEpoch } = await this.#connections[0].ask(initProducerId, 5, {
      transactionalId,
      transactionTimeoutMs: 60_000,
      producerId: -1,
      producerEpoch: -1,
    });
    this.#transaction = { producerId, producerEpoch };
  }

  async send(requests: number): Promise<void> {
    const { inFlight, everyMs } = this.#shape;
    let left = requests;
    const asLongAsAnswered = async (connection: Connection): Promise<void> => {
      while (left-- > 0) await this.#request(connection);
    };
    const steadily = async (connection: Connection): Promise<void> => {
      const underWay: Promise<void>[] = [];
      for (; left > 0; left--) {
        underWay.push(this.#request(connection));
        await sleep(everyMs!);
      }
      await Promise.all(underWay);
    };
    const work = everyMs === undefined ? asLongAsAnswered : steadily;
    const times = everyMs === undefined ? inFlight : 1;
    await Promise.all(
      this.#connections.flatMap((connection) =>
        Array.from({ length: times }, () => work(connection)),
      ),
    );
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #request(connection: Connection): Promise<void> {
    const { http, partitions, partitionsARequest = 1, transactional } = this.#shape;
    const partitionData = Array.from({ length: partitionsARequest }, () => ({
      index: this.#sent++ % partitions,
      records: this.#batch(),
    }));
    const from = Date.now();
    await this.#way();
    const asked = http ? this.#around.connect(this.#gateway) : connection;
    const { responses } = await asked.ask(produce, 12, {
      transactionalId: transactional ? transactionalId : null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, topicId: ZERO_UUID, partitionData }],
    });
    for (const { errorCode } of responses[0].partitionResponses) expectNone(errorCode);
    if (http) asked.close();
    await this.#way();
    if (transactional) await this.#commit(connection);
    this.requests++;
    this.waitedMs += Date.now() - from;
  }

  async #commit(connection: Connection): Promise<void> {
    await this.#way();
    for (;;) {
      const { errorCode, producerId, producerEpoch } = await connection.ask(endTxn, 5, {
        transactionalId,
        ...this.#transaction,
        committed: true,
      });
      if (errorCode === 0) this.#transaction = { producerId, producerEpoch };
      if (errorCode === 0) break;
      if (errorCode !== concurrentTransactions) expectNone(errorCode);
      await sleep(20);
    }
    await this.#way();
  }

  #batch(): Uint8Array {
    const { recordBytes, batchRecords, transactional } = this.#shape;
    const record = { value: new Uint8Array(recordBytes), timestamp: Date.now() };
    const options: BatchOptions = transactional
      ? { ...this.#transaction, baseSequence: 0, isTransactional: true }
      : {};
    const batch = buildBatch(Array(batchRecords).fill(record), options);
    this.records += batchRecords;
    this.bytes += batch.length;
    return batch;
  }

  #way(): Promise<void> {
    return sleep(this.#random.between(wayMs.least * 10, wayMs.most * 10) / 10);
  }
}

const transactionalId = 'orders-1';
const concurrentTransactions = 51;

/** One consumer, from the first offset to the last. */
async function readOnce(
  around: Surroundings,
  topicId: string,
  counted: () => Counts,
  records: number,
): Promise<Counts> {
  const partitions = [...around.objects.meters.keys()].filter((name) => /^partition /.test(name));
  const offsets = new Map(partitions.map((name) => [Number(name.split(':')[1]), 0]));
  const connection = around.connect();
  const read = async (): Promise<boolean> => {
    const { responses } = await connection.ask(fetch, 13, {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 50_000_000,
      topics: [{ topic: '', topicId, partitions: questionsAt(offsets) }],
    });
    for (const { partitionIndex, errorCode, records: pieces } of responses[0]?.partitions ?? []) {
      expectNone(errorCode);
      for (const piece of pieces ?? []) {
        for (const { lastOffset } of recordBatches(piece))
          offsets.set(partitionIndex, lastOffset + 1);
      }
    }
    return [...offsets.values()].reduce((sum, offset) => sum + offset, 0) < records;
  };
  while (await read());
  connection.close();
  return counted();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function expectNone(errorCode: number): void {
  if (errorCode !== 0) throw new Error(`refused with ${errorCode}`);
}
