/**
 * What a client knows of topics: their ids and how many partitions they have. The surprise: there
 * are no leaders to be found. Every partition is reached by the same door, so that an answer such
 * as NOT_LEADER_OR_FOLLOWER only means to ask again.
 */
import { ZERO_UUID } from '../bytes/uuid.ts';
import { type MetadataResponse, metadata } from '../protocol/apis/metadata.ts';
import { ErrorCode, errorInfo, KafkaError } from '../protocol/errors.ts';
import { ByAddress } from './by-address.ts';
import type { Link } from './link.ts';
import { persistently } from './waiting.ts';

export interface Topic {
  readonly name: string;
  readonly topicId: string;
  /** How many partitions there are. */
  readonly partitions: number;
}

interface Known {
  readonly topic: Topic;
  readonly at: number;
}

/** As `metadata.max.age.ms`. */
const maxAgeMs = 300_000;
/** As `max.block.ms`: Kedge may be restarting. */
const lookUpMs = 60_000;
/** A topic that is not there may be there in a moment. */
const unknownForMs = 3_000;

const memory = new ByAddress<Map<string, Known>>();

/** There is no such topic. */
export function isUnknown(code: number): boolean {
  return code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION || code === ErrorCode.UNKNOWN_TOPIC_ID;
}

function messageOf(errorCode: number, name: string): string {
  return `${errorInfo(errorCode).message} (${name})`;
}

export class Topics {
  readonly #link: Link;
  readonly #patienceMs: number;
  /** By name and by id. */
  readonly #known: Map<string, Known>;
  /** Look-ups under way, by what is looked up. */
  readonly #underWay = new Map<string, Promise<Topic>>();

  constructor(link: Link, patienceMs = lookUpMs) {
    this.#link = link;
    this.#patienceMs = patienceMs;
    const { address } = link.transport;
    this.#known = memory.get(address) ?? new Map();
    memory.set(address, this.#known);
  }

  /** The topic of this name. `create`: made if it is not there and Kedge makes topics by itself. */
  named(name: string, create = false): Topic | Promise<Topic> {
    const lookUp = () => this.#ask({ topicId: ZERO_UUID, name }, create);
    return this.#recent(name) ?? this.#once(name, lookUp);
  }

  /** The topic of this id. */
  withId(topicId: string): Topic | Promise<Topic> {
    const lookUp = () => this.#ask({ topicId, name: null }, false);
    return this.#recent(topicId) ?? this.#once(topicId, lookUp);
  }

  /** What is there under this name now, at one look; undefined: nothing. */
  async again(name: string): Promise<Topic | undefined> {
    this.forget(name);
    try {
      return await this.#ask({ topicId: ZERO_UUID, name }, false, 0);
    } catch (error) {
      if (error instanceof KafkaError && isUnknown(error.code)) return undefined;
      throw error;
    }
  }

  /** What is known of it was wrong. */
  forget(name: string): void {
    const known = this.#known.get(name);
    this.#known.delete(name);
    if (known) this.#known.delete(known.topic.topicId);
  }

  #recent(key: string): Topic | undefined {
    const known = this.#known.get(key);
    return known && Date.now() - known.at < maxAgeMs ? known.topic : undefined;
  }

  #once(key: string, lookUp: () => Promise<Topic>): Promise<Topic> {
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const topic = lookUp().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, topic);
    return topic;
  }

  async #ask(
    topic: { topicId: string; name: string | null },
    create: boolean,
    patienceMs = this.#patienceMs,
  ): Promise<Topic> {
    return persistently(
      async () => {
        const answer = await this.#link.call(metadata, {
          topics: [topic],
          allowAutoTopicCreation: create,
        });
        const [view] = answer.topics;
        const errorCode = answer.errorCode || view.errorCode;
        if (errorCode === ErrorCode.NONE) return this.#learn(view);
        throw new KafkaError(errorCode, topic.name ? messageOf(errorCode, topic.name) : undefined);
      },
      {
        timeoutMs: ({ code }) => Math.min(patienceMs, isUnknown(code) ? unknownForMs : lookUpMs),
      },
    );
  }

  #learn({ name, topicId, partitions }: MetadataResponse['topics'][number]): Topic {
    const topic = { name: name!, topicId, partitions: partitions.length };
    const known = { topic, at: Date.now() };
    // With the id it may have had: a topic that was made anew has another.
    this.forget(topic.name);
    this.#known.set(topic.name, known);
    this.#known.set(topicId, known);
    return topic;
  }
}
