/**
 * The topics of the cluster as a group last saw them: which there are, under which id, with how
 * many partitions. The surprise: a name that was asked for and is missing is known to be missing;
 * about any other name the image knows nothing, unless it shows all topics.
 */
import { AclOperation, AclResourceType } from '../../protocol/acl.ts';
import { AclRules, type Reader } from '../acl-rules.ts';
import { type Matcher, matcherOf } from '../pattern/pattern.ts';
import type { SeenTopics } from './commands.ts';

export interface SeenTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: number;
}

export class TopicsImage {
  readonly #byName = new Map<string, SeenTopic>();
  readonly #byId = new Map<string, SeenTopic>();
  readonly #asked: ReadonlySet<string> | 'all';
  readonly #matches = new Map<string, readonly string[]>();
  readonly #rules: AclRules | undefined;

  constructor({ asked, topics, acls }: SeenTopics) {
    this.#asked = asked === 'all' ? asked : new Set(asked);
    this.#rules = acls && new AclRules(acls);
    for (const topic of topics) {
      this.#byName.set(topic.name, topic);
      this.#byId.set(topic.topicId, topic);
    }
  }

  /** Whether the image can tell if there is such a topic. */
  covers(names: Iterable<string> | 'all'): boolean {
    const asked = this.#asked;
    if (asked === 'all') return true;
    return names !== 'all' && [...names].every((name) => asked.has(name));
  }

  /** Whether a topic that was asked for is not there. */
  get lacksSome(): boolean {
    return this.#asked !== 'all' && this.#asked.size > this.#byName.size;
  }

  byName(name: string): SeenTopic | undefined {
    return this.#byName.get(name);
  }

  byId(topicId: string): SeenTopic | undefined {
    return this.#byId.get(topicId);
  }

  /** Whether it can tell what a reader may describe. */
  get knowsRights(): boolean {
    return this.#rules !== undefined;
  }

  /** The topics that a pattern matches (it must be one), as far as the reader may describe them. */
  matching(pattern: string, reader?: Reader): readonly string[] {
    const key = JSON.stringify([pattern, reader]);
    const known = this.#matches.get(key);
    if (known) return known;
    const matches: Matcher = matcherOf(pattern);
    const names = [...this.#byName.keys()].filter(
      (name) => matches(name) && this.#mayDescribe(name, reader),
    );
    this.#matches.set(key, names);
    return names;
  }

  #mayDescribe(name: string, reader: Reader | undefined): boolean {
    if (reader === undefined) return true;
    const { DESCRIBE } = AclOperation;
    const { TOPIC } = AclResourceType;
    return this.#rules?.allow(reader, DESCRIBE, TOPIC, name, reader.otherwise) ?? false;
  }
}
