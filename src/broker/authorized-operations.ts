/**
 * What a client may do to a resource, as the bit field of KIP-430. The surprise: "you did not ask"
 * is a value of its own, the smallest int32.
 */
import { AclOperation } from '../protocol/acl.ts';

const notAsked = -0x8000_0000;

function bits(...names: readonly (keyof typeof AclOperation)[]): number {
  return names.reduce((field, name) => field | (1 << AclOperation[name]), 0);
}

export const allTopicOperations = bits(
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
);

export const allClusterOperations = bits(
  'CREATE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
);

/** Everything is allowed to everyone as long as there is no authorizer. */
export function operations(asked: boolean, all: number): number {
  return asked ? all : notAsked;
}
