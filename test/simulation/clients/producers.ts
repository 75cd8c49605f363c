/**
 * Producers: a plain one (acks=all, no retries, several requests under way) and an idempotent one
 * (retries, five batches a partition under way). The surprise: after any failure the idempotent one
 * lets what is under way come home, and goes back to its first batch without an answer.
 */
import { initProducerId } from '../../../src/protocol/apis/init-producer-id.ts';
import { produce } from '../../../src/protocol/apis/produce.ts';
import { ErrorCode, errorInfo } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import type { Outcome, Send } from '../checker/history.ts';
import { Client, partitionName, type SimulatedTopic } from './client.ts';
import { keyFor, recordOf } from './records.ts';
import { topicIds } from './topics.ts';
import { Disconnected, type Wire } from './wire.ts';

/** Where a batch goes: with the topic's id, to this incarnation and no other. */
interface Place {
  readonly topic: SimulatedTopic;
  readonly index: number;
  readonly topicId?: string | undefined;
}

interface Batch extends Place {
  readonly values: readonly string[];
  readonly version: number;
  readonly end: (outcome: Outcome, steps?: readonly Send[]) => void;
}

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

type Answer = { readonly errorCode: number; readonly baseOffset: number };

class Producing extends Client {
  newBatch(place: Place): Batch {
    const count = this.random.chance(0.5) ? 1 : this.random.between(2, 5);
    const values = Array.from({ length: count }, () => this.around.newValue());
    const steps = values.map((value) => sendOf(place, value));
    const end = this.around.recorder.begin({ process: this.process }, steps);
    const version = place.topicId === undefined ? this.random.between(3, 12) : firstProduceById;
    return { ...place, values, version, end };
  }

  send(wire: Wire, batch: Batch, producer?: Producer): Promise<Answer> {
    const { topic, index, topicId = '', values, version } = batch;
    const timestamp = this.world.time.clock;
    const records = values.map((value) => recordOf(topic, value, timestamp));
    const request = {
      acks: -1,
      timeoutMs: 30_000,
      topicData: [
        {
          name: topic.name,
          topicId,
          partitionData: [{ index, records: buildBatch(records, producer) }],
        },
      ],
    };
    return wire
      .ask(produce, version, request)
      .then(({ responses }) => responses[0].partitionResponses[0]);
  }
}

function sendOf({ topic, index, topicId }: Place, value: string): Send {
  const partition = partitionName(topic.name, index, topic.fleeting ? topicId : undefined);
  return { kind: 'send', partition, value, ...keyFor(topic, value) };
}

function acknowledge({ end, values, ...place }: Batch, baseOffset: number): void {
  end(
    'ok',
    values.map((value, i) => ({ ...sendOf(place, value), offset: baseOffset + i })),
  );
}

/** Codes after which nobody knows whether the batch was appended. */
const doubtful: readonly number[] = [
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.UNKNOWN_SERVER_ERROR,
  ErrorCode.REQUEST_TIMED_OUT,
];

/** From this version on Produce names topics by their ids. */
const firstProduceById = 13;

export class PlainProducer extends Producing {
  /** Of those who send by id: what they have looked up. */
  #ids: Map<string, string> | undefined;

  /** Sends until the world winds down. */
  async live(): Promise<void> {
    const underWay = new Set<Promise<void>>();
    const byId = this.random.chance(0.3);
    while (!this.around.isWindingDown()) {
      if (byId) this.#ids ??= await topicIds(this, this.around.topics);
      const wire = this.wire;
      const partition = this.anyPartition();
      for (let i = this.random.between(1, 4); i > 0; i--) {
        const again = this.random.chance(0.7) ? partition : this.anyPartition();
        const topicId = this.#ids?.get(again.topic.name);
        const one = this.#sendOnce(wire, this.newBatch({ ...again, topicId }));
        underWay.add(one);
        void one.finally(() => underWay.delete(one));
      }
      if (underWay.size > 8) await Promise.race(underWay);
      await this.sleep(this.random.delay(100));
    }
    await Promise.all(underWay);
  }

  /** A batch now and then, by id, one after the other. */
  async feed(everyMs: number): Promise<void> {
    while (!this.around.isWindingDown()) {
      this.#ids ??= await topicIds(this, this.around.topics);
      const place = this.anyPartition();
      const topicId = this.#ids?.get(place.topic.name);
      if (topicId === undefined) this.#ids = undefined;
      else await this.#sendOnce(this.wire, this.newBatch({ ...place, topicId }));
      await this.sleep(this.random.delay(everyMs));
    }
  }

