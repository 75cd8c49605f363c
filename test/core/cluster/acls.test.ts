import { beforeEach, describe, expect, it } from 'vitest';
import type { Acl } from '../../../src/core/acl-rules.ts';
import type { AclFilter } from '../../../src/core/cluster/acls.ts';
import {
  AclOperation,
  AclPattern,
  AclPermission,
  AclResourceType,
} from '../../../src/protocol/acl.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster } from './test-cluster.ts';

const acl: Acl = {
  resourceType: AclResourceType.TOPIC,
  resourceName: 'orders',
  patternType: AclPattern.LITERAL,
  principal: 'User:alice',
  host: '*',
  operation: AclOperation.READ,
  permissionType: AclPermission.ALLOW,
};
const every: AclFilter = {
  resourceType: AclResourceType.ANY,
  resourceName: null,
  patternType: AclPattern.ANY,
  principal: null,
  host: null,
  operation: AclOperation.ANY,
  permissionType: AclPermission.ANY,
};
const prefixed: Acl = { ...acl, resourceName: 'ord', patternType: AclPattern.PREFIXED };
const wildcard: Acl = { ...acl, resourceName: '*' };
const other: Acl = { ...acl, resourceName: 'others', host: '10.0.0.0/8', principal: 'User:bob' };
const all = [acl, prefixed, wildcard, other];

let cluster: Cluster;
const create = (...acls: readonly Acl[]) => cluster.call('createAcls', { acls }).results;
const found = (filter: Partial<AclFilter>) =>
  cluster.call('describeAcls', { ...every, ...filter }).acls;
const names = (filter: Partial<AclFilter>) => found(filter).map(({ resourceName }) => resourceName);

beforeEach(() => {
  cluster = new Cluster();
});

describe('entries', () => {
  it('are kept, each once, and outlive their machine', () => {
    expect(create(acl, acl, prefixed).map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
    expect(create(acl)[0].errorCode).toBe(0);
    cluster.restart();
    expect(found({})).toEqual([acl, prefixed]);
  });

  it('have a version that changes with them', () => {
    const known = (version: number) => cluster.call('getAcls', { version });
    expect(known(-1)).toEqual({ version: 0, acls: [] });
    expect(known(0)).toEqual({ version: 0, acls: null });
    create(acl);
    expect(known(0)).toEqual({ version: 1, acls: [acl] });
    create(acl);
    expect(known(1)).toEqual({ version: 1, acls: null });
    cluster.restart();
    cluster.call('deleteAcls', { filters: [every] });
    expect(known(1)).toEqual({ version: 2, acls: [] });
  });

  it.each<[string, Partial<Acl>]>([
    ['The only valid name for the CLUSTER resource is kafka-cluster', { resourceType: 4 }],
    ['Invalid empty resource name', { resourceName: '' }],
    ['Invalid resourceType ANY', { resourceType: AclResourceType.ANY }],
    ['Invalid patternType ANY', { patternType: AclPattern.ANY }],
    ['Invalid patternType MATCH', { patternType: AclPattern.MATCH }],
    ['Invalid operation ANY', { operation: AclOperation.ANY }],
    ['Invalid permissionType ANY', { permissionType: AclPermission.ANY }],
    [
      'Could not parse principal from `alice` (no colon is present separating the principal type ' +
        'from the principal name)',
      { principal: 'alice' },
    ],
    ['Host pattern cannot be null or empty', { host: '' }],
    [
      "Invalid CIDR notation '10.0.0.0/40': Value [40] not in range [0,32]",
      { host: '10.0.0.0/40' },
    ],
  ])('are refused by themselves: %s', (errorMessage, wrong) => {
    const errorCode = ErrorCode.INVALID_REQUEST;
    const good = { errorCode: 0, errorMessage: null };
    expect(create({ ...acl, ...wrong }, prefixed)).toEqual([{ errorCode, errorMessage }, good]);
    expect(found({})).toEqual([prefixed]);
  });

  it('are 8 MiB of text at most, each refused by itself', () => {
    const long = (i: number) => ({ ...acl, resourceName: `${i}`.padStart(30_000, 'x') });
    const codes = create(...Array.from({ length: 300 }, (_, i) => long(i))).map(
      ({ errorCode }) => errorCode,
    );
    const made = codes.indexOf(ErrorCode.POLICY_VIOLATION);
    expect(made).toBe(279);
    expect(codes.slice(made).every((code) => code === ErrorCode.POLICY_VIOLATION)).toBe(true);
    cluster.restart();
    expect(create(long(299))[0].errorCode).toBe(ErrorCode.POLICY_VIOLATION);
    expect(create(long(0))[0].errorCode).toBe(0);
    cluster.call('deleteAcls', { filters: [{ ...every, resourceName: long(0).resourceName }] });
    expect(create(long(299))[0].errorCode).toBe(0);
  });

  it('are not made by more than 10,000 at once', () => {
    const acls = Array.from({ length: 10_001 }, (_, i) => ({ ...acl, resourceName: `${i}` }));
    expect(() => create(...acls)).toThrow('Unable to perform excessively large batch operation.');
    expect(found({})).toEqual([]);
    create(...acls.slice(1));
    create(acls[0]);
    expect(() => cluster.call('deleteAcls', { filters: [every] })).toThrow(
      'Cannot remove more than 10000 acls in a single delete operation.',
    );
    expect(found({})).toHaveLength(10_001);
  });
});

describe('a filter', () => {
  beforeEach(() => void create(...all));

  it.each<[string, Partial<AclFilter>, string[]]>([
    ['for all', {}, ['others', 'orders', 'ord', '*']],
    ['by name, literal or prefixed', { resourceName: 'ord' }, ['ord']],
    ['for a literal name', { resourceName: 'ord', patternType: AclPattern.LITERAL }, []],
    ['for prefixes', { patternType: AclPattern.PREFIXED }, ['ord']],
    [
      'for whatever speaks of a name',
      { resourceName: 'orders', patternType: AclPattern.MATCH },
      ['orders', 'ord', '*'],
    ],
    [
      'for whatever speaks of any name',
      { patternType: AclPattern.MATCH },
      ['others', 'orders', 'ord', '*'],
    ],
    ['by type', { resourceType: AclResourceType.GROUP }, []],
    ['by principal', { principal: 'User:bob' }, ['others']],
    ['by principal, where * is only itself', { principal: 'User:*' }, []],
    ['by host', { host: '10.0.0.0/8' }, ['others']],
    ['by host, where ranges are only themselves', { host: '10.0.0.1' }, []],
    ['by operation', { operation: AclOperation.ALL }, []],
    ['by permission', { permissionType: AclPermission.DENY }, []],
  ])('%s', (_, filter, expected) => {
    expect(names(filter)).toEqual(expected);
  });

  it('removes what it matches, and says so of each filter', () => {
    const filters = [{ ...every, resourceName: 'orders' }, every, { ...every, host: 'x' }];
    const { results } = cluster.call('deleteAcls', { filters });
    const removed = results.map(({ acls }) => acls.map(({ resourceName }) => resourceName));
    expect(removed).toEqual([['orders'], ['others', 'orders', 'ord', '*'], []]);
    cluster.restart();
    expect(found({})).toEqual([]);
  });
});
