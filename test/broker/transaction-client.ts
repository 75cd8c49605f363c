/**
 * A client of the transaction APIs over a cluster in memory: real coordinators, partitions and
 * groups, and every request and answer in the bytes of its version.
 */
import { addPartitionsToTxn } from '../../src/protocol/apis/add-partitions-to-txn.ts';
import { endTxn } from '../../src/protocol/apis/end-txn.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { produce } from '../../src/protocol/apis/produce.ts';
import { buildBatch } from '../../src/protocol/records/index.ts';
import { GroupClient } from './group-client.ts';

export interface Producer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export class TransactionClient extends GroupClient {
  /** A new life of the producer with this transactional id. */
  async producer(transactionalId: string, version = 5): Promise<Producer> {
    const request = { transactionalId, transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await this.ask(initProducerId, version, request);
    return { transactionalId, producerId, producerEpoch };
  }

  /** The codes, as `orders:0 0`. */
  async add(
    version: number,
    producer: Producer,
    topics: Readonly<Record<string, readonly number[]>>,
  ): Promise<string[]> {
    const { resultsByTopicV3AndBelow } = await this.ask(addPartitionsToTxn, version, {
      v3AndBelowTransactionalId: producer.transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: Object.entries(topics).map(([name, partitions]) => ({ name, partitions })),
    });
    return resultsByTopicV3AndBelow.flatMap(({ name, resultsByPartition }) =>
      resultsByPartition.map((each) => `${name}:${each.partitionIndex} ${each.partitionErrorCode}`),
    );
  }

  /** Produces one transactional record to each of these partitions of topic `t`; the answers. */
  async write(
    version: number,
    producer: Producer,
    {
      partitions = [0],
      baseSequence = 0,
      transactionalId = producer.transactionalId as string | null,
    } = {},
  ) {
    const { producerId, producerEpoch } = producer;
    const records = buildBatch([{ value: Uint8Array.of(1), timestamp: Date.now() }], {
      producerId,
      producerEpoch,
      baseSequence,
      isTransactional: true,
    });
    const topicId = (await this.context(version).metadata.topic('t'))!.topicId;
    const partitionData = partitions.map((index) => ({ index, records }));
    const topicData = [{ name: 't', topicId, partitionData }];
    const { responses } = await this.ask(produce, version, {
      transactionalId,
      acks: -1,
      timeoutMs: 1_000,
      topicData,
    });
    return responses[0].partitionResponses;
  }

  end(version: number, producer: Producer, committed = true) {
    return this.ask(endTxn, version, { ...producer, committed });
  }
}
