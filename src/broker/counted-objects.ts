/**
 * The objects as one connection reaches them, with a count of its calls: an invocation of a Worker
 * may make only so many, and a Kafka connection lives for hours. The surprise: the stub of a
 * partition is kept, since calls through one stub arrive in the order they were made.
 */
import type { ClusterCalls } from '../core/cluster/commands.ts';
import type { GroupCalls, VouchedMember } from '../core/group/commands.ts';
import type { PartitionCalls } from '../core/log/calls.ts';
import type { SubscriptionCalls } from '../core/push/calls.ts';
import type { TransactionCalls } from '../core/transaction/calls.ts';
import type {
  ControllerStub,
  GroupStub,
  Objects,
  PartitionStub,
  PartitionWatch,
  Stub,
  Watch,
} from '../runtime/stubs.ts';
import { GatheredAppends } from './gathered-appends.ts';

/** How many stubs of partitions a connection keeps: those it used last. */
const keptStubs = 10_000;

export class CountedObjects implements Objects {
  readonly #objects: Objects;
  readonly #partitions = new Map<string, PartitionStub>();
  calls = 0;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  partition(topicId: string, partition: number): PartitionStub {
    const key = `${topicId}:${partition}`;
    const stub =
      this.#partitions.get(key) ??
      this.#countedPartition(this.#objects.partition(topicId, partition));
    this.#partitions.delete(key);
    this.#partitions.set(key, stub);
    if (this.#partitions.size > keptStubs) {
      const [oldest] = this.#partitions.keys();
      this.#partitions.delete(oldest);
    }
    return stub;
  }

  group(groupId: string): GroupStub {
    const stub = this.#objects.group(groupId);
    return {
      ...this.#counted<GroupCalls>(stub),
      watch: (member: VouchedMember): Promise<Watch> => {
        this.calls++;
        return stub.watch(member);
      },
    };
  }

  transaction(transactionalId: string): Stub<TransactionCalls> {
    return this.#counted(this.#objects.transaction(transactionalId));
  }

  subscription(name: string): Stub<SubscriptionCalls> {
    return this.#counted(this.#objects.subscription(name));
  }

  controller(): ControllerStub {
    const stub = this.#objects.controller();
    return {
      ...this.#counted<ClusterCalls>(stub),
      watch: (): Promise<Watch> => {
        this.calls++;
        return stub.watch();
      },
    };
  }

  #countedPartition(stub: PartitionStub): PartitionStub {
    const counted = this.#counted<PartitionCalls>(stub);
    const appends = new GatheredAppends({
      append: (command) => counted.call('append', command),
      appendAll: (command) => counted.call('appendAll', command),
    });
    type Calls = PartitionCalls;
    const call = <K extends keyof Calls & string>(kind: K, command: Calls[K]['command']) =>
      kind === 'append'
        ? appends.append(command as Calls['append']['command'])
        : counted.call(kind, command);
    return {
      call: call as Stub<Calls>['call'],
      watch: (withRecords?: boolean): Promise<PartitionWatch> => {
        this.calls++;
        return stub.watch(withRecords);
      },
    };
  }

  #counted<Calls extends { [K in keyof Calls]: { command: unknown; reply: unknown } }>(
    stub: Stub<Calls>,
  ): Stub<Calls> {
    return {
      call: (kind, command) => {
        this.calls++;
        return stub.call(kind, command);
      },
    };
  }
}
