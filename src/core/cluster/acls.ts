/**
 * Access control entries as the cluster keeps them: who may (or may not) do what to which
 * resources, from where. The surprise: an entry has no name or number, it is what it says; to make
 * one that is there already succeeds and changes nothing.
 *
 * Behaviour
 * - Refuses what Kafka's controller refuses, in its words and in its order.
 * - LITERAL names one resource, or all of a type with the name `*`; PREFIXED all whose names begin
 *   so (KIP-290). A filter may ask for either (ANY), or for all that speak of a name (MATCH).
 * - Hosts may be ranges in CIDR notation (KIP-1276).
 */
import {
  AclOperation,
  AclPattern,
  AclPermission,
  AclResourceType,
  CLUSTER_NAME,
} from '../../protocol/acl.ts';
import { ErrorCode, KafkaError } from '../../protocol/errors.ts';
import type { Acl } from '../acl-rules.ts';
import { rangeProblem } from '../host-ranges.ts';
import type { Row } from '../machine.ts';
import { type Result, resultOf } from './results.ts';

/** Null, or ANY: whatever it is. */
export interface AclFilter {
  readonly resourceType: number;
  readonly resourceName: string | null;
  readonly patternType: number;
  readonly principal: string | null;
  readonly host: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

export type DeletedAcls = Result & { readonly acls: readonly Acl[] };

/** So many at most are made, or removed, by one request. */
const mostAtOnce = 10_000;
/** All entries, as text: every gateway asks for them in one call, and keeps them. */
const mostCharacters = 8 * 1024 * 1024;

export class Acls {
  readonly #acls = new Map<string, Acl>();
  #version = 0;
  /** Of all entries. */
  #characters = 0;

  /** Changes with the entries. */
  get version(): number {
    return this.#version;
  }

  /** `id`: of an entry; empty for the version of them all. */
  replay(id: string, value: unknown): void {
    if (id === '') {
      this.#version = (value as { version: number }).version;
      return;
    }
    if (this.#acls.delete(id)) this.#characters -= id.length;
    if (value === null) return;
    this.#acls.set(id, value as Acl);
    this.#characters += id.length;
  }

  all(): Acl[] {
    return [...this.#acls.values()];
  }

  /** Those that match, in Kafka's order. */
  matching(filter: AclFilter): Acl[] {
    return this.all()
      .filter((acl) => matches(filter, acl))
      .sort(inOrder);
  }

  /** An answer for each, and the rows that make it so. */
  create(acls: readonly Acl[]): { readonly results: readonly Result[]; readonly rows: Row[] } {
    const rows = new Map<string, Row>();
    let characters = this.#characters;
    const results = acls.map((acl) =>
      resultOf(() => {
        checkAcl(acl);
        const id = idOf(acl);
        if (this.#acls.has(id) || rows.has(id)) return;
        if (characters + id.length > mostCharacters) {
          throw new KafkaError(ErrorCode.POLICY_VIOLATION, 'There are too many ACLs.');
        }
        characters += id.length;
        rows.set(id, { key: `acl:${id}`, value: acl });
      }),
    );
    if (rows.size > mostAtOnce) {
      const message = 'Unable to perform excessively large batch operation.';
      throw new KafkaError(ErrorCode.POLICY_VIOLATION, message);
    }
    return { results, rows: this.#versioned(rows) };
  }

  /** What each filter removed. */
  delete(filters: readonly AclFilter[]): { readonly results: DeletedAcls[]; readonly rows: Row[] } {
    const rows = new Map<string, Row>();
    const results = filters.map((filter) => {
      const acls = this.matching(filter);
      for (const id of acls.map(idOf)) rows.set(id, { key: `acl:${id}`, value: null });
      return { errorCode: ErrorCode.NONE, errorMessage: null, acls };
    });
    if (rows.size > mostAtOnce) {
      const message = `Cannot remove more than ${mostAtOnce} acls in a single delete operation.`;
      throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
    }
    return { results, rows: this.#versioned(rows) };
  }

  #versioned(rows: ReadonlyMap<string, Row>): Row[] {
    if (rows.size === 0) return [];
    return [...rows.values(), { key: 'acl:', value: { version: this.#version + 1 } }];
  }
}

function idOf(acl: Acl): string {
  const { resourceType, resourceName, patternType, principal } = acl;
  const { host, operation, permissionType } = acl;
  const place = [resourceType, resourceName, patternType];
  return JSON.stringify([...place, principal, host, operation, permissionType]);
}

function matches(filter: AclFilter, acl: Acl): boolean {
  const is = <T>(wanted: T, found: T, any: T) => wanted === any || wanted === found;
  return (
    is(filter.resourceType, acl.resourceType, AclResourceType.ANY) &&
    matchesPattern(filter, acl) &&
    is(filter.principal, acl.principal, null) &&
    is(filter.host, acl.host, null) &&
    is(filter.operation, acl.operation, AclOperation.ANY) &&
    is(filter.permissionType, acl.permissionType, AclPermission.ANY)
  );
}

function matchesPattern({ patternType, resourceName }: AclFilter, acl: Acl): boolean {
  if (patternType === AclPattern.MATCH && resourceName !== null) {
    return acl.patternType === AclPattern.PREFIXED
      ? resourceName.startsWith(acl.resourceName)
      : acl.resourceName === resourceName || acl.resourceName === '*';
  }
  const isAnyPattern = patternType === AclPattern.ANY || patternType === AclPattern.MATCH;
  if (!isAnyPattern && patternType !== acl.patternType) return false;
  return resourceName === null || resourceName === acl.resourceName;
}

function inOrder(a: Acl, b: Acl): number {
  return (
    a.resourceType - b.resourceType ||
    compare(b.resourceName, a.resourceName) ||
    a.patternType - b.patternType ||
    a.operation - b.operation ||
    compare(a.principal, b.principal) ||
    compare(a.host, b.host) ||
    a.permissionType - b.permissionType
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Throws for what Kafka does not take. That the numbers are known was looked at before. */
function checkAcl(acl: Acl): void {
  const { resourceType, resourceName, patternType, operation, permissionType } = acl;
  if (resourceType === AclResourceType.CLUSTER && resourceName !== CLUSTER_NAME) {
    throw invalid(`The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`);
  }
  if (resourceName === '') throw invalid('Invalid empty resource name');
  if (resourceType === AclResourceType.ANY) throw invalid('Invalid resourceType ANY');
  if (patternType === AclPattern.ANY) throw invalid('Invalid patternType ANY');
  if (patternType === AclPattern.MATCH) throw invalid('Invalid patternType MATCH');
  if (operation === AclOperation.ANY) throw invalid('Invalid operation ANY');
  if (permissionType === AclPermission.ANY) throw invalid('Invalid permissionType ANY');
  if (!acl.principal.includes(':')) {
    throw invalid(
      `Could not parse principal from \`${acl.principal}\` ` +
        '(no colon is present separating the principal type from the principal name)',
    );
  }
  checkHost(acl.host);
}

function checkHost(host: string): void {
  if (host === '') throw invalid('Host pattern cannot be null or empty');
  const problem = host.includes('/') ? rangeProblem(host) : undefined;
  if (problem !== undefined) throw invalid(`Invalid CIDR notation '${host}': ${problem}`);
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
