import { describe, expect, it } from 'vitest';
import type { ScramDeletion, ScramUpsertion } from '../../../src/core/cluster/scram-credentials.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster } from './test-cluster.ts';

const { DUPLICATE_RESOURCE, NONE, RESOURCE_NOT_FOUND, UNACCEPTABLE_CREDENTIAL } = ErrorCode;

function upsertion(name: string, more: Partial<ScramUpsertion> = {}): ScramUpsertion {
  const keys = { salt: 'c2FsdA==', storedKey: 'c3RvcmVk', serverKey: 'c2VydmVy' };
  return { name, mechanism: 1, iterations: 4_096, ...keys, ...more };
}

function alter(
  cluster: Cluster,
  upsertions: readonly ScramUpsertion[],
  deletions: readonly ScramDeletion[] = [],
) {
  const { results } = cluster.call('alterScramCredentials', { deletions, upsertions });
  return results.map(({ user, errorCode }) => [user, errorCode]);
}

function known(cluster: Cluster) {
  const { results } = cluster.call('describeScramCredentials', { users: null });
  return results.map(({ user, credentialInfos }) => [
    user,
    ...credentialInfos.map(({ mechanism, iterations }) => `${mechanism}/${iterations}`),
  ]);
}

describe('credentials', () => {
  it('are given with their keys to who is to check a password', () => {
    const cluster = new Cluster();
    alter(cluster, [upsertion('a', { mechanism: 2 }), upsertion('b')]);
    alter(cluster, [upsertion('a')]);
    const { credentials } = cluster.call('getScramCredentials', { user: 'a' });
    const keys = { iterations: 4_096, salt: 'c2FsdA==', storedKey: 'c3RvcmVk' };
    expect(credentials).toMatchObject([
      { mechanism: 1, ...keys },
      { mechanism: 2, ...keys },
    ]);
    expect(cluster.call('getScramCredentials', { user: 'c' })).toEqual({ credentials: [] });
  });

  it('are set, replaced and deleted, and survive', () => {
    const cluster = new Cluster();
    alter(cluster, [upsertion('a:b'), upsertion('carl', { mechanism: 2 })]);
    alter(cluster, [
      upsertion('a:b', { mechanism: 2 }),
      upsertion('carl', { mechanism: 2, iterations: 5_000 }),
    ]);
    cluster.restart();
    expect(known(cluster)).toEqual([
      ['a:b', '1/4096', '2/4096'],
      ['carl', '2/5000'],
    ]);
    const deletion = { name: 'a:b', mechanism: 1 };
    expect(alter(cluster, [], [deletion])).toEqual([['a:b', NONE]]);
    expect(alter(cluster, [], [deletion])).toEqual([['a:b', RESOURCE_NOT_FOUND]]);
    cluster.restart();
    expect(known(cluster)).toEqual([
      ['a:b', '2/4096'],
      ['carl', '2/5000'],
    ]);
  });

  it('tell nothing of their keys', () => {
    const cluster = new Cluster();
    alter(cluster, [upsertion('alice')]);
    const answer = JSON.stringify(cluster.call('describeScramCredentials', { users: ['alice'] }));
    expect(answer).not.toMatch(/c2FsdA|c3RvcmVk|c2VydmVy/);
  });

  it('of a user that is changed twice stay as they are', () => {
    const cluster = new Cluster();
    alter(cluster, [upsertion('alice')]);
    const twice = [upsertion('alice', { iterations: 5_000 }), upsertion('alice', { mechanism: 2 })];
    expect(alter(cluster, twice)).toEqual([['alice', DUPLICATE_RESOURCE]]);
    const deletions = [{ name: 'alice', mechanism: 1 }];
    expect(alter(cluster, [upsertion('alice', { mechanism: 2 })], deletions)).toEqual([
      ['alice', DUPLICATE_RESOURCE],
    ]);
    expect(known(cluster)).toEqual([['alice', '1/4096']]);
  });

  it.each<[Partial<ScramUpsertion>, number]>([
    [{ iterations: 4_096 }, NONE],
    [{ iterations: 16_384 }, NONE],
    [{ iterations: 4_095 }, UNACCEPTABLE_CREDENTIAL],
    [{ iterations: 16_385 }, UNACCEPTABLE_CREDENTIAL],
    [{ name: '' }, UNACCEPTABLE_CREDENTIAL],
    [{ mechanism: 0 }, ErrorCode.UNSUPPORTED_SASL_MECHANISM],
    [{ mechanism: 3 }, ErrorCode.UNSUPPORTED_SASL_MECHANISM],
    [{ storedKey: '' }, UNACCEPTABLE_CREDENTIAL],
  ])('with %o are answered with %d', (more, errorCode) => {
    const cluster = new Cluster();
    const wanted = upsertion('alice', more);
    expect(alter(cluster, [wanted])).toEqual([[wanted.name, errorCode]]);
    expect(known(cluster)).toHaveLength(errorCode === NONE ? 1 : 0);
  });
});
