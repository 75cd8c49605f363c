/**
 * A subscription's machine on its host, the same in a Durable Object and in memory. The surprise:
 * nothing is delivered while somebody waits for an answer. Calls only write down what there is to
 * do; the alarm does it, so a crash in the midst of it is followed by another alarm.
 */
import type { SubscriptionCalls, SubscriptionDescription } from '../../core/push/calls.ts';
import { placeName } from '../../core/push/calls.ts';
import type { Subscription } from '../../core/push/subscription.ts';
import {
  type HostedSubscriptionCalls,
  SubscriptionMachine,
  type SubscriptionRow,
} from '../../core/push/subscription-machine.ts';
import { DeliveryWindow } from '../../core/push/window.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import { MachineHost } from '../machine-host.ts';
import type { Rows } from '../rows.ts';
import type { Objects, Stub } from '../stubs.ts';
import { Committer } from './committer.ts';
import type { PushClient, PushOutside, TopicPartition } from './outside.ts';
import { type DeliverySurroundings, PartitionDelivery } from './partition-delivery.ts';
import { Slots } from './slots.ts';

/** After so long another alarm goes on: an invocation must end some time. */
const longestRunMs = 60_000;
/** The same for what it may ask of others: an invocation may make 10,000 requests. */
const mostDeliveries = 1_000;
/** A partition makes way for others after so many batches, if there are any that wait. */
const batchesPerTurn = 20;
/** Topics that could not be looked up are looked up again then. */
const lookAgainMs = 10_000;

export interface SubscriptionHostOptions {
  readonly rows: Rows;
  readonly objects: Objects;
  readonly outside: PushOutside;
  now(): number;
  setAlarm(at: number): void;
}

type Machine = MachineHost<HostedSubscriptionCalls, SubscriptionRow, SubscriptionMachine>;

export class SubscriptionHost implements Stub<SubscriptionCalls> {
  readonly #options: SubscriptionHostOptions;
  readonly #host: Machine;
  /** Of the subscription as it is; made anew when it changes. */
  readonly #deliveries = new Map<string, PartitionDelivery>();
  #deliveriesOf: Subscription | undefined;
  /** Those that are being served. */
  readonly #serving = new Map<string, Promise<void>>();
  /** Place → when it had its last turn: who has waited longest is next. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #run: Promise<void> | undefined;
  /** Something may be due that was not. */
  #woken = Promise.withResolvers<void>();

