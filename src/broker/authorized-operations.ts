/**
 * What a client may do to a resource, as the bit field of KIP-430. The surprise: "you did not ask"
 * is a value of its own, the smallest int32.
 */
import { AclOperation, AclResourceType, CLUSTER_NAME } from '../protocol/acl.ts';
import type { RequestContext } from './context.ts';

type Asking = Pick<RequestContext, 'authorizer'>;

/** Nobody asked. */
export const notAsked = -0x8000_0000;

const { READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE } = AclOperation;
const { CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE } = AclOperation;

/** What there is to do with each. */
const supported: Record<'TOPIC' | 'GROUP' | 'CLUSTER', readonly AclOperation[]> = {
  TOPIC: [READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS],
  GROUP: [READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS],
  CLUSTER: [
    CREATE,
    ALTER,
    DESCRIBE,
    CLUSTER_ACTION,
    DESCRIBE_CONFIGS,
    ALTER_CONFIGS,
    IDEMPOTENT_WRITE,
  ],
};

const bits = (operations: readonly AclOperation[]): number =>
  operations.reduce<number>((field, operation) => field | (1 << operation), 0);

export async function authorizedOperations(
  { authorizer }: Asking,
  type: keyof typeof supported,
  name: string,
): Promise<number> {
  const operations = supported[type];
  if (authorizer.allowsAll) return bits(operations);
  const allowed: AclOperation[] = [];
  for (const operation of operations) {
    if (await authorizer.may(operation, AclResourceType[type], name)) allowed.push(operation);
  }
  return bits(allowed);
}

/** The cluster's: who may not describe it is told that it may do nothing. */
export async function clusterOperations(isAsked: boolean, asking: Asking): Promise<number> {
  if (!isAsked) return notAsked;
  const { authorizer } = asking;
  const mayDescribe = await authorizer.may(DESCRIBE, AclResourceType.CLUSTER, CLUSTER_NAME);
  return mayDescribe ? authorizedOperations(asking, 'CLUSTER', CLUSTER_NAME) : 0;
}
