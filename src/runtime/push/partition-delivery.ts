/**
 * The delivery of one partition, for as long as there is something to do: read, hand over, settle,
 * put away what failed too often, and at the end ask the partition to say when it has grown. The
 * surprise: all it remembers is what is not finished; everything else is a committed offset.
 */
import type { LastError, Place } from '../../core/push/calls.ts';
import {
  type Batch,
  deadLetter,
  type Message,
  messageOf,
  UnreadableBody,
} from '../../core/push/messages.ts';
import { deadLetterTopicOf, type Subscription } from '../../core/push/subscription.ts';
import type { Standing } from '../../core/push/subscription-machine.ts';
import type { DeliveryWindow, Pending } from '../../core/push/window.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Committer } from './committer.ts';
import type { Delivery, PushClient, PushOutside, TopicPartition } from './outside.ts';

export interface DeliverySurroundings {
  readonly subscription: Subscription;
  readonly client: PushClient;
  readonly committer: Committer;
  readonly deliver: PushOutside['deliver'];
  /** Whether to go on: the subscription runs, and this is not going on for too long. */
  mayGoOn(): boolean;
  /** One of so many deliveries at the same time. */
  slot<T>(work: () => Promise<T>): Promise<T>;
  now(): number;
  /** Has the subscription woken beyond this offset; false: there is something already. */
  awaitGrowth(place: Place, above: number): Promise<boolean>;
}

/** How the partition stands when the delivery has ended. */
export type Ended = Omit<Standing, 'topic' | 'goesByGroup'>;

/** After something went wrong that is nobody's record: then twice as long, up to the longest. */
const backOff = { firstMs: 1_000, longestMs: 120_000 };

export class PartitionDelivery {
  readonly partition: TopicPartition;
  readonly window: DeliveryWindow;
  lastError: LastError | null = null;
  #failures = 0;
  /** Where the log ended when it was read last. */
  #end = -1;
  #reading: Promise<void> | undefined;
  #underWay = 0;
  /** What is read first has waited enough. */
  #isDue = false;
  /** Resolves when something changed that may let a batch go. */
  #changed = Promise.withResolvers<void>();

  /** What is known to be committed. */
  #committed: number;

  constructor(partition: TopicPartition, window: DeliveryWindow, committed: number) {
    this.partition = partition;
    this.window = window;
    this.#committed = committed;
  }

