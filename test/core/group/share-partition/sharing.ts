/**
 * A partition that share groups read: a real log in memory, and its groups. Every answer comes from
 * groups that were just loaded, so that nothing counts but what was stored.
 */
import type {
  AcknowledgementBatch,
  ShareFetchRoom,
  ShareSettings,
} from '../../../../src/core/group/share-partition/calls.ts';
import { shareSettingsFrom } from '../../../../src/core/group/share-partition/settings.ts';
import { SharePartitions } from '../../../../src/core/group/share-partition/share-partitions.ts';
import { PartitionLog } from '../../../../src/core/log/partition-log.ts';
import { defaultBrokerConfig } from '../../../../src/runtime/config.ts';
import { MemoryStore } from '../../../../src/runtime/memory-store.ts';
import { append, batch, settings, spec, startOfTime } from '../../log/samples.ts';

export const groupId = 'workers';

export class Sharing {
  readonly store = new MemoryStore();
  readonly log = new PartitionLog(this.store, settings);
  /** The groups that were told that there may be records. */
  readonly announced: string[] = [];
  settings: ShareSettings;
  now = startOfTime;
  /** Whether the group may begin with what it asks for. */
  begins = true;

  constructor(configs: Record<string, string> = {}) {
    this.settings = shareSettingsFrom(
      { 'share.auto.offset.reset': 'earliest', ...configs },
      defaultBrokerConfig,
    );
  }

  /** As they are after a restart. */
  get groups(): SharePartitions {
    return new SharePartitions(this.store, this.log, (group) => this.announced.push(group));
  }

  /** Appends batches of so many records each. */
  produce(...sizes: number[]): void {
    for (const size of sizes) {
      const values = Array.from({ length: size }, (_, i) => `v${i}`);
      this.log.append([append(batch(values))], this.now);
    }
  }

  /** What a member gets, as `first-last*deliveries`. */
  acquire(memberId: string, room: Partial<ShareFetchRoom> = {}): string[] {
    return this.fetched(memberId, room).acquired.map(
      ({ firstOffset, lastOffset, deliveryCount }) =>
        `${firstOffset}-${lastOffset}*${deliveryCount}`,
    );
  }

  fetched(
    memberId: string,
    room: Partial<ShareFetchRoom> = {},
    acknowledgements: readonly AcknowledgementBatch[] = [],
  ) {
    const whole: ShareFetchRoom = {
      maxBytes: 1_000_000,
      minOneBatch: true,
      minBytes: 1,
      maxRecords: 500,
      batchSize: 500,
      acquireMode: 0,
      ...room,
    };
    const member = { groupId, memberId, settings: this.settings, begins: this.begins };
    return this.groups.acquire({ ...member, acknowledgements, room: whole }, this.now);
  }

  /** The code, and what is said to it. */
  acknowledge(memberId: string, ...acknowledgements: AcknowledgementBatch[]) {
    const command = { groupId, memberId, settings: this.settings, acknowledgements };
    const { errorCode, errorMessage } = this.groups.acknowledge(command, this.now);
    return errorMessage === null ? errorCode : [errorCode, errorMessage];
  }

  release(memberId: string): void {
    this.groups.release({ groupId, memberId }, this.now);
  }

  /** Start offset and how many behind it are done. */
  get described(): [number, number] {
    const { startOffset, deliveryCompleteCount } = this.groups.describe({ groupId }, this.now);
    return [startOffset, deliveryCompleteCount];
  }

  /** Everything below this offset is deleted. */
  deleteRecords(offset: number): void {
    this.log.deleteRecords({ spec: spec(), offset }, this.now);
  }
}

export function ack(
  firstOffset: number,
  lastOffset: number,
  ...acknowledgeTypes: number[]
): AcknowledgementBatch {
  return { firstOffset, lastOffset, acknowledgeTypes };
}

export const Type = { GAP: 0, ACCEPT: 1, RELEASE: 2, REJECT: 3, RENEW: 4 } as const;
