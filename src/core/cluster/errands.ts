/**
 * What the partitions still have to be told: that their topic is gone, or how it is configured now.
 * The surprise: news of configs is told twice, the second time when no gateway can remember the old
 * ones any more, because a partition that was not there the first time may have been opened with
 * them since.
 */
import type { TopicView } from './commands.ts';

export type ErrandKind = 'drop' | 'configure';

/** News for every partition of one topic; those below `told` have heard it. */
export interface Errand {
  readonly kind: ErrandKind;
  readonly topicId: string;
  readonly partitions: number;
  readonly told: number;
  /** Which news it is: `configsVersion`, or 0 where there is only one. */
  readonly version: number;
  /** Not to be told before this time; absent but for the second round. */
  readonly notBefore?: number;
}

/** An errand as it is stored, under `drop:<id>` or `configure:<id>`. */
type Stored = Omit<Errand, 'kind' | 'topicId' | 'told'> & {
  readonly told?: number;
  /** What `told` was called in the first rows of drops. */
  readonly dropped?: number;
};

interface ErrandRow {
  readonly key: string;
  readonly value: unknown;
}

/** After news that could not be delivered. */
export const errandRetryMs = 5_000;
/**
 * From the first round to the second: longer than gateways use what they remember of a topic, which
 * is two minutes where a line to the controller was lost in silence.
 */
export const secondRoundMs = 150_000;

const keyOf = (kind: ErrandKind, topicId: string): string => `${kind}:${topicId}`;

export class Errands {
  readonly #pending = new Map<string, Errand>();
  /** Memory only: when the next are due; undefined until somebody says what time it is. */
  #dueAt: number | undefined;

  get deadline(): number | undefined {
    if (this.#dueAt === undefined || this.#pending.size === 0) return undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const { notBefore } of this.#pending.values()) {
      if (notBefore === undefined || notBefore <= this.#dueAt) return this.#dueAt;
      earliest = Math.min(earliest, notBefore);
    }
    return earliest;
  }

  /** Those that are due, oldest first. */
  due(now: number): readonly Errand[] {
    if (now < (this.#dueAt ?? now)) return [];
    return [...this.#pending.values()].filter(({ notBefore = now }) => notBefore <= now);
  }

  /** Somebody says what time it is. */
  woken(now: number): void {
    this.#dueAt ??= now;
  }

  /** There is news, which is not to wait for what could not be delivered. */
  hurry(now: number): void {
    this.#dueAt = now;
  }

  /** Some partition could not be reached: wait a little. */
  delay(now: number): void {
    this.#dueAt = now + errandRetryMs;
  }

  /** The row that begins to tell every partition of the topic, in the place of older such news. */
  begin(kind: ErrandKind, { topicId, partitions, configsVersion = 0 }: TopicView): ErrandRow {
    const version = kind === 'configure' ? configsVersion : 0;
    return { key: keyOf(kind, topicId), value: { partitions, told: 0, version } };
  }

  /** The rows that forget the news of a topic, if there is any. */
  abandon(kind: ErrandKind, topicId: string): ErrandRow[] {
    const key = keyOf(kind, topicId);
    return this.#pending.has(key) ? [{ key, value: null }] : [];
  }

  /** The rows after every partition below `told` has heard it. Old reports change nothing. */
  report({ kind, topicId, version, told }: Omit<Errand, 'partitions'>, now: number): ErrandRow[] {
    const key = keyOf(kind, topicId);
    const pending = this.#pending.get(key);
    if (pending === undefined || pending.version !== version || told <= pending.told) return [];
    const { partitions, notBefore } = pending;
    const round = notBefore === undefined ? {} : { notBefore };
    if (told < partitions) return [{ key, value: { partitions, told, version, ...round } }];
    if (kind === 'drop' || notBefore !== undefined) return [{ key, value: null }];
    const second = { partitions, told: 0, version, notBefore: now + secondRoundMs };
    return [{ key, value: second }];
  }

  replay(kind: ErrandKind, topicId: string, value: unknown): void {
    const key = keyOf(kind, topicId);
    if (value === null) {
      this.#pending.delete(key);
      return;
    }
    const { partitions, told, dropped = 0, version = 0, notBefore } = value as Stored;
    const round = notBefore === undefined ? {} : { notBefore };
    const errand = { kind, topicId, partitions, told: told ?? dropped, version, ...round };
    this.#pending.set(key, errand);
  }
}
