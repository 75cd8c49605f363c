/**
 * From a topic's name or id to the objects that hold its partitions. The surprise: what a gateway
 * remembers of a topic may be old, and that is fine: a partition that was dropped says so, and then
 * the controller is asked once and the request goes to whatever bears the name now.
 */
import type { TopicView } from '../core/cluster/commands.ts';
import { ErrorCode } from '../protocol/errors.ts';
import type { PartitionStub } from '../runtime/stubs.ts';
import type { RequestContext } from './context.ts';
import { failureCode } from './failures.ts';

/** How a request names a topic: by name, or from KIP-516 on by its id. */
export type TopicKey = { readonly name: string } | { readonly topicId: string };

/** One partition as it is asked: its object, and the incarnation of the topic it belongs to. */
export interface PartitionRoute {
  readonly partition: PartitionStub;
  readonly topic: TopicView;
}

/** The way to the partitions of one topic, for the length of one request. */
export class TopicRoute {
  readonly #context: RequestContext;
  readonly #key: TopicKey;
  #topic: Promise<TopicView | undefined>;
  #refreshed = false;

  constructor(context: RequestContext, key: TopicKey) {
    this.#context = context;
    this.#key = key;
    this.#topic =
      'name' in key ? context.metadata.topic(key.name) : context.metadata.topicById(key.topicId);
    // Whoever asks sees the failure; a request that asks for no partition of it does not.
    this.#topic.catch(() => {});
  }

  /** Asks one partition. Answers its reply, or the code of why there is none; throws nothing. */
  async ask<Reply extends { readonly errorCode: number }>(
    index: number,
    ask: (route: PartitionRoute) => Promise<Reply>,
  ): Promise<Reply | number> {
    try {
      let topic = await this.#topic;
      if (topic === undefined) return this.unknownTopic;
      if (index >= topic.partitions) topic = await this.#refresh(topic);
      if (topic === undefined) return this.unknownTopic;
      if (index < 0 || index >= topic.partitions) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const reply = await ask(this.#route(topic, index));
      if (reply.errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return reply;
      const current = await this.#refresh(topic);
      if (current === undefined) return this.unknownTopic;
      return current.topicId === topic.topicId ? reply : await ask(this.#route(current, index));
    } catch (error) {
      return failureCode(error);
    }
  }

  /** The code for a topic that does not exist, by the way the request names it. */
  get unknownTopic(): number {
    return 'name' in this.#key ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID;
  }

  #route(topic: TopicView, index: number): PartitionRoute {
    return { partition: this.#context.objects.partition(topic.topicId, index), topic };
  }

  /** The topic as the controller has it now, asked at most once a request. */
  #refresh(stale: TopicView): Promise<TopicView | undefined> {
    if (!this.#refreshed) {
      this.#refreshed = true;
      this.#topic = this.#lookUp(stale);
    }
    return this.#topic;
  }

  async #lookUp(stale: TopicView): Promise<TopicView | undefined> {
    this.#context.metadata.forget(stale.name);
    const current = (await this.#context.metadata.refresh([stale.name])).get(stale.name);
    if ('name' in this.#key) return current;
    return current?.topicId === this.#key.topicId ? current : undefined;
  }
}
