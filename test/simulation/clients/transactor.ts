/**
 * A transactional producer, of the kind before transactions v2 (adds partitions and groups by
 * requests of their own) or of this kind (adds them by writing; the epoch rises with each end). The
 * surprise: an answer to EndTxn that never came is asked for again a few times, or not at all; then
 * the process gives up, and nobody may ever know how the transaction ended.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { addOffsetsToTxn } from '../../../src/protocol/apis/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../../src/protocol/apis/add-partitions-to-txn.ts';
import { endTxn } from '../../../src/protocol/apis/end-txn.ts';
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { txnOffsetCommit } from '../../../src/protocol/apis/txn-offset-commit.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import type { Commit, Send } from '../checker/history.ts';
import { type Client, partitionName, type SimulatedTopic } from './client.ts';
import type { Position } from './fetching.ts';
import type { OpenTransaction } from './recorder.ts';
import { keyFor, recordOf } from './records.ts';
import { Disconnected } from './wire.ts';

/** Another process has the transactional id now, or nobody knows: this one ends. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** The transaction can only be aborted. */
export class MustAbort extends Error {
  override readonly name = 'MustAbort';
}

interface Place {
  readonly topic: SimulatedTopic;
  readonly index: number;
}

export interface Value {
  readonly value: string;
  readonly source?: string;
}

interface Batch extends Place {
  readonly steps: Send[];
  readonly sequence: number;
}

/** Who commits offsets with its transactions. */
export interface Committing {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

const inFlight = 5;
/** How long one step may take before the transaction is given up. */
const patienceMs = 20_000;

export class Transactor {
  readonly #client: Client;
  readonly #transactionalId: string;
  readonly #isV2: boolean;
  readonly timeoutMs: number;
  #producer: { producerId: number; producerEpoch: number } | undefined;
  #sequences = new Map<string, number>();
  /** What is part of the transaction, before v2. */
  readonly #added = new Set<string>();
  #isEmpty = true;
  #transaction: OpenTransaction | undefined;

  constructor(client: Client, transactionalId: string) {
    this.#client = client;
    this.#transactionalId = transactionalId;
    this.#isV2 = client.random.chance(0.6);
    this.timeoutMs = client.random.pick([1_500, 5_000, 30_000]);
  }

