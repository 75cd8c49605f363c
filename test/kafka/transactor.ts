/**
 * A transactional producer and its readers reduced to requests over one socket: what every client
 * does in transactions, in steps that tests choose.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { concat } from '../../src/bytes/writer.ts';
import { addPartitionsToTxn } from '../../src/protocol/apis/add-partitions-to-txn.ts';
import { describeProducers } from '../../src/protocol/apis/describe-producers.ts';
import { endTxn } from '../../src/protocol/apis/end-txn.ts';
import { fetch } from '../../src/protocol/apis/fetch.ts';
import { findCoordinator } from '../../src/protocol/apis/find-coordinator.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { listOffsets } from '../../src/protocol/apis/list-offsets.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { ErrorCode, errorInfo } from '../../src/protocol/errors.ts';
import { buildBatch, decodeRecords, recordBatches } from '../../src/protocol/records/index.ts';
import { defaultsOf } from '../../src/protocol/schema.ts';
import { fetchOf, produceOf, type Wire } from './wire.ts';

const utf8 = new TextEncoder();
const nameOf = (code: number): string => errorInfo(code).name;

export class Transactor {
  readonly #wire: Wire;
  readonly transactionalId: string;
  producerId = -1;
  epoch = -1;
  /** By partition: what the next batch starts with. */
  sequences = new Map<string, number>();

  constructor(wire: Wire, transactionalId: string) {
    this.#wire = wire;
    this.transactionalId = transactionalId;
  }

  async init(): Promise<string> {
    const coordinator = { keyType: 1, key: this.transactionalId, coordinatorKeys: [] };
    await this.#patiently(async () => {
      const found = await this.#wire.ask(findCoordinator, 3, coordinator);
      return found.errorCode;
    });
    return this.#patiently(async () => {
      const answer = await this.#wire.ask(initProducerId, 5, {
        ...defaultsOf(initProducerId.request.fields),
        transactionalId: this.transactionalId,
        transactionTimeoutMs: 60_000,
        producerId: -1,
        producerEpoch: -1,
      });
      if (answer.errorCode === 0) this.#become(answer.producerId, answer.producerEpoch);
      return answer.errorCode;
    });
  }

  /** Answers the code and the base offset. Version 12 adds the partition, lower ones check it. */
  async send(
    topic: string,
    values: readonly string[],
    { version = 12, partition = 0, sequence = -1, timestamp = Date.now() } = {},
  ): Promise<[code: string, offset: number]> {
    const key = `${topic}:${partition}`;
    const baseSequence = sequence < 0 ? (this.sequences.get(key) ?? 0) : sequence;
    const records = buildBatch(
      values.map((value) => ({ key: utf8.encode(value), value: utf8.encode(value), timestamp })),
      {
        producerId: this.producerId,
        producerEpoch: this.epoch,
        baseSequence,
        isTransactional: true,
      },
    );
    const request = {
      ...produceOf(topic, records, { partition }),
      transactionalId: this.transactionalId,
    };
    const { responses } = await this.#wire.ask(produce, version, request);
    const { errorCode, baseOffset } = responses[0].partitionResponses[0];
    if (errorCode === 0) this.sequences.set(key, baseSequence + values.length);
    return [nameOf(errorCode), baseOffset];
  }

  /** Transactions v1. */
  add(topic: string, partitions: number[] = [0]): Promise<string> {
    return this.#patiently(async () => {
      const answer = await this.#wire.ask(addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: this.transactionalId,
        v3AndBelowProducerId: this.producerId,
        v3AndBelowProducerEpoch: this.epoch,
        v3AndBelowTopics: [{ name: topic, partitions }],
      });
      return answer.resultsByTopicV3AndBelow[0].resultsByPartition[0].partitionErrorCode;
    });
  }

  /** Version 5 raises the epoch. */
  end(committed: boolean, version = 5): Promise<string> {
    return this.#patiently(async () => {
      const answer = await this.#wire.ask(endTxn, version, {
        transactionalId: this.transactionalId,
        producerId: this.producerId,
        producerEpoch: this.epoch,
        committed,
      });
      if (answer.errorCode === 0 && version >= 5) {
        this.#become(answer.producerId, answer.producerEpoch);
      }
      return answer.errorCode;
    });
  }

  #become(producerId: number, epoch: number): void {
    this.producerId = producerId;
    this.epoch = epoch;
    this.sequences = new Map();
  }

  async #patiently(ask: () => Promise<number>): Promise<string> {
    const passing: number[] = [
      ErrorCode.CONCURRENT_TRANSACTIONS,
      ErrorCode.COORDINATOR_NOT_AVAILABLE,
      ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
      ErrorCode.NOT_COORDINATOR,
    ];
    for (;;) {
      const code = await ask();
      if (!passing.includes(code)) return nameOf(code);
      await sleep(50);
    }
  }
}

/** What a reader gets: where the log ends, what is to be left out, and each batch in short. */
export async function look(
  wire: Wire,
  topic: string,
  offset: number,
  { isolationLevel = 1, partition = 0, maxWaitMs = 0 } = {},
) {
  const { responses } = await wire.ask(fetch, 12, {
    ...fetchOf(topic, offset, { partition, maxWaitMs }),
    isolationLevel,
  });
  const found = responses[0].partitions[0];
  const batches = [...recordBatches(concat(found.records ?? []))].map((batch) => {
    if (batch.isControl) return `${batch.baseOffset} control ${batch.producerEpoch}`;
    const values = [...decodeRecords(batch)].map(({ value }) => new TextDecoder().decode(value!));
    return `${batch.baseOffset} ${values.join(' ')}`;
  });
  return {
    code: nameOf(found.errorCode),
    ends: [found.logStartOffset, found.lastStableOffset, found.highWatermark],
    aborted: found.abortedTransactions?.map(({ firstOffset }) => firstOffset) ?? null,
    batches,
  };
}

/** The bytes of all batches, as they are stored. */
export async function bytesOf(wire: Wire, topic: string): Promise<Uint8Array> {
  const { responses } = await wire.ask(fetch, 12, fetchOf(topic, 0));
  return concat(responses[0].partitions[0].records ?? []);
}

/** Offset and whether a timestamp came with it. */
export async function offsetAt(
  wire: Wire,
  topic: string,
  timestamp: number,
  isolationLevel = 1,
): Promise<[offset: number, timestamp: number]> {
  const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }];
  const { topics } = await wire.ask(listOffsets, 8, {
    ...defaultsOf(listOffsets.request.fields),
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic, partitions }],
  });
  const { offset, timestamp: at } = topics[0].partitions[0];
  return [offset, at];
}

/** The producers a partition knows, by epoch, last sequence, coordinator epoch, open offset. */
export async function producersOf(wire: Wire, topic: string): Promise<number[][]> {
  const { topics } = await wire.ask(describeProducers, 0, {
    topics: [{ name: topic, partitionIndexes: [0] }],
  });
  return topics[0].partitions[0].activeProducers
    .toSorted((a, b) => a.producerId - b.producerId)
    .map(({ producerEpoch, lastSequence, coordinatorEpoch, currentTxnStartOffset }) => [
      producerEpoch,
      lastSequence,
      coordinatorEpoch,
      currentTxnStartOffset,
    ]);
}
