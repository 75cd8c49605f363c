/**
 * Commits what a subscription has finished. The surprise: one commit is under way at a time, and
 * whatever is finished meanwhile goes with the next, so delivery never waits for a commit but at
 * the end, and a thousand batches are far fewer commits.
 */
import { placeName } from '../../core/push/calls.ts';
import type { PushClient, TopicPartition } from './outside.ts';

export class Committer {
  readonly #client: PushClient;
  readonly #group: string;
  readonly #waiting = new Map<string, TopicPartition & { readonly offset: number }>();
  #underWay: Promise<void> | undefined;

  constructor(client: PushClient, group: string) {
    this.#client = client;
    this.#group = group;
  }

  /** All below the offset is finished. */
  finished(partition: TopicPartition, offset: number): void {
    const { topic, topicId, partition: index } = partition;
    this.#waiting.set(placeName(partition), { topic, topicId, partition: index, offset });
    this.#begin();
  }

  /** Resolves when all that was finished so far is committed; throws why it is not. */
  async all(): Promise<void> {
    while (this.#waiting.size > 0 || this.#underWay !== undefined) {
      this.#begin();
      await this.#underWay;
    }
  }

  #begin(): void {
    if (this.#underWay !== undefined || this.#waiting.size === 0) return;
    const offsets = [...this.#waiting.values()];
    this.#waiting.clear();
    const commit = this.#client.commit(this.#group, offsets).finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = commit.then(
      () => this.#begin(),
      (error) => {
        // To be tried again by whoever waits for it, or with what is finished next.
        for (const one of offsets) {
          const key = placeName(one);
          if (!this.#waiting.has(key)) this.#waiting.set(key, one);
        }
        throw error;
      },
    );
    this.#underWay.catch(() => {});
  }
}
