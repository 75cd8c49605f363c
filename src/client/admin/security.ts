/**
 * Users and what they may do. The surprise: a password never leaves the client. What is sent is
 * made of it, with a salt, by so many steps that nobody finds the way back (RFC 5802).
 */
import { AclOperation, AclPattern, AclPermission, AclResourceType } from '../../protocol/acl.ts';
import { alterUserScramCredentials } from '../../protocol/apis/alter-user-scram-credentials.ts';
import { createAcls } from '../../protocol/apis/create-acls.ts';
import { deleteAcls } from '../../protocol/apis/delete-acls.ts';
import { describeAcls } from '../../protocol/apis/describe-acls.ts';
import { describeUserScramCredentials } from '../../protocol/apis/describe-user-scram-credentials.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Link } from '../link.ts';
import type { Limits } from '../waiting.ts';
import { throwIfRefused } from './refusals.ts';

/** One line of who may do what, in Kafka's words. */
export interface Acl {
  /** `User:alice`; `User:*` is everybody. */
  readonly principal: string;
  /** Default `*`: from anywhere. */
  readonly host?: string;
  readonly operation: keyof typeof AclOperation;
  /** Default `ALLOW`. */
  readonly permission?: 'ALLOW' | 'DENY';
  /** `TOPIC`, `GROUP`, `CLUSTER`, `TRANSACTIONAL_ID`, `USER`. */
  readonly resourceType: keyof typeof AclResourceType;
  readonly resourceName: string;
  /** Default `LITERAL`: the resource of this name; `PREFIXED`: all whose names begin so. */
  readonly pattern?: 'LITERAL' | 'PREFIXED';
}

/** What is left out may be anything. `MATCH` finds all lines that decide over a name. */
export type AclFilter = Partial<Omit<Acl, 'permission' | 'pattern'>> & {
  readonly permission?: keyof typeof AclPermission;
  readonly pattern?: keyof typeof AclPattern;
};

export async function allow(link: Link, acls: readonly Acl[], limits: Limits): Promise<void> {
  const creations = acls.map((acl) => ({
    resourceType: AclResourceType[acl.resourceType],
    resourceName: acl.resourceName,
    resourcePatternType: AclPattern[acl.pattern ?? 'LITERAL'],
    principal: acl.principal,
    host: acl.host ?? '*',
    operation: AclOperation[acl.operation],
    permissionType: AclPermission[acl.permission ?? 'ALLOW'],
  }));
  const answer = await link.call(createAcls, { creations }, limits);
  for (const result of answer.results) throwIfRefused(result);
}

export async function find(link: Link, filter: AclFilter, limits: Limits): Promise<Acl[]> {
  const answer = await link.call(describeAcls, filterOf(filter), limits);
  throwIfRefused(answer);
  return answer.resources.flatMap(({ acls, ...resource }) =>
    acls.map((acl) => aclOf({ ...resource, ...acl })),
  );
}

/** Answers those that are gone. */
export async function withdraw(link: Link, filter: AclFilter, limits: Limits): Promise<Acl[]> {
  const answer = await link.call(deleteAcls, { filters: [filterOf(filter)] }, limits);
  const [result] = answer.filterResults;
  throwIfRefused(result);
  return result.matchingAcls.map((acl) => {
    throwIfRefused(acl);
    return aclOf(acl);
  });
}

function filterOf(filter: AclFilter) {
  return {
    resourceTypeFilter: AclResourceType[filter.resourceType ?? 'ANY'],
    resourceNameFilter: filter.resourceName ?? null,
    patternTypeFilter: AclPattern[filter.pattern ?? 'ANY'],
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: AclOperation[filter.operation ?? 'ANY'],
    permissionType: AclPermission[filter.permission ?? 'ANY'],
  };
}

function aclOf(acl: {
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
}): Acl {
  return {
    principal: acl.principal,
    host: acl.host,
    operation: wordFor(AclOperation, acl.operation),
    permission: acl.permissionType === AclPermission.DENY ? 'DENY' : 'ALLOW',
    resourceType: wordFor(AclResourceType, acl.resourceType),
    resourceName: acl.resourceName,
    pattern: acl.patternType === AclPattern.PREFIXED ? 'PREFIXED' : 'LITERAL',
  };
}

function wordFor<T extends { readonly UNKNOWN: number }>(words: T, code: number): keyof T {
  const known = Object.keys(words) as (keyof T)[];
  return known.find((word) => words[word] === code) ?? 'UNKNOWN';
}

/** Kafka's numbers of the mechanisms, and the hash of each. */
const mechanisms = [
  { mechanism: 1, hash: 'SHA-256', bytes: 32 },
  { mechanism: 2, hash: 'SHA-512', bytes: 64 },
] as const;
const standardIterations = 8_192;

/** Makes a user, or gives one another password: for SCRAM of both kinds, PLAIN and HTTP. */
export async function setPassword(
  link: Link,
  name: string,
  password: string,
  { iterations = standardIterations, ...limits }: Limits & { iterations?: number | undefined },
): Promise<void> {
  // One by one: Kafka changes a user once in a request.
  for (const { mechanism, hash, bytes } of mechanisms) {
    const salt = crypto.getRandomValues(new Uint8Array(24));
    const saltedPassword = await derived(
      password,
      { name: 'PBKDF2', hash, salt, iterations },
      bytes,
    );
    const upsertions = [{ name, mechanism, iterations, salt, saltedPassword }];
    const answer = await link.call(alterUserScramCredentials, { upsertions }, limits);
    for (const result of answer.results) throwIfRefused(result, name);
  }
}

/** Of the password as it is: Kafka does not normalise either, and the rest of Kedge must agree. */
async function derived(
  password: string,
  how: { name: 'PBKDF2'; hash: string; salt: Uint8Array<ArrayBuffer>; iterations: number },
  bytes: number,
): Promise<Uint8Array> {
  const raw = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey('raw', raw, 'PBKDF2', false, ['deriveBits']);
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * bytes));
}

export async function users(link: Link, limits: Limits): Promise<string[]> {
  const answer = await link.call(describeUserScramCredentials, { users: null }, limits);
  throwIfRefused(answer);
  return answer.results.map(({ user }) => user);
}

export async function removeUser(link: Link, name: string, limits: Limits): Promise<void> {
  const described = await link.call(describeUserScramCredentials, { users: [{ name }] }, limits);
  throwIfRefused(described);
  const [user] = described.results;
  throwIfRefused(user ?? { errorCode: ErrorCode.RESOURCE_NOT_FOUND }, name);
  for (const { mechanism } of user.credentialInfos) {
    const deletions = [{ name, mechanism }];
    const answer = await link.call(alterUserScramCredentials, { deletions }, limits);
    for (const result of answer.results) throwIfRefused(result, name);
  }
}
