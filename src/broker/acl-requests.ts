/**
 * What requests about access control entries have in common. The surprise: Kafka takes numbers that
 * it does not know for a request that cannot be read, and hangs up; here they are an error.
 */
import type { AclFilter } from '../core/cluster/acls.ts';
import { AclOperation, AclPattern, AclPermission, AclResourceType } from '../protocol/acl.ts';
import { ErrorCode, KafkaError } from '../protocol/errors.ts';

/** What every question about entries is answered with where there is no authorizer. */
export const noAuthorizer = {
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: 'No Authorizer is configured.',
};

interface Numbers {
  readonly resourceType: number;
  readonly patternType: number;
  readonly operation: number;
  readonly permissionType: number;
}

/** Throws INVALID_REQUEST for a number that says nothing. */
export function checkNumbers({ resourceType, patternType, operation, permissionType }: Numbers) {
  const areKnown =
    isKnown(resourceType, AclResourceType) &&
    isKnown(patternType, AclPattern) &&
    isKnown(operation, AclOperation) &&
    isKnown(permissionType, AclPermission);
  if (areKnown) return;
  throw new KafkaError(ErrorCode.INVALID_REQUEST, 'The request contains UNKNOWN elements.');
}

function isKnown(number: number, names: Readonly<Record<string, number>>): boolean {
  return number !== names.UNKNOWN && Object.values(names).includes(number);
}

/** A filter as requests have it. */
interface AskedFilter {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

/** Throws as `checkNumbers`. */
export function filterOf(asked: AskedFilter): AclFilter {
  const filter = {
    resourceType: asked.resourceTypeFilter,
    resourceName: asked.resourceNameFilter,
    patternType: asked.patternTypeFilter,
    principal: asked.principalFilter,
    host: asked.hostFilter,
    operation: asked.operation,
    permissionType: asked.permissionType,
  };
  checkNumbers(filter);
  return filter;
}
