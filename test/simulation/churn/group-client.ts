/**
 * A client that is in a group and may be held up at any moment: its process stands still, or its
 * application is busy with something else. The surprise: what happens on its connection meanwhile
 * it learns of when it goes on, all at once.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { Api, Fields, Infer } from '../../../src/protocol/schema.ts';
import { Client, type SimulatedTopic, type Surroundings } from '../clients/client.ts';
import type { Position } from '../clients/fetching.ts';

/** The client gives up for good, as real ones do where an operator has to look. */
export class Fatal extends Error {
  override readonly name = 'Fatal';
}

export interface KnownTopic {
  readonly topic: SimulatedTopic;
  readonly topicId: string;
  readonly partitions: number;
}

/** A partition of one incarnation of a topic. */
export type Place = Omit<Position, 'offset'> & { readonly topicId: string };

const metadataMaxAgeMs = 20_000;

export class GroupClient extends Client {
  readonly group: string;
  subscription: readonly SimulatedTopic[];
  protected closing = false;
  /** Until then the application does something else. */
  protected busyUntil = 0;
  #frozenUntil = 0;
  #known: readonly KnownTopic[] = [];
  #knownAt = Number.NEGATIVE_INFINITY;

  constructor(
    around: Surroundings,
    process: string,
    { group, topics }: { group: string; topics: readonly SimulatedTopic[] },
  ) {
    super(around, process);
    this.group = group;
    this.subscription = topics;
  }

  get isClosing(): boolean {
    return this.closing;
  }

  /** Ends in order: it finishes what it has and, where its kind does so, leaves. */
  close(): void {
    this.closing = true;
  }

  /** The whole process stands still. */
  freeze(ms: number): void {
    this.#frozenUntil = this.world.time.now + ms;
  }

  /** The application does something else than to poll; in the background heartbeats go on. */
  occupy(ms: number): void {
    this.busyUntil = this.world.time.now + ms;
  }

  /** Whatever holds it up is over. */
  release(): void {
    this.#frozenUntil = 0;
    this.busyUntil = 0;
  }

  resubscribe(topics: readonly SimulatedTopic[]): void {
    this.subscription = topics;
  }

  override async ask<Q extends Fields, R extends Fields>(
    api: Api<Q, R>,
    version: number,
    request: Partial<Infer<Q>>,
    timeoutMs?: number,
  ): Promise<Infer<R> | undefined> {
    await this.#thawed();
    const answer = await super.ask(api, version, request, timeoutMs);
    await this.#thawed();
    return answer;
  }

  override async sleep(ms: number): Promise<void> {
    await super.sleep(ms);
    await this.#thawed();
  }

  async #thawed(): Promise<void> {
    const { time } = this.world;
    while (time.now < this.#frozenUntil) {
      await time.sleep(Math.min(1_000, 1 + this.#frozenUntil - time.now));
    }
    this.checkAlive();
  }

  /** The topics it reads, as it knows them; asks again now and then, or at once. */
  protected async topics(now = false): Promise<readonly KnownTopic[]> {
    const { time } = this.world;
    if (!now && time.now - this.#knownAt < metadataMaxAgeMs) return this.#known;
    const answer = await this.ask(metadata, this.random.between(10, 13), {
      topics: this.subscription.map(({ name }) => ({ name, topicId: ZERO_UUID })),
      allowAutoTopicCreation: false,
    });
    if (answer === undefined) return this.#known;
    this.#knownAt = time.now;
    this.#known = answer.topics.flatMap(({ errorCode, name, topicId, partitions }) => {
      const topic = this.subscription.find((one) => one.name === name);
      if (errorCode !== ErrorCode.NONE || topic === undefined) return [];
      return [{ topic, topicId, partitions: partitions.length }];
    });
    return this.#known;
  }
}
