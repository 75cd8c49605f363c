/**
 * The topics of the cluster as they were last looked up for a group, and when that is to be done
 * again. The surprise: nobody tells a group that a topic came or grew. It looks again when a
 * gateway has noticed a change, soon while a topic is missing that members wait for, and otherwise
 * within the minute that every other change of a topic may take.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { SeenTopics } from './commands.ts';
import type { SetConfigs } from './configured.ts';
import { TopicsImage } from './topics-image.ts';

/** As old as what gateways know of topics may grow. */
export const maxAgeMs = 60_000;
/** While members read a topic that is not there. */
const missingMaxAgeMs = 5_000;

export class SeenLately {
  /** What was set on the group itself; undefined before the first look. */
  configs: SetConfigs | undefined;
  #image: TopicsImage | undefined;
  #at = Number.NEGATIVE_INFINITY;

  /**
   * What a call brought, if it brought something. Of two answers, the one that was asked for later
   * counts, whichever came first: how old it is says when it was asked for.
   */
  take(seen: SeenTopics | undefined): void {
    if (!seen || seen.askedAtMs < this.#at) return;
    this.#image = new TopicsImage(seen);
    this.configs = seen.configs ?? {};
    this.#at = seen.askedAtMs;
  }

  /** Throws COORDINATOR_LOAD_IN_PROGRESS, which clients repeat, before the first look. */
  get image(): TopicsImage {
    if (!this.#image) throw new KafkaError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    return this.#image;
  }

  get imageOrNone(): TopicsImage | undefined {
    return this.#image;
  }

  /** Whether all that is wanted is known, and not too long ago. */
  suffices(wanted: Iterable<string> | 'all', changedAtMs: number, now: number): boolean {
    if (!this.#image?.covers(wanted) || changedAtMs >= this.#at) return false;
    return now - this.#at < (this.#image.lacksSome ? missingMaxAgeMs : maxAgeMs);
  }
}
