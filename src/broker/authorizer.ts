/**
 * Who asks, and what they may do: the one question behind every door. The surprise: handlers ask,
 * not doors, so a door that is added tomorrow is guarded as those of today.
 */
import type { AclOperation, AclResourceType } from '../protocol/acl.ts';

/** Who a client has proven to be, or `anonymous`. */
export interface Principal {
  /** `User`, as with Kafka's default principal builder. */
  readonly type: string;
  readonly name: string;
}

export const anonymous: Principal = { type: 'User', name: 'ANONYMOUS' };

/** Who has the token of this deployment: a super user. */
export const owner: Principal = { type: 'User', name: 'admin' };

/** `User:alice` */
export function principalText({ type, name }: Principal): string {
  return `${type}:${name}`;
}

/** What one client may do: bound to its principal and its host. */
export interface Authorizer {
  /** Nobody need ask: everything is allowed, now and later. */
  readonly allowsAll: boolean;
  /** Whether the client may do this to the resource of this name. */
  may(operation: AclOperation, type: AclResourceType, name: string): Promise<boolean>;
  /** Whether there is any resource of this type to which the client may do this. */
  mayToAny(operation: AclOperation, type: AclResourceType): Promise<boolean>;
}

/** Where nobody is asked who they are, everybody may do everything. */
export const everythingAllowed: Authorizer = {
  allowsAll: true,
  may: async () => true,
  mayToAny: async () => true,
};