  /** Gets an id and an epoch; whatever others left open under this name is aborted. */
  async start(): Promise<void> {
    const version = this.#isV2 ? 5 : this.#client.random.between(0, 4);
    const known = version >= 3 && this.#client.random.chance(0.5) ? this.#producer : undefined;
    for (;;) {
      const answer = await this.#client.ask(initProducerId, version, {
        transactionalId: this.#transactionalId,
        transactionTimeoutMs: this.timeoutMs,
        ...known,
      });
      if (answer?.errorCode === ErrorCode.NONE) {
        const { producerId, producerEpoch } = answer;
        this.#takeProducer(producerId, producerEpoch);
        return;
      }
      if (answer !== undefined) this.#heed('start', answer.errorCode);
      await this.#pause();
    }
  }

  begin(transaction: OpenTransaction): void {
    this.#transaction = transaction;
    this.#added.clear();
    this.#isEmpty = true;
  }

  #takeProducer(producerId: number, producerEpoch: number): void {
    const known = this.#producer;
    if (known?.producerId === producerId && known.producerEpoch === producerEpoch) return;
    this.#producer = { producerId, producerEpoch };
    this.#sequences = new Map();
  }

  get #who() {
    return { transactionalId: this.#transactionalId, ...this.#producer! };
  }

  /** Writes batches to one partition, in order, until each is acknowledged. */
  async send(place: Place, values: readonly (readonly Value[])[]): Promise<void> {
    const partition = partitionName(place.topic.name, place.index);
    if (!this.#isV2) await this.#addPartition(place, partition);
    this.#isEmpty = false;
    let batches = values.map((each): Batch => {
      const sequence = this.#sequences.get(partition) ?? 0;
      this.#sequences.set(partition, sequence + each.length);
      const steps = each.map((one): Send => {
        return { kind: 'send', partition, ...one, ...keyFor(place.topic, one.value) };
      });
      for (const step of steps) this.#transaction!.add(step);
      return { ...place, steps, sequence };
    });
    const version = this.#isV2 ? 12 : this.#client.random.between(3, 11);
    const giveUpAt = this.#client.world.time.now + patienceMs;
    let again = false;
    while (batches.length > 0) {
      const window = batches.slice(0, again ? 1 : inFlight);
      const codes = await Promise.all(window.map((batch) => this.#attempt(batch, version)));
      this.#client.checkAlive();
      batches = batches.filter((batch) => {
        const at = window.indexOf(batch);
        return at < 0 || !isDone(codes[at]);
      });
      const first = codes.find((code) => !isDone(code));
      if (first !== undefined) this.#heed('produce', first);
      again = codes.some((code) => !isDone(code));
      if (!again) continue;
      if (this.#client.world.time.now > giveUpAt) throw new MustAbort('produce takes too long');
      await this.#pause();
    }
  }

  /** The code of the answer; undefined: there was none. */
  async #attempt(batch: Batch, version: number): Promise<number | undefined> {
    const { topic, index, steps, sequence } = batch;
    const timestamp = this.#client.world.time.clock;
    const records = steps.map(({ value }) => recordOf(topic, value, timestamp));
    const options = { ...this.#producer, baseSequence: sequence, isTransactional: true };
    const partitionData = [{ index, records: buildBatch(records, options) }];
    try {
      const { responses } = await this.#client.wire.ask(produce, version, {
        transactionalId: this.#transactionalId,
        acks: -1,
        timeoutMs: 30_000,
        topicData: [{ name: topic.name, topicId: '', partitionData }],
      });
      const { errorCode, baseOffset } = responses[0].partitionResponses[0];
      if (errorCode === ErrorCode.NONE) {
        for (const [i, step] of steps.entries()) {
          this.#transaction!.replace(step, { ...step, offset: baseOffset + i });
        }
      }
      return errorCode;
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      return undefined;
    }
  }

  async #addPartition({ topic, index }: Place, partition: string): Promise<void> {
    if (this.#added.has(partition)) return;
    await this.#insist('add partition', async () => {
      const { transactionalId, producerId, producerEpoch } = this.#who;
      const answer = await this.#client.ask(addPartitionsToTxn, this.#client.random.between(0, 3), {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [{ name: topic.name, partitions: [index] }],
      });
      return answer?.resultsByTopicV3AndBelow[0].resultsByPartition[0].partitionErrorCode;
    });
    this.#added.add(partition);
  }

  /** Offsets that count when the transaction does. */
  async commitOffsets(committing: Committing, positions: readonly Position[]): Promise<void> {
    const { groupId: group, memberId, groupInstanceId, generationId } = committing;
    if (!this.#isV2 && !this.#added.has(group)) {
      await this.#insist('add offsets', async () => {
        const version = this.#client.random.between(0, 3);
        const request = { ...this.#who, groupId: group };
        return (await this.#client.ask(addOffsetsToTxn, version, request))?.errorCode;
      });
      this.#added.add(group);
    }
    this.#isEmpty = false;
    for (const { topic, index, offset } of positions) {
      const partition = partitionName(topic.name, index);
      this.#transaction!.add({ kind: 'commit', group, partition, offset } satisfies Commit);
    }
    const topics = positions.map(({ topic, index, offset }) => ({
      name: topic.name,
      topicId: ZERO_UUID,
      partitions: [
        {
          partitionIndex: index,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        },
      ],
    }));
    await this.#insist('commit offsets', async () => {
      const version = this.#isV2 ? 5 : this.#client.random.between(3, 4);
      const answer = await this.#client.ask(txnOffsetCommit, version, {
        ...this.#who,
        groupId: group,
        generationIdOrMemberEpoch: generationId,
        memberId,
        groupInstanceId,
        topics,
      });
      const codes = answer?.topics.flatMap(({ partitions }) =>
        partitions.map(({ errorCode }) => errorCode),
      );
      return codes?.find((code) => code !== ErrorCode.NONE) ?? codes?.[0];
    });
  }

  /** Asks until it is done, or may not be. */
  async #insist(what: string, ask: () => Promise<number | undefined>): Promise<void> {
    const giveUpAt = this.#client.world.time.now + patienceMs;
    for (;;) {
      const code = await ask();
      if (code === ErrorCode.NONE) return;
      if (code !== undefined) this.#heed(what, code);
      if (this.#client.world.time.now > giveUpAt) throw new MustAbort(`${what} takes too long`);
      await this.#pause();
    }
  }

  /** Ends the transaction; throws `Fenced` when it is not known how. */
  async end(committed: boolean): Promise<void> {
    const transaction = this.#transaction!;
    if (this.#isEmpty) return transaction.settle(committed ? 'ok' : 'fail');
    if (committed) transaction.decide();
    let isUncertain = false;
    const { random, world } = this.#client;
    const leaves = Number.isFinite(world.trouble.clientCrashEveryMs) && random.chance(0.1);
    const patience = leaves ? random.between(1, 50) : 30_000;
    for (let tries = leaves ? 0 : random.between(1, 10); ; tries--) {
      const request = { ...this.#who, committed };
      const answer = await this.#client.ask(endTxn, this.#isV2 ? 5 : 4, request, patience);
      if (answer?.errorCode === ErrorCode.NONE) {
        transaction.settle(committed ? 'ok' : 'fail');
        const { producerId, producerEpoch } = answer;
        if (this.#isV2) this.#takeProducer(producerId, producerEpoch);
        return;
      }
      if (answer !== undefined && !isRetriable(answer.errorCode)) {
        this.#count('end', answer.errorCode);
        if (!isUncertain) transaction.settle('fail');
        throw new Fenced(`end: ${errorInfo(answer.errorCode).name}`);
      }
      isUncertain ||= answer?.errorCode !== ErrorCode.CONCURRENT_TRANSACTIONS;
      if (tries <= 0) throw new Fenced('nobody says how the transaction ended');
      await this.#pause();
    }
  }

  /** Throws unless the same may be tried again. */
  #heed(what: string, errorCode: number): void {
    this.#count(what, errorCode);
    if (isRetriable(errorCode)) return;
    const problem = `${what}: ${errorInfo(errorCode).name}`;
    if (what === 'start' && !fencing.includes(errorCode)) throw new Error(problem);
    const isFatal = errorCode === ErrorCode.PRODUCER_FENCED || what === 'start';
    throw isFatal ? new Fenced(problem) : new MustAbort(problem);
  }

  #count(what: string, errorCode: number): void {
    this.#client.world.count(`transaction ${what}: ${errorInfo(errorCode).name}`);
  }

  #pause(): Promise<void> {
    return this.#client.sleep(this.#client.random.delay(100));
  }
}

const fencing: readonly number[] = [
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
];

const retriable: readonly number[] = [
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
];

function isRetriable(errorCode: number): boolean {
  return retriable.includes(errorCode);
}

/** The batch is in the log, be it by this attempt or by one before. */
function isDone(code: number | undefined): boolean {
  return code === ErrorCode.NONE || code === ErrorCode.DUPLICATE_SEQUENCE_NUMBER;
}