  /** One batch to every partition, by name. */
  async sendOnceToEach(): Promise<void> {
    const places = this.around.topics.flatMap((topic) =>
      Array.from({ length: topic.partitions }, (_, index) => ({ topic, index })),
    );
    const { wire } = this;
    await Promise.all(places.map((place) => this.#sendOnce(wire, this.newBatch(place))));
    wire.close();
  }

  async #sendOnce(wire: Wire, batch: Batch): Promise<void> {
    try {
      const { errorCode, baseOffset } = await this.send(wire, batch);
      if (errorCode === ErrorCode.UNKNOWN_TOPIC_ID) this.#ids = undefined;
      if (errorCode === ErrorCode.NONE) acknowledge(batch, baseOffset);
      else batch.end(doubtful.includes(errorCode) ? 'unknown' : 'fail');
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      batch.end('unknown');
    }
  }
}

const inFlight = 5;

interface SequencedBatch extends Batch {
  sequence: number;
  /** It was sent, so that it may be in the log. */
  wasSent: boolean;
}

type Identity = Pick<Producer, 'producerId' | 'producerEpoch'>;

export class IdempotentProducer extends Producing {
  #identity: Identity | undefined;
  #nextSequence = 0;
  /** Without an answer that counts, in order. */
  #batches: SequencedBatch[] = [];

  /** One partition for life: what is to be shown is its order. */
  async live(): Promise<void> {
    const partition = this.anyPartition();
    while (!this.around.isWindingDown()) {
      for (let i = this.random.between(1, 12); i > 0; i--) {
        const batch = this.newBatch(partition);
        this.#batches.push({ ...batch, sequence: this.#nextSequence, wasSent: false });
        this.#nextSequence += batch.values.length;
      }
      await this.#deliver();
      await this.sleep(this.random.delay(200));
    }
  }

  /** Goes on until each batch is acknowledged or given up. */
  async #deliver(): Promise<void> {
    let again = false;
    while (this.#batches.length > 0) {
      const identity = await this.#identify();
      const { wire } = this;
      const window = this.#batches.slice(0, again ? 1 : inFlight);
      const codes = await Promise.all(window.map((batch) => this.#attempt(wire, batch, identity)));
      this.checkAlive();
      const fatal = codes.find((code) => code !== undefined && isFatal(code));
      const hole = codes[0] === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
      if (fatal !== undefined || hole) this.#startOver(fatal ?? codes[0]!);
      again = codes.some((code) => code !== ErrorCode.NONE);
      if (again) await this.sleep(this.random.delay(100));
    }
  }

  /** The code of the answer; undefined: there was none. */
  async #attempt(
    wire: Wire,
    batch: SequencedBatch,
    identity: Identity,
  ): Promise<number | undefined> {
    batch.wasSent = true;
    try {
      const producer = { ...identity, baseSequence: batch.sequence };
      const { errorCode, baseOffset } = await this.send(wire, batch, producer);
      if (errorCode === ErrorCode.NONE) {
        acknowledge(batch, baseOffset);
        this.#batches = this.#batches.filter((one) => one !== batch);
      }
      return errorCode;
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      return undefined;
    }
  }

  /**
   * A hole in the sequence that cannot be filled: what was sent is given up, the rest goes under a
   * new identity.
   */
  #startOver(errorCode: number): void {
    const where = this.#batches[0]?.topic.fleeting ? ' where a topic was renewed' : '';
    this.world.count(`gave up${where}: ${errorInfo(errorCode).name}`);
    for (const { wasSent, end } of this.#batches) {
      if (wasSent) end(refusesForGood(errorCode) ? 'fail' : 'unknown');
    }
    this.#batches = this.#batches.filter(({ wasSent }) => !wasSent);
    this.#identity = undefined;
    this.#nextSequence = 0;
    for (const batch of this.#batches) {
      batch.sequence = this.#nextSequence;
      this.#nextSequence += batch.values.length;
    }
  }

  async #identify(): Promise<Identity> {
    while (this.#identity === undefined) {
      const answer = await this.ask(initProducerId, 3, { transactionalId: null });
      if (answer?.errorCode === ErrorCode.NONE) this.#identity = answer;
      else await this.sleep(this.random.delay(100));
    }
    const { producerId, producerEpoch } = this.#identity;
    return { producerId, producerEpoch };
  }
}

function isFatal(errorCode: number): boolean {
  return refusesForGood(errorCode) || errorCode === ErrorCode.UNKNOWN_SERVER_ERROR;
}

/** A batch refused like this was not appended, whatever was tried before. */
function refusesForGood(errorCode: number): boolean {
  return errorCode === ErrorCode.MESSAGE_TOO_LARGE || errorCode === ErrorCode.INVALID_RECORD;
}