  /** Throws nothing. `isDue`: what is there has waited enough, and goes as it is. */
  async run(around: DeliverySurroundings, isDue: boolean): Promise<Ended> {
    this.#end = -1;
    this.#isDue = isDue;
    // A commit that failed, or was lost in a crash, is made up for.
    const { position } = this.window;
    if (position > this.#committed) around.committer.finished(this.partition, position);
    try {
      for (;;) {
        await this.#deliverAll(around);
        await this.#buryDead(around);
        if (!around.mayGoOn()) return await this.#interrupted(around);
        const ended = await this.#settleDown(around);
        if (ended !== undefined) return ended;
      }
    } catch (error) {
      return this.#failed(error, around.now());
    }
  }

  async #deliverAll(around: DeliverySurroundings): Promise<void> {
    const lanes = Array.from({ length: around.subscription.partitionConcurrency }, () =>
      this.#lane(around),
    );
    // All of them: none may go on behind our back.
    const ended = await Promise.allSettled(lanes);
    const failure = ended.find((one) => one.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  /** One batch after the other, as long as there is one; several lanes do so side by side. */
  async #lane(around: DeliverySurroundings): Promise<void> {
    while (around.mayGoOn()) {
      if (this.window.dead.length === 0) {
        const mayRead = this.#mayRead(around);
        // What came since belongs into the first batch as well.
        const batch = mayRead && this.#end < 0 ? undefined : this.window.take(around.now());
        if (batch !== undefined) {
          await this.#handOver(batch, around);
          continue;
        }
        if (mayRead) {
          await this.#read(around);
          continue;
        }
      }
      if (this.#underWay === 0) return;
      await this.#changed.promise;
    }
  }

  #mayRead({ now }: DeliverySurroundings): boolean {
    const isAtEnd = this.#end >= 0 && this.window.next >= this.#end;
    return !isAtEnd && !this.window.isHeldUp(now()) && this.window.hasRoom;
  }

  /** Once for all lanes. */
  #read(around: DeliverySurroundings): Promise<void> {
    this.#reading ??= this.#readOnce(around).finally(() => {
      this.#reading = undefined;
      this.#change();
    });
    return this.#reading;
  }

  async #readOnce({ client, now }: DeliverySurroundings): Promise<void> {
    const { window, partition } = this;
    try {
      const { records, nextOffset, lastStableOffset } = await client.fetch(partition, window.next);
      if (nextOffset <= window.next && lastStableOffset > window.next) {
        throw new Error(`nothing can be read from offset ${window.next} on`);
      }
      this.#end = Math.max(lastStableOffset, 0);
      window.add(records, nextOffset, this.#isDue ? 0 : now());
      this.#isDue = false;
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== ErrorCode.OFFSET_OUT_OF_RANGE) {
        throw error;
      }
      // Retention was faster, or offsets were set beyond the end.
      const from = await client.readableFrom(partition, window.next);
      if (from <= window.next) throw error;
      window.add([], from, now());
    }
  }

  async #handOver(batch: readonly Pending[], around: DeliverySurroundings): Promise<void> {
    const { window } = this;
    this.#underWay++;
    try {
      const messages = this.#messagesOf(batch, around);
      if (messages === undefined) return;
      const { subscription } = around;
      const said = this.#batchOf(messages, subscription.name);
      const delivery = await around.slot(() => around.deliver(subscription, said));
      this.#settle(batch, delivery, around);
    } catch (error) {
      window.giveBack(batch);
      throw error;
    } finally {
      this.#underWay--;
      this.#change();
    }
  }

  #batchOf(messages: readonly Message[], subscription: string): Batch {
    const { topic, partition } = this.partition;
    const last = messages[messages.length - 1];
    return {
      id: `${subscription}/${messages[0].id}-${last.offset}-${messages.length}`,
      subscription,
      topic,
      partition,
      backlog: Math.max(0, this.#end - last.offset - 1),
      messages,
    };
  }

  /** Undefined: one of them can never be handed over, so the batch is to be made anew. */
  #messagesOf(batch: readonly Pending[], { subscription }: DeliverySurroundings) {
    const { topic, partition } = this.partition;
    const messages: Message[] = [];
    let isWhole = true;
    for (const pending of batch) {
      try {
        messages.push(messageOf(topic, partition, pending, subscription.body));
      } catch (error) {
        if (!(error instanceof UnreadableBody)) throw error;
        this.window.condemn(pending, error.message);
        isWhole = false;
      }
    }
    if (isWhole) return messages;
    this.window.giveBack(batch);
    return undefined;
  }

  #settle(
    batch: readonly Pending[],
    delivery: Delivery,
    { committer, now }: DeliverySurroundings,
  ): void {
    const { window } = this;
    if ('misconfigured' in delivery) throw new Error(delivery.misconfigured);
    const before = window.position;
    window.settle(batch, delivery.outcomes, now());
    const failure = delivery.outcomes.find((outcome) => !outcome.acked);
    if (failure !== undefined) this.lastError = { at: now(), message: failure.error };
    if (window.position > before) committer.finished(this.partition, window.position);
  }

  /** What failed too often is finished when it is written down as a dead letter. */
  async #buryDead(around: DeliverySurroundings): Promise<void> {
    const { subscription, client, committer } = around;
    const { topic, partition } = this.partition;
    for (const pending of this.window.dead) {
      const { attempts, error, record } = pending;
      const target = deadLetterTopicOf(subscription, topic);
      if (target !== null) {
        const { name } = subscription;
        const death = { subscription: name, topic, partition, attempts, error };
        await client.produce(target, deadLetter(record, death));
      }
      this.lastError = { at: around.now(), message: error };
      this.window.bury(pending);
      committer.finished(this.partition, this.window.position);
    }
  }

  /** Undefined: there is more to do at once. */
  async #settleDown(around: DeliverySurroundings): Promise<Ended | undefined> {
    await this.#commitAll(around);
    const { window } = this;
    const { subscription } = around;
    const dueAt = window.dueAt ?? null;
    if (dueAt !== null && dueAt <= around.now()) return undefined;
    if (window.isHeldUp(around.now())) return this.#ended(null, dueAt);
    const missing = window.missing(around.now());
    const isFilling = missing < subscription.maxBatchSize;
    const above = window.next + (isFilling ? missing - 1 : 0);
    const isWaiting = await around.awaitGrowth(this.partition, above);
    if (!isWaiting) {
      this.#end = -1;
      return undefined;
    }
    return this.#ended(above, dueAt);
  }

  async #commitAll({ committer }: DeliverySurroundings): Promise<void> {
    const { position } = this.window;
    await committer.all();
    this.#committed = Math.max(this.#committed, position);
  }

  async #interrupted(around: DeliverySurroundings): Promise<Ended> {
    await this.#commitAll(around);
    return this.#ended(null, null);
  }

  #ended(waitsAbove: number | null, dueAt: number | null): Ended {
    this.#failures = 0;
    const { window, lastError } = this;
    return { next: window.position, waitsAbove, dueAt, window: window.kept, error: lastError };
  }

  #failed(error: unknown, now: number): Ended {
    const message = error instanceof Error ? error.message : String(error);
    this.lastError = { at: now, message };
    const wait = Math.min(backOff.firstMs * 2 ** this.#failures++, backOff.longestMs);
    return {
      next: this.window.position,
      waitsAbove: null,
      dueAt: now + wait,
      window: this.window.kept,
      error: this.lastError,
    };
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
