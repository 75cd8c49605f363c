import { describe, expect, it } from 'vitest';
import { type KeptToken, mostTokens } from '../../../src/core/cluster/access-tokens.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { Cluster } from './test-cluster.ts';

const day = 86_400_000;

function token(id: string, more: Partial<KeptToken> = {}): KeptToken {
  const kept = { principal: 'User:alice', description: 'for tests', hash: 'aGFzaA==' };
  return { id, ...kept, createdAt: 1, expiresAt: null, ...more };
}

function listed(cluster: Cluster, now = 0): string[] {
  return cluster.call('listTokens', {}, now).tokens.map(({ id }) => id);
}

describe('tokens', () => {
  it('are created, found and deleted, and survive', () => {
    const cluster = new Cluster();
    for (const id of ['b', 'a', 'c']) {
      expect(cluster.call('createToken', token(id)).errorCode).toBe(ErrorCode.NONE);
    }
    cluster.call('deleteToken', { id: 'b' });
    cluster.restart();
    expect(listed(cluster)).toEqual(['a', 'c']);
    expect(cluster.call('getToken', { id: 'a' })).toEqual({ token: token('a') });
    expect(cluster.call('getToken', { id: 'b' })).toEqual({ token: null });
  });

  it('are listed without what tells whether they are right', () => {
    const cluster = new Cluster();
    cluster.call('createToken', token('a'));
    expect(JSON.stringify(cluster.call('listTokens', {}))).not.toContain('aGFzaA');
  });

  it('are refused where there is one of that id, or there is none', () => {
    const cluster = new Cluster();
    cluster.call('createToken', token('a'));
    expect(cluster.call('createToken', token('a')).errorCode).toBe(ErrorCode.DUPLICATE_RESOURCE);
    const { errorCode } = cluster.call('deleteToken', { id: 'b' });
    expect(errorCode).toBe(ErrorCode.RESOURCE_NOT_FOUND);
  });

  it('are forgotten a day after they have expired', () => {
    const cluster = new Cluster();
    cluster.call('createToken', token('old', { expiresAt: 1_000 }));
    expect(listed(cluster, 1_000 + day)).toEqual(['old']);
    expect(listed(cluster, 1_001 + day)).toEqual([]);
    cluster.call('createToken', token('new'), 1_001 + day);
    expect([...cluster.table.keys()]).toEqual(['token:new']);
  });

  it(`are ${mostTokens} at most`, () => {
    const cluster = new Cluster();
    for (let i = 0; i < mostTokens; i++) {
      cluster.machine.replay({ key: `token:${i}`, value: token('', { expiresAt: 5 }) });
    }
    expect(cluster.call('createToken', token('a')).errorCode).toBe(ErrorCode.POLICY_VIOLATION);
    expect(cluster.call('createToken', token('a'), 6 + day).errorCode).toBe(ErrorCode.NONE);
  });
});

describe('the secret of the cluster', () => {
  it('is made once', () => {
    const cluster = new Cluster();
    const { secret } = cluster.call('getSecret', {});
    expect(secret.length).toBeGreaterThan(40);
    cluster.restart();
    expect(cluster.call('getSecret', {})).toEqual({ secret });
    expect(cluster.written).toBe(1);
  });
});
