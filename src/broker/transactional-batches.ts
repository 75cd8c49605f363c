/**
 * What a Produce request says of transactions, checked before anything of it is written. The
 * surprise: nothing is refused for a transactional id that no batch makes use of.
 */
import type { ProduceRequest } from '../protocol/apis/produce.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import { batchOverhead, noProducerId, RecordBatch } from '../protocol/records/index.ts';

const magicField = 16;

/**
 * Throws for transactional batches without a transactional id, or of more than one producer: the
 * whole request is refused, as Kafka does.
 */
export function checkTransaction({ transactionalId, topicData }: ProduceRequest): void {
  const batches = topicData
    .flatMap(({ partitionData }) => partitionData)
    .flatMap(({ records }) => transactionalBatch(records) ?? []);
  if (batches.length > 0 && transactionalId === null) {
    throw new KafkaError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  }
  const producers = new Set(
    batches
      .filter(({ producerId }) => producerId !== noProducerId)
      .map(({ producerId, producerEpoch }) => `${producerId} ${producerEpoch}`),
  );
  if (producers.size > 1) {
    const message = 'Transactional records contained more than one producer ID';
    throw new KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING, message);
  }
}

/** The batch, if it is transactional; whether it is a batch at all is checked elsewhere. */
function transactionalBatch(records: Uint8Array | null): RecordBatch | undefined {
  if (records === null || records.length < batchOverhead || records[magicField] !== 2) return;
  const batch = new RecordBatch(records);
  return batch.isTransactional ? batch : undefined;
}

/** First versions of Produce that know these answers. */
const abortableSince = 11;
/** From here on writing to a partition makes it a part of the transaction (transactions v2). */
const addsPartitionSince = 12;

export function addsPartition(apiVersion: number): boolean {
  return apiVersion >= addsPartitionSince;
}

/** The code of an append as this version of Produce may see it. */
export function appendCode(errorCode: number, apiVersion: number): number {
  return errorCode === ErrorCode.TRANSACTION_ABORTABLE && apiVersion < abortableSince
    ? ErrorCode.INVALID_TXN_STATE
    : errorCode;
}
