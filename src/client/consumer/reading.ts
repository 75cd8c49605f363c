/**
 * One partition that a consumer reads. The surprise: it has two places in the log. One is behind
 * the last record that was given out; the other behind the last one that the program has come back
 * from, and only that is committed without being asked.
 */
import type { DecodedRecord } from '../../protocol/records/index.ts';
import type { Topic } from '../topics.ts';
import type { Start, TopicPartition } from './options.ts';

export class Reading {
  topic: Topic;
  readonly partition: number;
  /** Where to begin; undefined: where the group has come to. */
  start: Start | undefined;
  /** The next record to be given out; undefined: not known yet. */
  position: number | undefined;
  /** Up to here the program is done. */
  processed: number | undefined;
  committed: number | undefined;
  highWatermark = -1;
  isPaused = false;
  /** It is not this consumer's any more. */
  isGone = false;
  /** Rises when what was fetched is not to be given out any more. */
  version = 0;

  constructor(topic: Topic, partition: number, start?: Start) {
    this.topic = topic;
    this.partition = partition;
    this.start = start;
  }

  /** Whether something may be fetched. */
  get isReadable(): boolean {
    return !this.isPaused && !this.isGone && this.position !== undefined;
  }

  /** What is there by that name now. Where it was made anew, its offsets are others. */
  isOf(topic: Topic): void {
    const isAnother = topic.topicId !== this.topic.topicId;
    this.topic = topic;
    if (!isAnother) return;
    this.version++;
    this.start = this.position = this.processed = this.committed = undefined;
  }

  moveTo(offset: number): void {
    this.position = this.processed = offset;
  }

  /** The program is done with what lies before `offset`; it may be further already. */
  doneBefore(offset: number): void {
    this.processed = Math.max(this.processed ?? offset, offset);
  }

  /** Everything before `offset` was given out, and the program is done with it. */
  passTo(offset: number): void {
    this.position = offset;
    this.doneBefore(offset);
  }

  /** The group has come to this place, since the program says so. */
  commitTo(offset: number): void {
    this.processed = this.committed = offset;
  }

  seek(to: Start): void {
    this.version++;
    if (typeof to === 'number') this.moveTo(to);
    else {
      this.start = to;
      this.position = undefined;
    }
  }

  pause(): void {
    this.isPaused = true;
    this.version++;
  }

  drop(): void {
    this.isGone = true;
    this.version++;
  }
}

/** Records of one partition, fetched and not all given out. */
export interface Chunk {
  readonly reading: Reading;
  readonly version: number;
  readonly records: readonly DecodedRecord[];
  readonly nextOffset: number;
  readonly highWatermark: number;
}

/** Whether it may still be given out. */
export function isCurrent({ reading, version }: Chunk): boolean {
  return reading.version === version;
}

export function placeOf({ topic, partition }: Reading): TopicPartition {
  return { topic: topic.name, partition };
}
