/**
 * One poll of a consumer instance: be a member, commit what is due, find out where to read, and read.
 * The surprise: joining a group takes as long as the group needs, so the client gets an empty answer
 * when its time is up while the joining goes on behind it, ready for its next poll.
 */
import type { RestConsumerState } from '../../../core/rest-consumer/calls.ts';
import {
  IllegalStateError,
  moveTo,
  type PartitionOffset,
} from '../../../core/rest-consumer/state.ts';
import { ErrorCode, errorInfo, KafkaError } from '../../../protocol/errors.ts';
import { type Consumed, fetchRecords } from '../consume.ts';
import type { Consumer } from './consumer.ts';
import { beat, ensureMember, sleep } from './membership.ts';
import { autoCommit, resetPositions, resolvePositions } from './offsets.ts';

export interface PollOptions {
  /** How long to wait for records once there are partitions to read. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** When to stop trying to join. */
  readonly giveUpAt: number;
  readonly patience: Patience;
}

/** `consumer.request.timeout.ms`, when neither the instance nor the poll says. */
const defaultTimeoutMs = 1_000;
/** Java's `heartbeat.interval.ms`: how long a fetch may keep us from hearing of a rebalance. */
const heartbeatMs = 3_000;
/** Past the group's first wait for its members, a join that nobody holds up needs but a moment. */
const joinGraceMs = 2_000;
const pauseMs = 100;

/** How long this poll may wait for records: as asked, within what the instance was created with. */
export function pollTimeoutMs({ config }: RestConsumerState, asked: number | undefined): number {
  if (asked === undefined) return config.requestTimeoutMs ?? defaultTimeoutMs;
  return Math.min(asked, config.requestTimeoutMs ?? config.instanceTimeoutMs);
}

/** How long a client that polls waits at most for its group to form. */
export function joinPatienceMs(asked: number | undefined, initialRebalanceDelayMs: number): number {
  return Math.max(asked ?? defaultTimeoutMs, initialRebalanceDelayMs + joinGraceMs);
}

/** The client's: it waits so long for the reading to begin, and then for as long as that takes. */
export class Patience {
  /** Settles when the client is not to wait any longer. */
  readonly lost: Promise<undefined>;
  #isLost = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number) {
    this.lost = new Promise((resolve) => {
      this.#timer = setTimeout(() => {
        this.#isLost = true;
        resolve(undefined);
      }, ms);
    });
  }

  /** Begins to read. False: nobody waits for records any more, so none must be taken. */
  begin(): boolean {
    clearTimeout(this.#timer);
    return !this.#isLost;
  }
}

/** Answers one JSON text a record. */
export async function poll(consumer: Consumer, options: PollOptions): Promise<readonly string[]> {
  const { kind } = consumer.state.subscription;
  if (kind === 'none') {
    const why = 'Consumer is not subscribed to any topics or assigned any partitions';
    throw new IllegalStateError(why);
  }
  const inGroup = kind !== 'assigned';
  if (inGroup && !(await ensureMember(consumer, options.giveUpAt))) return [];
  await autoCommit(consumer);
  if (!options.patience.begin()) return [];
  const { records, positions } = await read(consumer, options, inGroup);
  consumer.state = lastReadLast(moveTo(consumer.state, positions), positions);
  return records;
}

async function read(
  consumer: Consumer,
  { timeoutMs, maxBytes }: PollOptions,
  inGroup: boolean,
): Promise<Pick<Consumed, 'records' | 'positions'>> {
  const { fetchMinBytes, isolationLevel, format } = consumer.state.config;
  const deadline = consumer.now + timeoutMs;
  let heardAt = consumer.now;
  for (;;) {
    await resolvePositions(consumer);
    const left = deadline - consumer.now;
    const maxWaitMs = Math.max(0, Math.min(left, heartbeatMs));
    const started = consumer.now;
    const minBytes = left > 0 ? Math.max(1, fetchMinBytes) : 0;
    const options = { maxWaitMs, minBytes, maxBytes, isolationLevel, format };
    const consumed = await fetchRecords(consumer.kafka, readable(consumer.state), options);
    await handleErrors(consumer, consumed.errors);
    const done = consumer.now >= deadline;
    if (consumed.records.length > 0 || done) return consumed;
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
async function handleErrors(consumer: Consumer, errors: Consumed['errors']): Promise<void> {
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

/** Partitions that were read from go behind the others, so that each gets its turn. */
function lastReadLast(
  state: RestConsumerState,
  read: readonly PartitionOffset[],
): RestConsumerState {
  const isRead = (one: { topic: string; partition: number }) =>
    read.some(({ topic, partition }) => one.topic === topic && one.partition === partition);
  const [before, after] = [
    state.partitions.filter((one) => !isRead(one)),
    state.partitions.filter(isRead),
  ];
  return { ...state, partitions: [...before, ...after] };
}
