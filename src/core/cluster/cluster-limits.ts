/**
 * How many topics, partitions and groups a cluster may have. The surprise: nobody needs them to be
 * few; they are there because whoever may create what it likes could fill the one object that
 * knows them all.
 */
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';

export interface ClusterLimits {
  readonly maxTopics: number;
  readonly maxPartitions: number;
  readonly maxGroups: number;
}

const unlimited: ClusterLimits = {
  maxTopics: Infinity,
  maxPartitions: Infinity,
  maxGroups: Infinity,
};

/** What is left for new topics and partitions. */
export class Room {
  #topics: number;
  #partitions: number;
  readonly #limits: ClusterLimits;

  constructor(topics: Iterable<{ readonly partitions: number }>, limits = unlimited) {
    this.#limits = limits;
    this.#topics = limits.maxTopics;
    this.#partitions = limits.maxPartitions;
    for (const { partitions } of topics) {
      this.#topics--;
      this.#partitions -= partitions;
    }
  }

  /** Throws POLICY_VIOLATION. */
  takeTopic(partitions: number): void {
    if (this.#topics < 1) {
      throw full(`${this.#limits.maxTopics} topics`, 'Delete some, or raise KEDGE_MAX_TOPICS');
    }
    this.takePartitions(partitions);
    this.#topics--;
  }

  /** Throws POLICY_VIOLATION. */
  takePartitions(count: number): void {
    if (this.#partitions < count) {
      const what = `${this.#limits.maxPartitions} partitions`;
      throw full(what, 'Delete topics, or raise KEDGE_MAX_PARTITIONS');
    }
    this.#partitions -= count;
  }
}

function full(what: string, advice: string): KafkaError {
  const message = `The cluster may have ${what} in all. ${advice}.`;
  return new KafkaError(ErrorCode.POLICY_VIOLATION, message);
}

/** Said to who would be the first of a group that has no room. */
export const tooManyGroups =
  'The cluster has as many groups as it may. Delete some, or raise KEDGE_MAX_GROUPS.';
