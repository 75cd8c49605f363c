/**
 * Uses a group for its offsets alone, without being a member. The surprise: what it commits and
 * asks for is the same in every place, so that another one can say afterwards what was lost.
 */
import { ZERO_UUID } from '../../../src/bytes/uuid.ts';
import { offsetCommit } from '../../../src/protocol/apis/offset-commit.ts';
import { offsetFetch } from '../../../src/protocol/apis/offset-fetch.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { Commit, Committed } from '../checker/history.ts';
import { Client, partitionName } from './client.ts';

const group = 'keepers';

export class OffsetKeeper extends Client {
  async commitEverywhere(offset: number): Promise<void> {
    const { recorder, topics } = this.around;
    const steps = this.#each((partition): Commit => ({ kind: 'commit', group, partition, offset }));
    const end = recorder.begin({ process: this.process }, steps);
    const answer = await this.ask(offsetCommit, 7, {
      groupId: group,
      generationIdOrMemberEpoch: -1,
      topics: topics.map(({ name, partitions }) => ({
        name,
        topicId: ZERO_UUID,
        partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
          partitionIndex,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        })),
      })),
    });
    const all = answer?.topics.flatMap(({ partitions }) => partitions);
    if (all?.every(({ errorCode }) => errorCode === ErrorCode.NONE)) end('ok');
  }

  async askEverywhere(): Promise<void> {
    const { recorder, topics } = this.around;
    const end = recorder.begin({ process: this.process });
    const answer = await this.ask(offsetFetch, 5, {
      groupId: group,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitionIndexes: Array.from({ length: partitions }, (_, index) => index),
      })),
    });
    if (answer?.errorCode !== ErrorCode.NONE) return end('fail');
    const steps = answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset }): Committed => {
        const partition = partitionName(name, partitionIndex);
        return { kind: 'committed', group, partition, offset: committedOffset };
      }),
    );
    end('ok', steps);
  }

  #each<T>(make: (partition: string) => T): T[] {
    return this.around.topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, index) => make(partitionName(name, index))),
    );
  }
}
