/**
 * What happens to a consumer instance's state, as functions from one state to the next:
 * subscribing, joining, seeking, reading, committing. The surprise: a rebalance throws every
 * position away, even of partitions that stay; as with the Java consumer's eager protocols, the
 * committed offset decides.
 */
import type {
  ConsumedPartition,
  Membership,
  Position,
  RestConsumerConfig,
  RestConsumerState,
} from './calls.ts';

/** An operation that does not fit the state of the instance. */
export class IllegalStateError extends Error {
  override readonly name = 'IllegalStateError';
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

const notMember: Membership = { memberId: '', generationId: -1, topics: [], led: null };

export function newState(
  group: string,
  config: RestConsumerConfig,
  now: number,
): RestConsumerState {
  return {
    group,
    config,
    subscription: { kind: 'none' },
    member: null,
    partitions: [],
    autoCommittedAtMs: now,
  };
}

/** Subscribes to exactly these topics; to none is to unsubscribe. */
export function subscribe(state: RestConsumerState, topics: readonly string[]): RestConsumerState {
  if (topics.length === 0) return unsubscribe(state);
  exclude(state, 'topics');
  const subscription = { kind: 'topics', topics: [...new Set(topics)] } as const;
  return { ...state, subscription, member: state.member ?? notMember };
}

/** Subscribes to the topics whose whole name matches, now and later. */
export function subscribeToPattern(state: RestConsumerState, pattern: string): RestConsumerState {
  exclude(state, 'pattern');
  return {
    ...state,
    subscription: { kind: 'pattern', pattern },
    member: state.member ?? notMember,
  };
}

/** No topics, no partitions, no membership. The caller has left the group. */
export function unsubscribe(state: RestConsumerState): RestConsumerState {
  return { ...state, subscription: { kind: 'none' }, member: null, partitions: [] };
}

/**
 * Takes partitions by hand, in place of those taken before; positions of those that stay are kept.
 */
export function assign(
  state: RestConsumerState,
  partitions: readonly TopicPartition[],
): RestConsumerState {
  if (partitions.length === 0) return unsubscribe(state);
  exclude(state, 'assigned');
  const taken = new Map(partitions.map((wanted) => [nameOf(wanted), wanted]));
  return {
    ...state,
    subscription: { kind: 'assigned' },
    partitions: [...taken.values()].map((wanted) => find(state, wanted) ?? unread(wanted)),
  };
}

/** The group answered a join: a member of this generation, not yet knowing its partitions. */
export function joined(state: RestConsumerState, member: Membership): RestConsumerState {
  return { ...state, member, partitions: [] };
}

/** The group said which partitions are ours. */
export function assignedByGroup(
  state: RestConsumerState,
  partitions: readonly TopicPartition[],
): RestConsumerState {
  return { ...state, partitions: partitions.map(unread) };
}

/** The membership is no longer valid: join again before reading on. */
export function mustRejoin(state: RestConsumerState, memberId: string): RestConsumerState {
  const member = { ...(state.member ?? notMember), memberId, generationId: -1, led: null };
  return { ...state, member, partitions: [] };
}

/** Reads on from elsewhere. Throws IllegalStateError for a partition that is not assigned. */
export function seek(
  state: RestConsumerState,
  targets: readonly (TopicPartition & { readonly position: Position })[],
): RestConsumerState {
  for (const target of targets) {
    if (find(state, target)) continue;
    throw new IllegalStateError(
      `No current assignment for partition ${target.topic}-${target.partition}`,
    );
  }
  const positions = new Map(targets.map((target) => [nameOf(target), target.position]));
  return mapPartitions(state, (one) => ({
    ...one,
    position: positions.get(nameOf(one)) ?? one.position,
  }));
}

/**
 * Sets positions that were read up to, looked up or reset; partitions that are gone are left out.
 */
export function moveTo(
  state: RestConsumerState,
  offsets: readonly PartitionOffset[],
): RestConsumerState {
  const positions = new Map(offsets.map((one) => [nameOf(one), one.offset]));
  return mapPartitions(state, (one) => ({
    ...one,
    position: positions.get(nameOf(one)) ?? one.position,
  }));
}

/** Remembers what the group has committed. */
export function markCommitted(
  state: RestConsumerState,
  offsets: readonly PartitionOffset[],
): RestConsumerState {
  const committed = new Map(offsets.map((one) => [nameOf(one), one.offset]));
  return mapPartitions(state, (one) => ({
    ...one,
    committed: committed.get(nameOf(one)) ?? one.committed,
  }));
}

/** How far every partition has been read: what a commit of everything commits. */
export function consumedOffsets(state: RestConsumerState): PartitionOffset[] {
  return state.partitions.flatMap(({ topic, partition, position }) =>
    typeof position === 'number' ? [{ topic, partition, offset: position }] : [],
  );
}

/** What of that is not committed yet. */
export function uncommittedOffsets(state: RestConsumerState): PartitionOffset[] {
  const done = new Map(state.partitions.map((one) => [nameOf(one), one.committed]));
  return consumedOffsets(state).filter((one) => done.get(nameOf(one)) !== one.offset);
}

function exclude(state: RestConsumerState, kind: 'topics' | 'pattern' | 'assigned'): void {
  const now = state.subscription.kind;
  if (now === 'none' || now === kind) return;
  throw new IllegalStateError(
    'Subscription to topics, partitions and pattern are mutually exclusive',
  );
}

function mapPartitions(
  state: RestConsumerState,
  change: (one: ConsumedPartition) => ConsumedPartition,
): RestConsumerState {
  return { ...state, partitions: state.partitions.map(change) };
}

function unread({ topic, partition }: TopicPartition): ConsumedPartition {
  return { topic, partition, position: 'committed', committed: -1 };
}

function find(state: RestConsumerState, wanted: TopicPartition): ConsumedPartition | undefined {
  return state.partitions.find((one) => nameOf(one) === nameOf(wanted));
}

/** Topic names have no slash. */
function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
