/**
 * What a client was given and has not done with, and how far a group may be said to have come for
 * it. The surprise: an ack of a later record says nothing of earlier ones. What is committed is the
 * offset of the first record that is not acked, so nothing that fails is passed over.
 */
import type { PartitionOffset, TopicPartition } from '../../../core/rest-consumer/state.ts';
import { nameOf } from '../live/tail.ts';

interface Delivered {
  acked: boolean;
  times: number;
}

interface Progress extends TopicPartition {
  /** From the first record that is not acked on, in the order of their offsets. */
  readonly records: Map<number, Delivered>;
  /** The offset that may be committed, and the one that is known to have been. */
  done: number;
  told: number;
}

export class Deliveries {
  readonly #partitions = new Map<string, Progress>();
  /** Records that were delivered and not acked. */
  unacked = 0;

  /** Records that are kept in mind: those, and the acked ones behind them. */
  get kept(): number {
    let kept = 0;
    for (const { records } of this.#partitions.values()) kept += records.size;
    return kept;
  }

  /** Records of a partition come in the order of their offsets. */
  deliver({ topic, partition, offset }: PartitionOffset): void {
    const name = nameOf({ topic, partition });
    let progress = this.#partitions.get(name);
    if (progress === undefined) {
      progress = { topic, partition, records: new Map(), done: offset, told: offset };
      this.#partitions.set(name, progress);
    }
    progress.records.set(offset, { acked: false, times: 1 });
    this.unacked++;
  }

  /** False: it was not delivered, or is acked already. */
  ack(place: PartitionOffset): boolean {
    const progress = this.#partitions.get(nameOf(place));
    const record = progress?.records.get(place.offset);
    if (progress === undefined || record === undefined || record.acked) return false;
    this.#done(progress, record);
    return true;
  }

  /** This record and all before it in its partition. */
  ackUpTo(place: PartitionOffset): boolean {
    const progress = this.#partitions.get(nameOf(place));
    if (progress === undefined) return false;
    const open = [...progress.records].filter(
      ([offset, { acked }]) => offset <= place.offset && !acked,
    );
    for (const [, record] of open) this.#done(progress, record);
    return open.length > 0;
  }

  /** Counts one more delivery of it: how often it was delivered before; undefined: it is done. */
  redeliver(place: PartitionOffset): number | undefined {
    const record = this.#partitions.get(nameOf(place))?.records.get(place.offset);
    return record === undefined || record.acked ? undefined : record.times++;
  }

  /** What may be committed and was not taken before. */
  takeCommits(): PartitionOffset[] {
    return [...this.#partitions.values()]
      .filter(({ done, told }) => done > told)
      .map((progress) => {
        progress.told = progress.done;
        const { topic, partition, done: offset } = progress;
        return { topic, partition, offset };
      });
  }

  /** The partitions may be somebody else's now. */
  clear(): void {
    this.#partitions.clear();
    this.unacked = 0;
  }

  #done(progress: Progress, record: Delivered): void {
    record.acked = true;
    this.unacked--;
    for (const [offset, { acked }] of progress.records) {
      if (!acked) return;
      progress.records.delete(offset);
      progress.done = offset + 1;
    }
  }
}
