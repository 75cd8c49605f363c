/**
 * How handlers ask what a client may do: whether it may do what its request is about, or which of
 * the things it names. The surprise: each type of resource has its own error for "you may not".
 */
import { AclOperation, AclResourceType, CLUSTER_NAME } from '../protocol/acl.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';
import type { RequestContext } from './context.ts';

type Asking = Pick<RequestContext, 'authorizer'>;

type Operation = keyof typeof AclOperation;

const denied = {
  TOPIC: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  GROUP: ErrorCode.GROUP_AUTHORIZATION_FAILED,
  CLUSTER: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  TRANSACTIONAL_ID: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
} as const;

/** A type of resource that requests are about. */
export type Resource = keyof typeof denied;

/** The error for what may not be done to a resource of this type. */
export function deniedCode(type: Resource): number {
  return denied[type];
}

export function may(
  { authorizer }: Asking,
  operation: Operation,
  type: Resource,
  name: string,
): Promise<boolean> {
  return authorizer.may(AclOperation[operation], AclResourceType[type], name);
}

export function mayWithCluster(asking: Asking, operation: Operation): Promise<boolean> {
  return may(asking, operation, 'CLUSTER', CLUSTER_NAME);
}

/** Throws the error of that type for what the client may not do. */
export async function demand(
  asking: Asking,
  operation: Operation,
  type: Resource,
  name: string,
): Promise<void> {
  if (!(await may(asking, operation, type, name))) throw new KafkaError(denied[type]);
}

/** The same for all of these: one that is forbidden refuses them all. */
export async function demandEach(
  asking: Asking,
  operation: Operation,
  type: Resource,
  names: readonly string[],
): Promise<void> {
  const isAllowed = await mayEach(asking, operation, type, names);
  if (!names.every(isAllowed)) throw new KafkaError(denied[type]);
}

/** Throws CLUSTER_AUTHORIZATION_FAILED. */
export function demandOfCluster(asking: Asking, operation: Operation): Promise<void> {
  return demand(asking, operation, 'CLUSTER', CLUSTER_NAME);
}

/**
 * What of a request may go on to the controller, and what may not. What is named twice goes on
 * whether it is allowed or not: the controller refuses it for that.
 */
export function sifted<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  isAllowed: (name: string) => boolean,
): { passed: readonly T[]; forbidden: readonly T[] } {
  const times = new Map<string, number>();
  for (const name of items.map(nameOf)) times.set(name, (times.get(name) ?? 0) + 1);
  const passes = (item: T) => times.get(nameOf(item))! > 1 || isAllowed(nameOf(item));
  return { passed: items.filter(passes), forbidden: items.filter((item) => !passes(item)) };
}

/** Which of these it is allowed for. */
export async function mayEach(
  asking: Asking,
  operation: Operation,
  type: Resource,
  names: Iterable<string>,
): Promise<(name: string) => boolean> {
  if (asking.authorizer.allowsAll) return () => true;
  const allowed = new Set<string>();
  for (const name of new Set(names)) {
    if (await may(asking, operation, type, name)) allowed.add(name);
  }
  return (name) => allowed.has(name);
}