  constructor(options: SubscriptionHostOptions) {
    this.#options = options;
    this.#host = new MachineHost({
      create: () => new SubscriptionMachine(),
      rows: options.rows,
      now: options.now,
      // What is due at once has no time of its own; an alarm must have one.
      setAlarm: (at) => options.setAlarm(Math.max(at, options.now())),
      refuse: (call, errorCode, message) => {
        if (call.kind === 'put') return { errorCode, errorMessage: message, created: false };
        if (call.kind === 'wake' || call.kind === 'describe') throw new Error(message);
        return { errorCode };
      },
      onBug: (error) => console.error('Kedge met a bug in a subscription:', error),
    });
  }

  get #machine(): SubscriptionMachine {
    return this.#host.machine;
  }

  async call<K extends keyof SubscriptionCalls & string>(
    kind: K,
    command: SubscriptionCalls[K]['command'],
  ): Promise<SubscriptionCalls[K]['reply']> {
    if (kind === 'describe') return { description: this.#describe() };
    if (kind === 'put') {
      const { subscription } = command as SubscriptionCalls['put']['command'];
      const problem = this.#options.outside.problemOf(subscription);
      if (problem !== undefined) return { ...invalid, errorMessage: problem } as never;
      await this.#announce(subscription.name, subscription.topics);
    }
    const { subscription } = this.#machine;
    const reply = await this.#host.call(kind, command as never);
    this.#woken.resolve();
    // Who sets offsets now, or makes another of the same name, is not overtaken by what goes on.
    if (kind === 'pause' || kind === 'delete') await this.#run;
    if (kind === 'delete' && subscription !== undefined) {
      await this.#announce(subscription.name, null);
    }
    return reply;
  }

  /** What the alarm does. Throws nothing. */
  async expire(): Promise<void> {
    while (this.#run !== undefined) await this.#run;
    const machine = this.#machine;
    machine.isAtWork = true;
    this.#run = this.#work().catch((error) => {
      console.error('Kedge met a bug in a subscription:', error);
    });
    await this.#run;
    this.#run = undefined;
    machine.isAtWork = false;
    this.#host.expire();
  }

  /** So that it can be found, and hears of its topics. Before it exists, and after it is gone. */
  async #announce(name: string, topics: readonly string[] | null): Promise<void> {
    await this.#options.objects.controller().call('registerSubscription', { name, topics });
  }

  #describe(): SubscriptionDescription | null {
    const machine = this.#machine;
    const { subscription, state, lookError } = machine;
    if (subscription === undefined) return null;
    const partitions = [...machine.standings].map(([place, standing]) => {
      const { topic, next, dueAt, error } = standing;
      const delivery = this.#deliveries.get(place);
      const window = delivery?.window;
      return {
        ...placeOf(place),
        topic,
        position: window?.position ?? next,
        inFlight: window?.inFlight ?? 0,
        settledBeyond: window?.settledBeyond ?? 0,
        waitingForRetry: window?.waitingForRetry ?? standing.window?.held.length ?? 0,
        dueAt,
        lastError: delivery?.lastError ?? error,
      };
    });
    const errors = [lookError, ...partitions.map(({ lastError }) => lastError)];
    const lastError = errors
      .filter((error) => error !== null)
      .sort((a, b) => b.at - a.at)
      .at(0);
    return { subscription, state, partitions, lastError: lastError ?? null };
  }

  async #work(): Promise<void> {
    const { outside, now } = this.#options;
    const { subscription, isRunning } = this.#machine;
    if (subscription === undefined || !isRunning) return;
    if (this.#deliveriesOf !== subscription) {
      this.#deliveries.clear();
      this.#deliveriesOf = subscription;
    }
    const client = outside.client(subscription);
    const endAt = now() + longestRunMs;
    let left = mostDeliveries;
    const slots = new Slots(subscription.maxConcurrency);
    const around: DeliverySurroundings = {
      subscription,
      client,
      committer: new Committer(client, subscription.name),
      deliver: (...batch) => {
        left--;
        return outside.deliver(...batch);
      },
      mayGoOn: () => left > 0 && now() < endAt && this.#machine.subscription === subscription,
      slot: (work) => slots.during(work),
      now,
      awaitGrowth: ({ topicId, partition }, above) =>
        this.#awaitGrowth(subscription.name, topicId, partition, above),
    };
    try {
      await this.#deliverAll(around);
    } finally {
      client.close();
    }
  }

  /** Serves partitions as they become due, until none is and none is being served. */
  async #deliverAll(around: DeliverySurroundings): Promise<void> {
    const { now, outside } = this.#options;
    const { subscription, client } = around;
    for (;;) {
      this.#woken = Promise.withResolvers();
      if (around.mayGoOn()) {
        if (this.#machine.mustLook(now())) await this.#look(subscription, client);
        const begun = this.#waiting().slice(0, subscription.maxConcurrency - this.#serving.size);
        await this.#begin(begun, subscription, client);
        for (const place of begun) {
          if (!this.#deliveries.has(place)) continue;
          const served = this.#serve(place, around).finally(() => this.#serving.delete(place));
          this.#serving.set(place, served);
        }
      }
      if (this.#serving.size === 0) return;
      const { dueNext } = this.#machine;
      const timer = dueNext === undefined || dueNext <= now() ? [] : [outside.until(dueNext)];
      await Promise.race([...this.#serving.values(), this.#woken.promise, ...timer]);
    }
  }

  /** The partitions that are due and not being served, in the order of their turns. */
  #waiting(): string[] {
    const lastTurn = (place: string) => this.#turns.get(place) ?? 0;
    return this.#machine
      .due(this.#options.now())
      .filter((place) => !this.#serving.has(place))
      .sort((a, b) => lastTurn(a) - lastTurn(b));
  }

  /** Which partitions there are. */
  async #look({ topics }: Subscription, client: PushClient): Promise<void> {
    try {
      const partitions = (await client.partitions(topics)).map(({ topic, topicId, partition }) => ({
        topic,
        topicId,
        partition,
      }));
      await this.#host.call('looked', { partitions });
      for (const those of [this.#deliveries, this.#turns]) {
        for (const place of those.keys()) {
          if (!this.#machine.standings.has(place)) those.delete(place);
        }
      }
    } catch (error) {
      const at = this.#options.now();
      const said = { at, message: messageOf(error) };
      await this.#host.call('looked', { error: said, again: at + lookAgainMs });
    }
  }

  /** Finds out where to go on in partitions of which memory says nothing. */
  async #begin(places: readonly string[], subscription: Subscription, client: PushClient) {
    const fresh = places.filter((place) => !this.#deliveries.has(place));
    if (fresh.length === 0) return;
    const partitions = fresh.map((place) => this.#partitionAt(place));
    try {
      const committed = await client.committed(subscription.name, partitions);
      for (const [index, place] of fresh.entries()) {
        const standing = this.#machine.standings.get(place);
        if (standing === undefined) continue;
        const { goesByGroup, next, window } = standing;
        const offset = committed[index];
        const isSet = goesByGroup && offset >= 0 && offset !== next;
        const position = isSet ? offset : Math.max(offset, next, 0);
        const kept = isSet ? null : window;
        const open = new DeliveryWindow(subscription, position, kept);
        const known = Math.max(offset, 0);
        this.#deliveries.set(place, new PartitionDelivery(partitions[index], open, known));
      }
    } catch (error) {
      for (const place of fresh) await this.#later(place, error);
    }
  }

  async #later(place: string, error: unknown): Promise<void> {
    const standing = this.#machine.standings.get(place);
    if (standing === undefined) return;
    const at = this.#options.now();
    await this.#host.call('keep', {
      place,
      wakes: this.#machine.wakesOf(place),
      standing: { ...standing, dueAt: at + lookAgainMs, error: { at, message: messageOf(error) } },
    });
  }

  async #serve(place: string, around: DeliverySurroundings): Promise<void> {
    const delivery = this.#deliveries.get(place)!;
    const wakes = { before: 0 };
    let left = batchesPerTurn;
    this.#turns.set(place, ++this.#turn);
    const watching: DeliverySurroundings = {
      ...around,
      mayGoOn: () => around.mayGoOn() && (left > 0 || this.#waiting().length === 0),
      deliver: (...batch) => {
        left--;
        return around.deliver(...batch);
      },
      awaitGrowth: (partition, above) => {
        wakes.before = this.#machine.wakesOf(place);
        return around.awaitGrowth(partition, above);
      },
    };
    const isDue = (this.#machine.standings.get(place)?.dueAt ?? null) !== null;
    const ended = await delivery.run(watching, isDue);
    const { topic } = delivery.partition;
    const standing = { ...ended, topic, goesByGroup: false };
    await this.#host.call('keep', { place, standing, wakes: wakes.before });
  }

  async #awaitGrowth(
    reader: string,
    topicId: string,
    partition: number,
    above: number,
  ): Promise<boolean> {
    const place = placeName({ topicId, partition });
    const { errorCode, isWaiting } = await this.#options.objects
      .partition(topicId, partition)
      .call('awaitGrowth', { reader, place, above });
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
    return isWaiting;
  }

  #partitionAt(place: string): TopicPartition {
    const { topic } = this.#machine.standings.get(place)!;
    return { ...placeOf(place), topic };
  }
}

const invalid = { errorCode: ErrorCode.INVALID_CONFIG, created: false };

function placeOf(place: string): { topicId: string; partition: number } {
  const colon = place.lastIndexOf(':');
  return { topicId: place.slice(0, colon), partition: Number(place.slice(colon + 1)) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
