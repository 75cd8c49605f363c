/**
 * `/ws/consumer/{topic}/{group}`: the client as a member of a consumer group, for as long as its
 * line is open. The surprise: it is a member like any other, so Kafka consumers, REST consumers and
 * browsers share the partitions of one group; and its acks are the group's commits.
 *
 * Behaviour
 * - An ack is of one record. Committed is the offset of the first record that is not acked; at most
 *   once a second, and once more when the line is closed.
 * - `ackCumulative` acks a record and all before it in its partition; `negativeAcknowledge` has one
 *   delivered again at once, behind what was sent meanwhile.
 * - At most `receiverQueueSize` records are under way without an ack.
 * - When the group shares out anew, what is not acked is delivered again, here or to somebody else;
 *   acks of partitions that went to others count for nothing.
 */

import { ErrorCode, KafkaError } from '../../../protocol/errors.ts';
import { type Form, fetchRecords } from '../consume.ts';
import type { Consumer } from '../consumer/consumer.ts';
import { beat, ensureMember, leave } from '../consumer/membership.ts';
import { commit, resolvePositions } from '../consumer/offsets.ts';
import { HttpError, httpErrorOf } from '../errors.ts';
import type { Effort } from '../live/effort.ts';
import { nameOf, Tail } from '../live/tail.ts';
import { obey, type Place, type ReaderCommand } from './commands.ts';
import { Deliveries } from './deliveries.ts';
import { Flow, type FlowOptions, lengthOf, type ShownRecord } from './flow.ts';
import { closeCode, type Line } from './line.ts';
import { endWith } from './reader.ts';
import type { Wire } from './wire.ts';

export interface ConsumerOptions extends FlowOptions {
  readonly consumer: Consumer;
  readonly topics: readonly string[];
  readonly wire: Wire;
  /** Records that may be under way without an ack. */
  readonly receiverQueueSize: number;
  readonly effort: Effort;
}

/** Java's `heartbeat.interval.ms`. */
const heartbeatMs = 3_000;
const commitEveryMs = 1_000;
/** How long one try to be a member may take. */
const joinMs = 10_000;
/** Keys and values of one look at the partitions. */
const maxRoundBytes = 256 * 1_024;
/** How far acks may run ahead of the first record that has none, in queues. */
const queuesAhead = 10;

/** Until the client has closed, or has to come again. */
export function serveConsumer(line: Line, options: ConsumerOptions): Promise<void> {
  return new GroupMember(line, options).serve();
}

class GroupMember {
  readonly #line: Line;
  readonly #options: ConsumerOptions;
  readonly #consumer: Consumer;
  readonly #flow: Flow;
  readonly #deliveries = new Deliveries();
  #tail: Tail<ShownRecord>;
  #isMember = false;
  #heardAt = 0;
  #committedAt = 0;
  #commitTimer: ReturnType<typeof setTimeout> | undefined;
  #commits: Promise<void> = Promise.resolve();

  constructor(line: Line, options: ConsumerOptions) {
    this.#line = line;
    this.#options = options;
    this.#consumer = options.consumer;
    this.#flow = new Flow(line, options);
    this.#tail = this.#newTail();
  }

