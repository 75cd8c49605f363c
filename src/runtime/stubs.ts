/**
 * The objects as the rest of the code calls them: ports here, Durable Object stubs in a Worker,
 * plain memory in tests and in the simulation. The surprise: a call never throws for a refusal
 * (that is an errorCode), only for weather.
 */
import type { ClusterCalls } from '../core/cluster/commands.ts';
import type { GroupCalls } from '../core/group/commands.ts';
import type { PartitionCalls } from '../core/log/calls.ts';
import type { TransactionCalls } from '../core/transaction/calls.ts';

/** One object that answers a table of calls. */
export interface Stub<Calls extends { [K in keyof Calls]: { command: unknown; reply: unknown } }> {
  call<K extends keyof Calls & string>(
    kind: K,
    command: Calls[K]['command'],
  ): Promise<Calls[K]['reply']>;
}

/** Where a partition ends: for those who read everything, and what is committed. */
export interface LogEnds {
  readonly highWatermark: number;
  /** Below it every transaction has ended. */
  readonly lastStableOffset: number;
}

/** What a partition tells its watchers. */
export interface Announced extends LogEnds {
  /** The share group that may find records though the log did not grow; absent: none. */
  readonly groupId?: string | undefined;
}

/**
 * A live view of one partition's end as it was last announced, held by a gateway connection. It
 * costs the partition nothing while idle: locally a pair of memory cells, in a Worker one
 * hibernating WebSocket.
 */
export interface PartitionWatch extends LogEnds {
  /**
   * False once the partition restarted, was dropped, or the line was cut: read again and watch
   * anew.
   */
  readonly open: boolean;
  /** How often it was said that this share group may find records. */
  sharedTimes(groupId: string): number;
  /**
   * Calls back at every announcement and once when the watch closes. Returns the way to stop
   * listening.
   */
  listen(listener: () => void): () => void;
  close(): void;
}

export interface PartitionStub extends Stub<PartitionCalls> {
  watch(): Promise<PartitionWatch>;
}

/** Every kind of object, by its identity. */
export interface Objects {
  partition(topicId: string, partition: number): PartitionStub;
  group(groupId: string): Stub<GroupCalls>;
  transaction(transactionalId: string): Stub<TransactionCalls>;
  controller(): Stub<ClusterCalls>;
}
