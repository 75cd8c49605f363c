/**
 * The topics of the cluster as a group last saw them: which there are, under which id, with how
 * many partitions. The surprise: a name that was asked for and is missing is known to be missing;
 * about any other name the image knows nothing, unless it shows all topics.
 */
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

  constructor({ asked, topics }: SeenTopics) {
    this.#asked = asked === 'all' ? asked : new Set(asked);
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

  /** The names that a pattern matches, which must be one. */
  matching(pattern: string): readonly string[] {
    const known = this.#matches.get(pattern);
    if (known) return known;
    const matches: Matcher = matcherOf(pattern);
    const names = [...this.#byName.keys()].filter(matches);
    this.#matches.set(pattern, names);
    return names;
  }
}
