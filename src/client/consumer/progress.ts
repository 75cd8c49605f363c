/**
 * How far a group has read, looked up and written down. The surprise: a commit that is refused
 * since the group has moved on to another epoch is no failure; the member hears of the epoch and
 * the commit is made again with that.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Link } from '../link.ts';
import { type Committer, commitOffsets, committedOffsets, type PlaceOffset } from '../offsets.ts';
import type { Topics } from '../topics.ts';
import { isRetriable, persistently } from '../waiting.ts';
import type { TopicPartition } from './options.ts';
import { placeOf, type Reading } from './reading.ts';

/** How long to try what must succeed before reading goes on. */
const patienceMs = 60_000;

/** The group has given to others what this member had. */
const lost: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.STALE_MEMBER_EPOCH,
  ErrorCode.FENCED_MEMBER_EPOCH,
]);

export interface ProgressTerms {
  /** Who asks. Throws where there is no group. */
  committer(): Committer;
  /** Hears from the group which epoch it has. */
  refresh(): Promise<void> | undefined;
}

export class Progress {
  readonly #link: Link;
  readonly #topics: Topics;
  readonly #terms: ProgressTerms;

  constructor(link: Link, topics: Topics, terms: ProgressTerms) {
    this.#link = link;
    this.#topics = topics;
    this.#terms = terms;
  }

  /** Of these partitions, those that have a committed offset. */
  committed(places: readonly TopicPartition[], signal?: AbortSignal): Promise<PlaceOffset[]> {
    return this.#persistently(signal, () =>
      committedOffsets(this.#link, this.#topics, this.#terms.committer(), places, { signal }),
    );
  }

  async commit(offsets: readonly PlaceOffset[], signal?: AbortSignal): Promise<void> {
    if (offsets.length === 0) return;
    await this.#persistently(signal, () =>
      commitOffsets(this.#link, this.#topics, this.#terms.committer(), offsets, { signal }),
    );
  }

  /** Commits what is new of these. */
  async commitUpTo(
    where: (reading: Reading) => number | undefined,
    readings: readonly Reading[],
    signal?: AbortSignal,
  ): Promise<void> {
    const offsets = readings.flatMap((reading) => {
      const offset = where(reading);
      const isNew = offset !== undefined && offset !== reading.committed;
      return isNew ? [{ ...placeOf(reading), offset, reading }] : [];
    });
    await this.commit(offsets, signal);
    for (const { reading, offset } of offsets) {
      reading.doneBefore(offset);
      reading.committed = offset;
    }
  }

  /** What cannot be committed now is read again by somebody: that is no reason to stop. */
  async tryToCommit(readings: readonly Reading[]): Promise<void> {
    try {
      await this.commitUpTo(({ processed }) => processed, readings);
    } catch (error) {
      const isLost = error instanceof KafkaError && lost.has(error.code);
      if (!isRetriable(error) && !isLost) throw error;
    }
  }

  #persistently<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    const heeding = async () => {
      try {
        return await attempt();
      } catch (error) {
        const isStale = error instanceof KafkaError && error.code === ErrorCode.STALE_MEMBER_EPOCH;
        const refreshed = isStale ? this.#terms.refresh() : undefined;
        if (refreshed === undefined) throw error;
        await refreshed;
        return attempt();
      }
    };
    return persistently(heeding, { signal, timeoutMs: patienceMs });
  }
}
