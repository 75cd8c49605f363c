/**
 * A transactional producer as scripts play it: each word is one request, asked again while the
 * coordinator is busy, so that what is kept is its last word. A script says which epochs it uses.
 */
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  fetch,
  initProducerId,
  listOffsets,
  produce,
} from './apis.ts';
import type { Player, Topic } from './player.ts';
import { fetchOf, Latest, listOf, produceOf, sequenced } from './requests.ts';

const CONCURRENT_TRANSACTIONS = 51;
/** What a coordinator that is busy or not there yet answers. */
const busy = new Set([14, 15, 16, CONCURRENT_TRANSACTIONS]);

export const settled = ({ errorCode }: { readonly errorCode: number }) => !busy.has(errorCode);

/** Who a producer is; every word takes it from here. */
export interface Producer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

interface InitOptions {
  readonly version?: number;
  readonly transactionTimeoutMs?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
}

/** InitProducerId for the transactional id of this label. */
export async function init(
  on: Player,
  label = 'tx',
  { version = 4, transactionTimeoutMs = 60_000, ...known }: InitOptions = {},
): Promise<Producer> {
  const transactionalId = on.name(label);
  const request = { transactionalId, transactionTimeoutMs, ...known };
  const answer = await on.until(initProducerId, version, request, settled);
  return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

/** AddPartitionsToTxn: these partitions of the topic. */
export async function add(
  on: Player,
  producer: Producer,
  { name }: Topic,
  { version = 3, partitions = [0] as readonly number[] } = {},
): Promise<void> {
  const request = {
    v3AndBelowTransactionalId: producer.transactionalId,
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producer.producerEpoch,
    v3AndBelowTopics: [{ name, partitions }],
  };
  await on.until(addPartitionsToTxn, version, request, ({ resultsByTopicV3AndBelow }) =>
    resultsByTopicV3AndBelow.every(({ resultsByPartition }) =>
      resultsByPartition.every(({ partitionErrorCode }) => !busy.has(partitionErrorCode)),
    ),
  );
}

interface SendOptions {
  readonly version?: number;
  readonly count?: number;
  readonly index?: number;
  readonly isTransactional?: boolean;
}

/** Produce: one batch of the transaction that begins with this sequence; what became of it. */
export async function send(
  on: Player,
  producer: Producer,
  topic: Topic,
  sequence: number,
  { version = 9, count = 1, index = 0, isTransactional = true }: SendOptions = {},
): Promise<{ readonly errorCode: number }> {
  const { transactionalId, producerId, producerEpoch } = producer;
  const records = sequenced(producerId, producerEpoch, sequence, count, { isTransactional });
  const request = produceOf(topic, records, { transactionalId, index });
  const { responses } = await on.until(produce, version, request, (answer) =>
    settled(answer.responses[0].partitionResponses[0]),
  );
  return responses[0].partitionResponses[0];
}

/** AddOffsetsToTxn: the offsets of the group of this label. */
export async function addOffsets(
  on: Player,
  { transactionalId, producerId, producerEpoch }: Producer,
  label = 'group',
  version = 3,
): Promise<void> {
  const request = { transactionalId, producerId, producerEpoch, groupId: on.name(label) };
  await on.until(addOffsetsToTxn, version, request, settled);
}

/** EndTxn; the producer as it may go on, which from version 5 on has another epoch. */
export async function end(
  on: Player,
  producer: Producer,
  committed: boolean,
  version = 4,
): Promise<Producer> {
  const { transactionalId, producerId, producerEpoch } = producer;
  const request = { transactionalId, producerId, producerEpoch, committed };
  const answer = await on.until(endTxn, version, request, settled);
  if (version < 5 || answer.errorCode !== 0) return producer;
  return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

/** Waits until a reader of committed records may read up to this offset, for a while. */
export async function stableUpTo(
  on: Player,
  topic: Topic,
  offset: number,
  partitionIndex = 0,
): Promise<void> {
  const question = listOf(topic, Latest, { isolationLevel: 1, partitionIndex });
  await on.quietlyUntil(
    listOffsets,
    5,
    question,
    ({ topics: [{ partitions }] }) => partitions[0].offset >= offset,
    3_000,
  );
}

/** What both kinds of readers see of the topic from an offset on. */
export async function seen(on: Player, topic: Topic, offset = 0, version = 11): Promise<void> {
  for (const isolationLevel of [0, 1]) {
    await on.ask(fetch, version, fetchOf(topic, offset, { isolationLevel }));
    await on.ask(listOffsets, 5, listOf(topic, Latest, { isolationLevel }));
  }
}

/** A whole transaction of one batch, as old clients do it, the first of the topic. */
export async function transaction(
  on: Player,
  producer: Producer,
  topic: Topic,
  { sequence = 0, count = 1, committed = true } = {},
): Promise<void> {
  await add(on, producer, topic);
  await send(on, producer, topic, sequence, { count });
  await end(on, producer, committed);
  await stableUpTo(on, topic, count + 1);
}
