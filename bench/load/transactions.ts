/**
 * The load `transactions`: producers with a transactional id of their own, each commits one
 * transaction after another. The surprise: nobody says that a partition is part of a transaction;
 * to write to it is enough, and each commit hands out the epoch of the next (KIP-890).
 */
import { endTxn } from '../../src/protocol/apis/end-txn.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import type { Report, TransactionsJob } from './job.ts';
import { batchOfRecords } from './produce-frames.ts';
import { Asking, checkCode, newProducer, type Producer, topicIdFor } from './setup.ts';
import { Values } from './values.ts';
import { untilSilent, Window } from './window.ts';

/** What Java's producer waits when the last transaction is not over everywhere. */
const againMs = 20;

export async function transactions(job: TransactionsJob): Promise<Report> {
  if (job.dialect === 'bare') throw new Error('the bare Worker has no transactions');
  const window = new Window(job);
  if (!window.isBounded) throw new Error('this load needs seconds or records');
  const topicId = await topicIdFor(job);
  const values = new Values(job.recordBytes);
  const producers = await Promise.all(
    Array.from({ length: job.connections ?? 1 }, (_, nth) => {
      return Transactional.open(job, topicId, `${job.topic}-${nth}`, values);
    }),
  );
  try {
    window.open();
    await untilSilent(window, Promise.all(producers.map((producer) => producer.run(window))));
  } finally {
    for (const producer of producers) producer.close();
  }
  window.end();
  return window.report();
}

class Transactional {
  readonly #asking: Asking;
  readonly #job: TransactionsJob;
  readonly #topicId: string;
  readonly #transactionalId: string;
  readonly #values: Values;
  #producer: Producer;

  private constructor(
    asking: Asking,
    job: TransactionsJob,
    topicId: string,
    transactionalId: string,
    values: Values,
    producer: Producer,
  ) {
    this.#asking = asking;
    this.#job = job;
    this.#topicId = topicId;
    this.#transactionalId = transactionalId;
    this.#values = values;
    this.#producer = producer;
  }

  static async open(
    job: TransactionsJob,
    topicId: string,
    transactionalId: string,
    values: Values,
  ): Promise<Transactional> {
    const producer = await newProducer(job, transactionalId);
    const asking = await Asking.open(job);
    return new Transactional(asking, job, topicId, transactionalId, values, producer);
  }

  async run(window: Window): Promise<void> {
    const { partitions, recordsPerPartition = 1 } = this.#job;
    while (!window.isFull) {
      const batches = Array.from({ length: partitions }, () => this.#batch(recordsPerPartition));
      const bytes = batches.reduce((sum, { length }) => sum + length, 0);
      window.start(partitions * recordsPerPartition);
      const began = performance.now();
      await this.#write(batches);
      await this.#commit();
      const now = performance.now();
      window.count(now, partitions * recordsPerPartition, bytes, now - began);
    }
  }

  close(): void {
    this.#asking[Symbol.dispose]();
  }

  #batch(records: number): Uint8Array {
    return batchOfRecords(records, this.#values, {
      producer: this.#producer,
      isTransactional: true,
    });
  }

  /** What the last transaction still holds is sent again, a little later. */
  async #write(batches: readonly Uint8Array[]): Promise<void> {
    let left = batches.map((records, index) => ({ index, records }));
    for (;;) {
      const topicData = [{ name: '', topicId: this.#topicId, partitionData: left }];
      const { responses } = await this.#asking.ask(produce, 13, {
        transactionalId: this.#transactionalId,
        acks: -1,
        timeoutMs: 30_000,
        topicData,
      });
      const answers = responses.flatMap(({ partitionResponses }) => partitionResponses);
      if (answers.length !== left.length) throw new Error('Produce did not answer all partitions');
      const held = answers.filter(({ errorCode }) => errorCode !== 0);
      for (const { errorCode } of held) {
        if (errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS) checkCode(errorCode, 'Produce');
      }
      if (held.length === 0) return;
      left = left.filter(({ index }) => held.some((answer) => answer.index === index));
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }

  async #commit(): Promise<void> {
    const { errorCode, producerId, producerEpoch } = await this.#asking.ask(endTxn, 5, {
      transactionalId: this.#transactionalId,
      ...this.#producer,
      committed: true,
    });
    checkCode(errorCode, 'EndTxn');
    const isNext =
      producerId !== this.#producer.producerId ||
      producerEpoch === this.#producer.producerEpoch + 1;
    if (!isNext) throw new Error(`EndTxn handed out epoch ${producerEpoch}`);
    this.#producer = { producerId, producerEpoch };
  }
}
