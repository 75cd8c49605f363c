/**
 * A producer whose transactions commit offsets to one group, and what one sees of them. It plays
 * the transaction's coordinator as well: it counts, and says how each transaction ended.
 */
import type { GroupCalls } from '../../../src/core/group/commands.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { TestGroup } from './test-group.ts';

export type TransactionalCommit = GroupCalls['commitTransactionalOffsets']['command'];

export type StableOffset = number | 'unstable';

export class Producer {
  readonly producerId: number;
  producerEpoch = 3;
  transactionNumber = 0;
  readonly #group: TestGroup;

  constructor(group: TestGroup, producerId = 7) {
    this.#group = group;
    this.producerId = producerId;
  }

  begin(): this {
    this.transactionNumber++;
    return this;
  }

  commit(
    offsets: Record<number, number>,
    changes: Partial<TransactionalCommit> = {},
    topicId = 'id-of-t',
  ) {
    const partitions = Object.entries(offsets).map(([partition, committedOffset]) => ({
      partitionIndex: Number(partition),
      committedOffset,
      committedLeaderEpoch: -1,
      metadata: null,
    }));
    return this.#group.call('commitTransactionalOffsets', {
      groupId: 'g',
      transactionalId: 'x',
      producerId: this.producerId,
      producerEpoch: this.producerEpoch,
      addsGroup: false,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      enlisted: { errorCode: 0, transactionNumber: this.transactionNumber },
      topics: [{ name: 't', topicId, partitions }],
      ...changes,
    }).answer;
  }

  end(committed: boolean, transactionNumber: number | undefined = this.transactionNumber): number {
    const { producerId, producerEpoch } = this;
    const marker = { producerId, producerEpoch, coordinatorEpoch: 0, committed, transactionNumber };
    return this.#group.call('endTransaction', { groupId: 'g', marker }).answer.errorCode;
  }
}

/** Partition → offset or 'unstable', as a stable fetch of partitions 0 to 2 of `t` says. */
export function stableOffsets(group: TestGroup, topicId = 'id-of-t'): Record<number, StableOffset> {
  const topics = group.fetch([{ name: 't', partitionIndexes: [0, 1, 2] }], true);
  const partitions = topics
    .filter((topic) => topic.topicId === topicId)
    .flatMap((topic) => topic.partitions);
  return Object.fromEntries(
    partitions.map(({ partitionIndex, committedOffset, errorCode }) => [
      partitionIndex,
      errorCode === ErrorCode.UNSTABLE_OFFSET_COMMIT ? 'unstable' : committedOffset,
    ]),
  );
}