  async serve(): Promise<void> {
    void obey(this.#line, this.#options.topics, (command) => this.#carryOut(command));
    try {
      await this.#consume();
    } catch (error) {
      await endWith(this.#line, error);
    } finally {
      clearTimeout(this.#commitTimer);
      await this.#commit();
      await leave(this.#consumer).catch(() => {});
    }
  }

  async #consume(): Promise<void> {
    while (!this.#line.isClosed) {
      if (this.#options.effort.isSpent) {
        await this.#commit();
        return this.#line.close(closeCode.comeAgain, 'come again');
      }
      if (!(await this.#stayMember())) continue;
      await this.#flow.pour(this.#room, (record) => this.#deliveries.deliver(record));
      const untilBeat = Math.max(0, this.#heardAt + heartbeatMs - this.#consumer.now);
      const hasRoom = this.#flow.isEmpty && this.#room > 0 && this.#flow.permits > 0;
      if (hasRoom && (await this.#findPlaces())) {
        const { records } = await this.#tail.next(untilBeat);
        this.#flow.fill(records);
        if (records.length > 0) this.#options.effort.add(lengthOf(records));
      } else {
        await this.#flow.rest(untilBeat);
      }
    }
  }

  /** How many more records may be under way. */
  get #room(): number {
    const { receiverQueueSize } = this.#options;
    const ahead = receiverQueueSize * queuesAhead - this.#deliveries.kept;
    return Math.min(receiverQueueSize - this.#deliveries.unacked, ahead);
  }

  /** False: not a member yet, or not any more. */
  async #stayMember(): Promise<boolean> {
    const consumer = this.#consumer;
    if (this.#isMember) {
      if (consumer.now - this.#heardAt < heartbeatMs) return true;
      this.#heardAt = consumer.now;
      if (await beat(consumer)) return true;
      // What is done is said while it can be; what is not goes to whoever gets the partition.
      await this.#commit();
    }
    this.#isMember = false;
    this.#flow.clear();
    this.#deliveries.clear();
    this.#isMember = await ensureMember(consumer, consumer.now + joinMs);
    this.#heardAt = consumer.now;
    this.#tail = this.#newTail();
    if (this.#isMember) await this.#line.send(assignedText(consumer)).catch(() => {});
    return this.#isMember;
  }

  /** Finds out where to read the partitions that it is not known of. False: there are none yet. */
  async #findPlaces(): Promise<boolean> {
    const known = new Set(this.#tail.places.map(nameOf));
    if (known.size < this.#consumer.state.partitions.length) {
      await resolvePositions(this.#consumer);
      const found = this.#consumer.state.partitions.flatMap(({ topic, partition, position }) =>
        typeof position === 'number' ? [{ topic, partition, offset: position }] : [],
      );
      this.#tail.add(found.filter((one) => !known.has(nameOf(one))));
    }
    return this.#tail.places.length > 0;
  }

  #newTail(): Tail<ShownRecord> {
    const { consumer } = this.#options;
    const { isolationLevel } = consumer.state.config;
    const form = this.#form(0);
    return new Tail(consumer.kafka, [], { form, isolationLevel, maxBytes: maxRoundBytes });
  }

  #form(redelivered: number): Form<ShownRecord> {
    return (topic, partition, record) => ({
      topic,
      partition,
      offset: record.offset,
      text: this.#options.wire.show(topic, partition, record, redelivered),
    });
  }

  async #carryOut(command: ReaderCommand): Promise<void> {
    switch (command.type) {
      case 'permit':
        return this.#flow.permit(command.permitMessages);
      case 'ack':
        if (this.#deliveries.ack(command)) this.#commitSoon();
        return;
      case 'ackCumulative':
        if (this.#deliveries.ackUpTo(command)) this.#commitSoon();
        return;
      case 'negativeAcknowledge':
        return this.#deliverAgain(command);
    }
  }

  /** Reads it again: what is under way is not kept. One that is gone by now is done. */
  async #deliverAgain(place: Place): Promise<void> {
    const redelivered = this.#deliveries.redeliver(place);
    if (redelivered === undefined) return;
    const { kafka, state } = this.#consumer;
    const { records } = await fetchRecords(kafka, [place], {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1,
      isolationLevel: state.config.isolationLevel,
      form: this.#form(redelivered),
    });
    const [record] = records;
    if (record?.offset === place.offset) await this.#line.send(record.text);
    else if (this.#deliveries.ack(place)) this.#commitSoon();
  }

  #commitSoon(): void {
    this.#flow.ring();
    if (this.#commitTimer !== undefined) return;
    const dueInMs = Math.max(0, this.#committedAt + commitEveryMs - this.#consumer.now);
    this.#commitTimer = setTimeout(() => void this.#commit(), dueInMs);
  }

  /** One after the other. What the group does not take is delivered again after a while. */
  #commit(): Promise<void> {
    clearTimeout(this.#commitTimer);
    this.#commitTimer = undefined;
    this.#commits = this.#commits.then(async () => {
      this.#committedAt = this.#consumer.now;
      const offsets = this.#deliveries.takeCommits();
      if (offsets.length === 0 || !this.#isMember) return;
      try {
        await commit(this.#consumer, offsets);
      } catch (error) {
        if (isOfRebalance(error) || this.#line.isClosed) return;
        await this.#line.complain(httpErrorOf(error));
      }
    });
    return this.#commits;
  }
}

const rebalanceCodes: readonly number[] = [
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
];

/** The next heartbeat tells the same, and says what to do. */
function isOfRebalance(error: unknown): boolean {
  return (
    (error instanceof KafkaError && rebalanceCodes.includes(error.code)) ||
    error instanceof HttpError
  );
}

function assignedText({ state }: Consumer): string {
  const partitions = state.partitions.map(({ topic, partition }) => ({ topic, partition }));
  return JSON.stringify({ type: 'assigned', partitions });
}
