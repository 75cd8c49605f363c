/**
 * What comes before a load and is not measured: the topic, its id, producer ids. The surprise: the
 * bare Worker has none of these, so it is sent frames that carry zeros in their place.
 */
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { listOffsets } from '../../src/protocol/apis/list-offsets.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { ErrorCode, errorInfo } from '../../src/protocol/errors.ts';
import { type Api, defaultsOf, type Fields, type Infer } from '../../src/protocol/schema.ts';
import { Wire } from '../../test/kafka/wire.ts';
import type { Target } from './job.ts';

/** What ListOffsets is asked for instead of a timestamp: the first offset, and the next. */
export const earliest = -2;
export const latest = -1;

/** A connection for questions that are few. Each waits for the answer to the one before. */
export class Asking implements Disposable {
  readonly #wire: Wire;
  #before: Promise<unknown> = Promise.resolve();

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  static async open({ host, port }: { host: string; port: number }): Promise<Asking> {
    return new Asking(await Wire.open({ host, kafkaPort: port }));
  }

  /** What is not given has its default. */
  ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Partial<Infer<Q>>,
  ): Promise<Infer<R>> {
    const whole = { ...defaultsOf(api.request.fields), ...request };
    const answer = this.#before.then(() => this.#wire.ask(api, version, whole));
    this.#before = answer.catch(() => {});
    return answer;
  }

  [Symbol.dispose](): void {
    this.#wire.close();
  }
}

/** Throws when an answer carries an error. */
export function checkCode(code: number, what: string): void {
  if (code !== 0) throw new Error(`${what} answered ${errorInfo(code).name}`);
}

/** Makes the topic if the job says so; settles with its id when all its partitions are led. */
export async function topicIdFor(target: Target): Promise<string> {
  if (target.dialect === 'bare') return ZERO_UUID;
  using asking = await Asking.open(target);
  const { topic: name, partitions } = target;
  if (target.create) {
    const wanted = { name, numPartitions: partitions, replicationFactor: 1 };
    const topics = [{ ...wanted, assignments: [], configs: [] }];
    const answer = await asking.ask(createTopics, 7, { topics, timeoutMs: 30_000 });
    checkCode(answer.topics[0].errorCode, `CreateTopics of '${name}'`);
  }
  for (;;) {
    const topics = [{ topicId: ZERO_UUID, name }];
    const answer = await asking.ask(metadata, 12, { topics, allowAutoTopicCreation: false });
    const [topic] = answer.topics;
    const codes = [topic.errorCode, ...topic.partitions.map(({ errorCode }) => errorCode)];
    const isComing = codes.some((code) => errorInfo(code).retriable);
    if (!isComing || !target.create) {
      for (const code of codes) checkCode(code, `Metadata of '${name}'`);
      if (topic.partitions.length === partitions) return topic.topicId;
      throw new Error(`'${name}' has ${topic.partitions.length} partitions, not ${partitions}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** An offset of each partition. */
export async function offsetsOf(
  target: Target,
  timestamp: typeof earliest | typeof latest,
): Promise<ReadonlyMap<number, number>> {
  using asking = await Asking.open(target);
  const partitions = Array.from({ length: target.partitions }, (_, partitionIndex) => {
    return { partitionIndex, currentLeaderEpoch: -1, timestamp };
  });
  const topics = [{ name: target.topic, partitions }];
  const answer = await asking.ask(listOffsets, 7, { replicaId: -1, topics });
  return new Map(
    answer.topics[0].partitions.map(({ partitionIndex, errorCode, offset }) => {
      checkCode(errorCode, 'ListOffsets');
      return [partitionIndex, offset];
    }),
  );
}

export interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** A new producer; with a transactional id, that one's next epoch. */
export async function newProducer(
  target: Target,
  transactionalId: string | null = null,
): Promise<Producer> {
  if (target.dialect === 'bare') return { producerId: 1, producerEpoch: 0 };
  using asking = await Asking.open(target);
  for (;;) {
    const request = { transactionalId, transactionTimeoutMs: 60_000 };
    const answer = await asking.ask(initProducerId, 5, request);
    const { errorCode, producerId, producerEpoch } = answer;
    if (errorCode === 0) return { producerId, producerEpoch };
    if (!isLoading(errorCode)) checkCode(errorCode, 'InitProducerId');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A broker that was just started answers so for a while. */
export function isLoading(code: number): boolean {
  return (
    code === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ||
    code === ErrorCode.COORDINATOR_NOT_AVAILABLE ||
    code === ErrorCode.NOT_COORDINATOR ||
    code === ErrorCode.CONCURRENT_TRANSACTIONS
  );
}
