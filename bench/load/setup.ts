/**
 * What comes before a load and is not measured: the topic, its id, producer ids. The surprise: the
 * bare Worker has none of these, so it is sent frames that carry zeros in their place.
 */
import { ZERO_UUID } from '../../src/bytes/uuid.ts';
import { createTopics } from '../../src/protocol/apis/create-topics.ts';
import { findCoordinator } from '../../src/protocol/apis/find-coordinator.ts';
import { initProducerId } from '../../src/protocol/apis/init-producer-id.ts';
import { listOffsets } from '../../src/protocol/apis/list-offsets.ts';
import { metadata } from '../../src/protocol/apis/metadata.ts';
import { errorInfo } from '../../src/protocol/errors.ts';
import { type Api, defaultsOf, type Fields, type Infer } from '../../src/protocol/schema.ts';
import { Wire } from '../../test/kafka/wire.ts';
import type { Target } from './job.ts';

/** What ListOffsets is asked for instead of a timestamp: the first offset, and the next. */
export const earliest = -2;
export const latest = -1;
const patienceMs = 30_000;

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
  const topic = await patiently(`Metadata of '${name}'`, async () => {
    const topics = [{ topicId: ZERO_UUID, name }];
    const answer = await asking.ask(metadata, 12, { topics, allowAutoTopicCreation: false });
    const [found] = answer.topics;
    const codes = [found.errorCode, ...found.partitions.map(({ errorCode }) => errorCode)];
    return { codes, answer: found, isFinal: !target.create };
  });
  if (topic.partitions.length !== partitions) {
    throw new Error(`'${name}' has ${topic.partitions.length} partitions, not ${partitions}`);
  }
  // A broker may name itself as a leader before it is one.
  if (target.create) await offsetsOf(target, earliest);
  return topic.topicId;
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
  const found = await patiently('ListOffsets', async () => {
    const answer = await asking.ask(listOffsets, 7, { replicaId: -1, topics });
    const answered = answer.topics.flatMap((topic) => topic.partitions);
    return { codes: answered.map(({ errorCode }) => errorCode), answer: answered };
  });
  return new Map(found.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
}

/**
 * Has a coordinator be there; what it keeps is made when the first asks for one. Key type 0 is a
 * group, 1 a transactional id.
 */
export async function findCoordinatorOf(asking: Asking, key: string, keyType: 0 | 1) {
  await patiently('FindCoordinator', async () => {
    const { coordinators } = await asking.ask(findCoordinator, 6, {
      keyType,
      coordinatorKeys: [key],
    });
    return { codes: coordinators.map(({ errorCode }) => errorCode), answer: undefined };
  });
}

/** Asks again as long as an error may pass, as clients do, for half a minute at most. */
export async function patiently<T>(
  what: string,
  ask: () => Promise<{ codes: readonly number[]; answer: T; isFinal?: boolean }>,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const { codes, answer, isFinal = false } = await ask();
    const error = codes.find((code) => code !== 0);
    if (error === undefined) return answer;
    const isPassing = codes.every((code) => code === 0 || errorInfo(code).retriable);
    if (isFinal || !isPassing || performance.now() > end) checkCode(error, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
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
  if (transactionalId !== null) await findCoordinatorOf(asking, transactionalId, 1);
  return await patiently('InitProducerId', async () => {
    const request = { transactionalId, transactionTimeoutMs: 60_000 };
    const answer = await asking.ask(initProducerId, 5, request);
    const { errorCode, producerId, producerEpoch } = answer;
    return { codes: [errorCode], answer: { producerId, producerEpoch } };
  });
}
