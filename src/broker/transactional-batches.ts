/**
 * What a Produce request says of transactions, checked before anything of it is written. The
 * surprise: nothing is refused for a transactional id that no batch makes use of.
 */
import type { ProduceRequest } from '../protocol/apis/produce.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import {
  batchOverhead,
  noProducerId,
  type RecordBatch,
  recordBatches,
} from '../protocol/records/index.ts';
import type { RequestContext } from './context.ts';
import { demand } from './permissions.ts';

/**
 * Throws for what refuses the whole request in Kafka: transactional batches without a transactional
 * id, with one that the client may not write with, or of more than one producer, and bytes that
 * cannot be the beginning of a batch. Answers nothing where there is nothing to wait for.
 */
export function checkTransaction(
  { transactionalId, topicData }: ProduceRequest,
  context: Pick<RequestContext, 'authorizer'>,
): Promise<void> | undefined {
  const batches: RecordBatch[] = [];
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) {
      const batch = transactionalBatch(records);
      if (batch !== undefined) batches.push(batch);
    }
  }
  if (batches.length === 0) return undefined;
  if (transactionalId === null) {
    throw new KafkaError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  }
  return checkProducers(transactionalId, batches, context);
}

async function checkProducers(
  transactionalId: string,
  batches: readonly RecordBatch[],
  context: Pick<RequestContext, 'authorizer'>,
): Promise<void> {
  await demand(context, 'WRITE', 'TRANSACTIONAL_ID', transactionalId);
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

/** The first batch, if it is whole and transactional. */
function transactionalBatch(records: Uint8Array | null): RecordBatch | undefined {
  const [batch] = recordBatches(records ?? new Uint8Array());
  const isWhole = batch?.magic === 2 && batch.sizeInBytes >= batchOverhead;
  return isWhole && batch.isTransactional ? batch : undefined;
}
