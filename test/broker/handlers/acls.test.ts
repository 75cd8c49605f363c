import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AclOperation, AclPattern } from '../../../src/protocol/acl.ts';
import { createAcls } from '../../../src/protocol/apis/create-acls.ts';
import { deleteAcls } from '../../../src/protocol/apis/delete-acls.ts';
import { describeAcls } from '../../../src/protocol/apis/describe-acls.ts';
import { metadata } from '../../../src/protocol/apis/metadata.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { alice, GuardedCluster, root } from '../authorization/guarded-cluster.ts';
import { throughBytes } from '../through-bytes.ts';

const any = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};
const reads = {
  resourceType: 2,
  resourceName: 'orders',
  resourcePatternType: 3,
  principal: 'User:alice',
  host: '*',
  operation: AclOperation.READ as number,
  permissionType: 3,
};
const writes = { ...reads, operation: AclOperation.WRITE };
const named = { ...reads, resourceName: 'ord', resourcePatternType: AclPattern.PREFIXED };

let cluster: GuardedCluster;
beforeEach(() => {
  cluster = new GuardedCluster();
});
afterEach(() => cluster.memory.close());

describe.each([1, 2, 3])('with an authorizer, v%d', (version) => {
  it('entries are made, described by resource, and removed', async () => {
    const context = cluster.connect(root)(version);
    const creations = [reads, writes, named, { ...reads, principal: 'alice' }];
    const { results } = await throughBytes(createAcls, { creations }, context);
    expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, ErrorCode.INVALID_REQUEST]);
    expect(results[3].errorMessage).toContain('no colon is present');
    const described = await throughBytes(describeAcls, any, context);
    const entry = { principal: 'User:alice', host: '*', permissionType: 3 };
    expect(described.resources).toEqual([
      {
        resourceType: 2,
        resourceName: 'orders',
        patternType: 3,
        acls: [
          { ...entry, operation: AclOperation.READ },
          { ...entry, operation: AclOperation.WRITE },
        ],
      },
      {
        resourceType: 2,
        resourceName: 'ord',
        patternType: 4,
        acls: [{ ...entry, operation: AclOperation.READ }],
      },
    ]);
    const filters = [
      { ...any, operation: AclOperation.WRITE },
      { ...any, principalFilter: 'x' },
    ];
    const { filterResults } = await throughBytes(deleteAcls, { filters }, context);
    const { resourcePatternType: patternType, ...removed } = writes;
    expect(filterResults).toEqual([
      {
        errorCode: 0,
        errorMessage: null,
        matchingAcls: [{ errorCode: 0, errorMessage: null, ...removed, patternType }],
      },
      { errorCode: 0, errorMessage: null, matchingAcls: [] },
    ]);
    expect((await throughBytes(describeAcls, any, context)).resources).toHaveLength(2);
  });

  it.each([
    { resourceType: 0 },
    { resourceType: 99 },
    { resourcePatternType: 0 },
    { operation: 0 },
    { permissionType: 17 },
  ])('what says nothing refuses the whole request: %o', async (wrong) => {
    const context = cluster.connect(root)(version);
    const creations = [reads, { ...reads, ...wrong }];
    const { results } = await throughBytes(createAcls, { creations }, context);
    const codes = results.map(({ errorCode }) => errorCode);
    expect(codes).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST]);
    expect((await throughBytes(describeAcls, any, context)).resources).toEqual([]);
  });

  it('a filter that says nothing is refused', async () => {
    const context = cluster.connect(root)(version);
    const filter = { ...any, operation: 77 };
    const described = await throughBytes(describeAcls, filter, context);
    expect(described.errorCode).toBe(ErrorCode.INVALID_REQUEST);
    const { filterResults } = await throughBytes(deleteAcls, { filters: [filter] }, context);
    expect(filterResults[0].errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});

describe('an entry', () => {
  it('counts at once for the gateway that made it, whoever asks there', async () => {
    await cluster.createTopics('orders');
    const connect = cluster.connectAll();
    const asked = { topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', name: 'orders' }] };
    const code = async () => {
      const { topics } = await throughBytes(metadata, asked, connect(alice)(9));
      return topics[0].errorCode;
    };
    expect(await code()).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    await throughBytes(createAcls, { creations: [reads] }, connect(root)(3));
    expect(await code()).toBe(0);
    await throughBytes(deleteAcls, { filters: [any] }, connect(root)(3));
    expect(await code()).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  });
});
