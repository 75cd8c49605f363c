/**
 * One visit to a consumer instance: its state is taken out of its object, used, and put back. The
 * surprise: whatever happens in between, the state goes back, since a member id or a position that
 * Kafka knows of must not be lost with the request that learned it.
 */
import { demand } from '../../../broker/permissions.ts';
import type {
  CheckedOut,
  RestConsumerCalls,
  RestConsumerState,
} from '../../../core/rest-consumer/calls.ts';
import type { Stub } from '../../../runtime/stubs.ts';
import { illegalState, instanceNotFound } from '../errors.ts';
import type { Kafka } from '../kafka.ts';
import type { HttpContext } from '../routes.ts';

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
  readonly group: string;
  /** Kafka knows the member by it, as its client id. */
  readonly name: string;
  readonly object: Stub<RestConsumerCalls>;
}

/** The instance that the path names, existing or not. */
export function instanceOf(c: HttpContext): Instance {
  const { group, instance: name } = c.req.param() as { group: string; instance: string };
  return { kafka: c.get('kafka'), group, name, object: c.env.restConsumer(group, name) };
}

/**
 * How long a visit may take before others may have the instance; twice what any is meant to take.
 */
export const visitMs = 60_000;

/**
 * Throws 40403 when there is no such instance (unless `create` says what it begins as), and what
 * `use` throws.
 */
export async function visit<T>(
  instance: Instance,
  leaseMs: number,
  use: (consumer: Consumer) => Promise<T>,
  create?: () => RestConsumerState,
): Promise<T> {
  const { kafka, object } = instance;
  await mayBeMember(instance);
  const out = await checkOut(object, leaseMs, create);
  kafka.callItself(instance.name);
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

/** Its object is asked by no handler, so it is here that the group is guarded. */
export async function mayBeMember({
  kafka,
  group,
}: Pick<Instance, 'kafka' | 'group'>): Promise<void> {
  await demand(kafka.context, 'READ', 'GROUP', group);
}

async function checkOut(
  object: Stub<RestConsumerCalls>,
  leaseMs: number,
  create?: () => RestConsumerState,
): Promise<CheckedOut> {
  const { out } = await object.call('checkOut', { leaseMs });
  if (out !== null) return out;
  if (create === undefined) throw instanceNotFound();
  // Whether ours or that of somebody who was faster: there is one now.
  await object.call('create', { state: create() });
  return checkOut(object, leaseMs);
}

async function putBack(
  object: Stub<RestConsumerCalls>,
  { lease, revision }: CheckedOut,
  { state, deleted }: Consumer,
): Promise<boolean> {
  const command = { lease, revision, state: deleted ? null : state };
  return (await object.call('checkIn', command)).kept;
}
