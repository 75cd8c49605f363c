/**
 * The push subscriptions there are, and which of them have to be told that their topics are others
 * now. The surprise: a subscription never looks whether its topics came, went or grew, since that
 * would wake it for nothing; the controller, which knows, tells it.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { CallOf, ReplyOf, Row } from '../machine.ts';

/** What the machine is asked of them. */
export interface SubscriptionListCalls {
  /**
   * A subscription announces itself before it exists; null topics: it is gone. `*`: it is told of
   * every topic.
   */
  registerSubscription: {
    command: { name: string; topics: readonly string[] | null };
    reply: { errorCode: number };
  };
  listSubscriptions: { command: Record<never, never>; reply: { names: readonly string[] } };
}

/** News for one subscription; a later one has another number. */
export interface Notice {
  readonly name: string;
  readonly number: number;
}

interface Topic {
  readonly name: string;
  readonly partitions: number;
}

interface Decision {
  readonly reply: ReplyOf<SubscriptionListCalls>;
  readonly rows: readonly Row[];
}

/** After a subscription that could not be told. */
const retryMs = 5_000;

export class Subscriptions {
  readonly #topics = new Map<string, readonly string[]>();
  readonly #notices = new Map<string, number>();
  /** Memory only: when the next are due; undefined until somebody says what time it is. */
  #dueAt: number | undefined;

  get deadline(): number | undefined {
    return this.#notices.size === 0 ? undefined : this.#dueAt;
  }

  /** Somebody says what time it is. */
  woken(now: number): void {
    this.#dueAt ??= now;
  }

  due(now: number): readonly Notice[] {
    if (now < (this.#dueAt ?? now)) return [];
    return [...this.#notices].map(([name, number]) => ({ name, number }));
  }

  decide(call: CallOf<SubscriptionListCalls>): Decision {
    if (call.kind === 'listSubscriptions') {
      return { reply: { names: [...this.#topics.keys()].sort() }, rows: [] };
    }
    const { name, topics } = call.command;
    const value = topics === null ? null : { topics };
    const isSo = JSON.stringify(this.#topics.get(name) ?? null) === JSON.stringify(topics);
    const rows = isSo ? [] : [{ key: `subscription:${name}`, value }];
    return { reply: { errorCode: ErrorCode.NONE }, rows };
  }

  /** The rows that have the right subscriptions told of what these rows do to topics. */
  news(rows: readonly Row[], known: (topicId: string) => Topic | undefined, now: number): Row[] {
    if (this.#topics.size === 0) return [];
    const changed = new Set<string>();
    for (const { key, value } of rows) {
      if (!key.startsWith('topic:')) continue;
      const before = known(key.slice('topic:'.length));
      const after = value as Topic | null;
      if (before?.partitions === after?.partitions) continue;
      changed.add((after ?? before)!.name);
    }
    const isConcerned = (topic: string) =>
      changed.has(topic) || (topic === '*' && changed.size > 0);
    const concerned = [...this.#topics].filter(([, topics]) => topics.some(isConcerned));
    if (concerned.length > 0) this.#dueAt = now;
    return concerned.map(([name]) => {
      const number = (this.#notices.get(name) ?? 0) + 1;
      return { key: `notice:${name}`, value: { number } };
    });
  }

  /** The rows that forget what was told; what was not is told later. */
  told(heard: readonly Notice[], isAll: boolean, now: number): Row[] {
    if (!isAll) this.#dueAt = now + retryMs;
    return heard
      .filter(({ name, number }) => this.#notices.get(name) === number)
      .map(({ name }) => ({ key: `notice:${name}`, value: null }));
  }

  replay(kind: 'subscription' | 'notice', name: string, value: unknown): void {
    if (kind === 'subscription') {
      if (value === null) this.#topics.delete(name);
      else this.#topics.set(name, (value as { topics: readonly string[] }).topics);
    } else if (value === null) this.#notices.delete(name);
    else this.#notices.set(name, (value as { number: number }).number);
  }
}
