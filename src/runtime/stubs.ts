/**
 * The objects as the rest of the code calls them: ports here, Durable Object stubs in a Worker,
 * plain memory in tests and in the simulation. The surprise: a call never throws for a refusal
 * (that is an errorCode), only for weather.
 */
import type { ClusterCalls } from '../core/cluster/commands.ts';
import type { GroupCalls, VouchedMember } from '../core/group/commands.ts';
import type { PartitionCalls } from '../core/log/calls.ts';
import type { SubscriptionCalls } from '../core/push/calls.ts';
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

/** Where a partition ends, and whether for good. */
export interface StreamEnds extends LogEnds {
  /** The stream was closed: it ends there for ever. Absent: it was not. */
  readonly closed?: boolean | undefined;
}

/** What a partition tells its watchers. */
export interface Announced extends StreamEnds {
  /** The share group that may find records though the log did not grow; absent: none. */
  readonly groupId?: string | undefined;
}

/**
 * A live view of what one object last announced, held by a gateway connection. It costs the object
 * nothing while idle: locally a pair of memory cells, in a Worker one hibernating WebSocket.
 */
export interface Watch {
  /** What was announced when it was opened; more may have been said before anybody listens. */
  readonly saidFirst: string;
  /** What was announced last. */
  readonly said: string;
  /** What came with it, in pieces. */
  readonly enclosed: readonly Uint8Array[];
  /** False once the object restarted, had nothing more to say, or the line was cut: ask again. */
  readonly open: boolean;
  /**
   * Calls back at every announcement and once when the watch closes. Returns the way to stop
   * listening.
   */
  listen(listener: () => void): () => void;
  /**
   * Whether all has been heard that was announced until this was asked. Costs the object nothing;
   * a line that gives no sign of life is closed.
   */
  prove(): Promise<boolean>;
  /** `why`: for the object to read. */
  close(why?: string): void;
}

/** A watch over one partition's end. What is enclosed are the batches that were just appended. */
export interface PartitionWatch extends Watch, Announced {
  /** How often it was said that this share group may find records, since this was first asked. */
  sharedTimes(groupId: string): number;
}

export interface PartitionStub extends Stub<PartitionCalls> {
  /** `withRecords`: has small batches enclosed in what is announced. */
  watch(withRecords?: boolean): Promise<PartitionWatch>;
}

/** Announces that a topic, or the configs of something, are others than they were. */
export interface ControllerStub extends Stub<ClusterCalls> {
  watch(): Promise<Watch>;
}

/** See `VouchedMember`. */
export interface GroupStub extends Stub<GroupCalls> {
  /** Closed at once for a member that is to hear something. */
  watch(member: VouchedMember): Promise<Watch>;
}

/** Every kind of object, by its identity. */
export interface Objects {
  partition(topicId: string, partition: number): PartitionStub;
  group(groupId: string): GroupStub;
  transaction(transactionalId: string): Stub<TransactionCalls>;
  subscription(name: string): Stub<SubscriptionCalls>;
  controller(): ControllerStub;
}
