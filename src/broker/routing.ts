/**
 * From a topic's name or id to the objects that hold its partitions, for who may go there. The
 * surprise: what a gateway remembers of a topic may be old, and that is fine: a partition that was
 * dropped says so, and then the controller is asked once and the request goes to whatever bears the
 * name now.
 */
import type { TopicView } from '../core/cluster/commands.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { PartitionStub } from '../runtime/stubs.ts';
import type { RequestContext } from './context.ts';
import { failureCode } from './failures.ts';
import type { TopicKey } from './metadata-cache.ts';
import { may } from './permissions.ts';

/** One partition as it is asked: its object, and the incarnation of the topic it belongs to. */
export interface PartitionRoute {
  readonly partition: PartitionStub;
  readonly topic: TopicView;
}

/** What a request is about to do to a topic; null: whoever asks may, whatever the topic. */
export type TopicOperation = 'READ' | 'WRITE' | 'DELETE' | 'DESCRIBE' | null;

/** The way to the partitions of one topic, for the length of one request. */
export class TopicRoute {
  readonly #context: RequestContext;
  readonly #key: TopicKey;
  /** The topic, once it is found. */
  #found: TopicView | undefined;
  #topic: Promise<TopicView | undefined>;
  #refreshed = false;
  #isForbidden = false;

  constructor(context: RequestContext, key: TopicKey, operation: TopicOperation) {
    this.#context = context;
    this.#key = key;
    const isFree = operation === null || context.authorizer.allowsAll;
    this.#found = isFree ? context.metadata.inMemory(key) : undefined;
    this.#topic =
      this.#found === undefined
        ? this.#keep(isFree ? this.#named() : this.#guarded(operation))
        : Promise.resolve(this.#found);
  }

  /** Resolves when the topic is found, or known to be missing. From then on `ask` asks at once. */
  async found(): Promise<void> {
    await this.#topic.catch(() => {});
  }

  /** Whether the client may not do this to the topic; then nobody is asked. */
  async isForbidden(): Promise<boolean> {
    await this.found();
    return this.#isForbidden;
  }

  /** The topic as it is known so far. */
  get topic(): TopicView | undefined {
    return this.#found;
  }

  /** Whether this partition is known, so that asking it needs no look at the controller first. */
  has(index: number): boolean {
    return this.#found !== undefined && index < this.#found.partitions;
  }

  /**
   * Asks one partition. Answers its reply, or the code of why there is none; throws nothing. When
   * the topic was made anew meanwhile, asks the new partition, or lets the client do so.
   */
  async ask<Reply extends { readonly errorCode: number }>(
    index: number,
    ask: (route: PartitionRoute) => Promise<Reply>,
    mayAskAgain = true,
  ): Promise<Reply | number> {
    try {
      let topic = this.#found ?? (await this.#topic);
      if (topic === undefined) return this.unknownTopic;
      if (index >= topic.partitions) topic = await this.#refresh(topic);
      if (topic === undefined) return this.unknownTopic;
      if (index < 0 || index >= topic.partitions) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const reply = await ask(this.#route(topic, index));
      if (reply.errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return reply;
      const current = await this.#refresh(topic);
      if (current === undefined) return this.unknownTopic;
      if (current.topicId === topic.topicId) return reply;
      return mayAskAgain
        ? await ask(this.#route(current, index))
        : ErrorCode.NOT_LEADER_OR_FOLLOWER;
    } catch (error) {
      return failureCode(error);
    }
  }

  /** The code for a topic that is not there for the client, by the way the request names it. */
  get unknownTopic(): number {
    if (this.#isForbidden) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    return 'name' in this.#key ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID;
  }

  #named(): Promise<TopicView | undefined> {
    const { metadata } = this.#context;
    return 'name' in this.#key
      ? metadata.topic(this.#key.name)
      : metadata.topicById(this.#key.topicId);
  }

  /** A name that is forbidden is not looked up; an id that nobody has is unknown to everybody. */
  async #guarded(operation: NonNullable<TopicOperation>): Promise<TopicView | undefined> {
    const topic = 'name' in this.#key ? undefined : await this.#named();
    const name = 'name' in this.#key ? this.#key.name : topic?.name;
    if (name === undefined) return undefined;
    this.#isForbidden = !(await may(this.#context, operation, 'TOPIC', name));
    if (this.#isForbidden) return undefined;
    return topic ?? this.#named();
  }

  #route(topic: TopicView, index: number): PartitionRoute {
    return { partition: this.#context.objects.partition(topic.topicId, index), topic };
  }

  /** The topic as the controller has it now, asked at most once a request. */
  #refresh(stale: TopicView): Promise<TopicView | undefined> {
    if (!this.#refreshed) {
      this.#refreshed = true;
      this.#found = undefined;
      this.#topic = this.#keep(this.#lookUp(stale));
    }
    return this.#topic;
  }

  async #lookUp(stale: TopicView): Promise<TopicView | undefined> {
    const current = (await this.#context.metadata.refresh([stale.name])).get(stale.name);
    if ('name' in this.#key) return current;
    return current?.topicId === this.#key.topicId ? current : undefined;
  }

  #keep(topic: Promise<TopicView | undefined>): Promise<TopicView | undefined> {
    const kept = topic.then((found) => {
      this.#found = found;
      return found;
    });
    // Whoever asks sees the failure; a request that asks for no partition of it does not.
    kept.catch(() => {});
    return kept;
  }
}

/** Whether this is the code of a partition that will never have anything for the client. */
export function isOutOfReach(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ||
    errorCode === ErrorCode.UNKNOWN_TOPIC_ID ||
    errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED
  );
}
