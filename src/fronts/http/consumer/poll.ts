/**
 * One poll of a consumer instance: be a member, commit what is due, find out where to read, and
 * read. The surprise: joining takes as long as the slowest member of the group, so a client may
 * get an empty answer first; the group goes on without it meanwhile, and its next poll finds the
 * generation formed.
 */
import type { RestConsumerState } from '../../../core/rest-consumer/calls.ts';
import {
  IllegalStateError,
  moveTo,
  type PartitionOffset,
  type TopicPartition,
} from '../../../core/rest-consumer/state.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../../protocol/errors.ts';
import { type Consumed, type Form, fetchRecords } from '../consume.ts';
import type { Consumer } from './consumer.ts';
import { beat, ensureMember, sleep } from './membership.ts';
import { autoCommit, resetPositions, resolvePositions } from './offsets.ts';

export interface PollOptions<T> {
  /** How long to wait for records once there are partitions to read. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Default: as many as there is room for. */
  readonly maxRecords?: number;
  readonly form: Form<T>;
}

/** `consumer.request.timeout.ms`, when neither the instance nor the poll says. */
const defaultTimeoutMs = 1_000;
/** Java's `heartbeat.interval.ms`: how long a fetch may keep us from hearing of a rebalance. */
const heartbeatMs = 3_000;
/** Past the group's first wait for its members, a join that nobody holds up needs but a moment. */
const joinGraceMs = 2_000;
const pauseMs = 100;

/**
 * How long this poll may wait for records: as asked, within what the instance was created with.
 */
export function pollTimeoutMs({ config }: RestConsumerState, asked: number | undefined): number {
  if (asked === undefined) return config.requestTimeoutMs ?? defaultTimeoutMs;
  return Math.min(asked, config.requestTimeoutMs ?? config.instanceTimeoutMs);
}

/** How long a client that polls waits at most for its group to form. */
function joinPatienceMs({ kafka }: Consumer, timeoutMs: number): number {
  const { groupInitialRebalanceDelayMs } = kafka.context.config;
  return Math.max(timeoutMs, groupInitialRebalanceDelayMs + joinGraceMs);
}

/** Answers the records, in their order in each partition. */
export async function poll<T>(consumer: Consumer, options: PollOptions<T>): Promise<readonly T[]> {
  const { kind } = consumer.state.subscription;
  const giveUpAt = consumer.now + joinPatienceMs(consumer, options.timeoutMs);
  if (kind === 'none') {
    const why = 'Consumer is not subscribed to any topics or assigned any partitions';
    throw new IllegalStateError(why);
  }
  const inGroup = kind !== 'assigned';
  if (inGroup && !(await ensureMember(consumer, giveUpAt))) return [];
  await autoCommit(consumer);
  const { records, positions } = await read(consumer, options, inGroup);
  // What a client that is gone was to get is still to be read by whoever comes next.
  if (consumer.kafka.context.signal.aborted) return [];
  consumer.state = advance(consumer.state, positions);
  return records;
}

async function read<T>(
  consumer: Consumer,
  { timeoutMs, ...limits }: PollOptions<T>,
  inGroup: boolean,
): Promise<Pick<Consumed<T>, 'records' | 'positions'>> {
  const { fetchMinBytes, isolationLevel } = consumer.state.config;
  const deadline = consumer.now + timeoutMs;
  let heardAt = consumer.now;
  for (;;) {
    await resolvePositions(consumer);
    const left = deadline - consumer.now;
    const maxWaitMs = Math.max(0, Math.min(left, heartbeatMs));
    const started = consumer.now;
    const minBytes = left > 0 ? Math.max(1, fetchMinBytes) : 0;
    const options = { maxWaitMs, minBytes, isolationLevel, ...limits };
    const consumed = await fetchRecords(consumer.kafka, readable(consumer.state), options);
    await handleErrors(consumer, consumed.errors);
    const waitedInFull = consumer.now - started >= maxWaitMs;
    const done = consumer.now >= deadline || consumer.kafka.context.signal.aborted;
    // Less than `fetch.min.bytes` is only good enough when the time is up.
    if (done || (consumed.records.length > 0 && !waitedInFull)) return consumed;
    if (consumed.records.length > 0 && fetchMinBytes <= 1) return consumed;
    consumer.state = moveTo(consumer.state, consumed.positions);
    if (consumer.now - started < pauseMs && consumed.positions.length === 0) {
      await sleep(Math.min(pauseMs, deadline - consumer.now));
    }
    if (!inGroup || consumer.now - heardAt < heartbeatMs) continue;
    heardAt = consumer.now;
    if (!(await beat(consumer)) && !(await ensureMember(consumer, deadline))) return consumed;
  }
}

function readable({ partitions }: RestConsumerState): PartitionOffset[] {
  return partitions.flatMap(({ topic, partition, position }) =>
    typeof position === 'number' ? [{ topic, partition, offset: position }] : [],
  );
}

/** Passing trouble is for the next fetch; a position outside of the log is reset. */
async function handleErrors(
  consumer: Consumer,
  errors: Consumed<unknown>['errors'],
): Promise<void> {
  for (const { topic, partition, errorCode } of errors) {
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      const lost = consumer.state.partitions.filter(
        (one) => one.topic === topic && one.partition === partition,
      );
      await resetPositions(consumer, lost);
    } else if (!errorInfo(errorCode).retriable) {
      throw new KafkaError(errorCode);
    }
  }
}

/** Reads on from here. Partitions that were read go behind the others: each gets its turn. */
function advance(
  state: RestConsumerState,
  positions: readonly PartitionOffset[],
): RestConsumerState {
  const moved = moveTo(state, positions);
  const isRead = (one: TopicPartition) =>
    positions.some(({ topic, partition }) => one.topic === topic && one.partition === partition);
  const waiting = moved.partitions.filter((one) => !isRead(one));
  return { ...moved, partitions: [...waiting, ...moved.partitions.filter(isRead)] };
}
