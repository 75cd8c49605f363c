/**
 * One visit to a consumer instance: its state is taken out of its object, used, and put back. The
 * surprise: whatever happens in between, the state goes back, since a member id or a position that
 * Kafka knows of must not be lost with the request that learned it.
 */
import type {
  CheckedOut,
  RestConsumerCalls,
  RestConsumerState,
} from '../../../core/rest-consumer/calls.ts';
import type { Stub } from '../../../runtime/stubs.ts';
import { illegalState, instanceNotFound } from '../errors.ts';
import type { Kafka } from '../kafka.ts';

/** A consumer instance in the hands of one request. */
export class Consumer {
  readonly kafka: Kafka;
  state: RestConsumerState;
  /** Set: the instance is forgotten when the visit ends. */
  deleted = false;

  constructor(kafka: Kafka, state: RestConsumerState) {
    this.kafka = kafka;
    this.state = state;
  }

  get group(): string {
    return this.state.group;
  }

  get now(): number {
    return this.kafka.context.now();
  }
}

export interface Instance {
  readonly kafka: Kafka;
  readonly object: Stub<RestConsumerCalls>;
}

/**
 * How long a visit may take before others may have the instance; twice what any is meant to take.
 */
export const visitMs = 60_000;

/** Throws 40403 when there is no such instance, and what `use` throws. */
export async function visit<T>(
  { kafka, object }: Instance,
  leaseMs: number,
  use: (consumer: Consumer) => Promise<T>,
): Promise<T> {
  const { out } = await object.call('checkOut', { leaseMs });
  if (out === null) throw instanceNotFound();
  const consumer = new Consumer(kafka, out.state);
  let result: T;
  try {
    result = await use(consumer);
  } catch (error) {
    await putBack(object, out, consumer);
    throw error;
  }
  if (await putBack(object, out, consumer)) return result;
  throw illegalState('the consumer instance was used by another request for too long');
}

async function putBack(
  object: Stub<RestConsumerCalls>,
  { lease, revision }: CheckedOut,
  { state, deleted }: Consumer,
): Promise<boolean> {
  const command = { lease, revision, state: deleted ? null : state };
  return (await object.call('checkIn', command)).kept;
}
