import { afterEach, describe, expect, it } from 'vitest';
import type { ScramUpsertion } from '../../../src/core/cluster/scram-credentials.ts';
import { describeUserScramCredentials } from '../../../src/protocol/apis/describe-user-scram-credentials.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

async function keep(...upsertions: Pick<ScramUpsertion, 'name' | 'mechanism'>[]) {
  const credential = { iterations: 4_096, salt: 'c2FsdA==', storedKey: 'a2V5', serverKey: 'a2V5' };
  const whole = upsertions.map((one) => ({ ...one, ...credential }));
  const command = { deletions: [], upsertions: whole };
  await cluster.memory.controller().call('alterScramCredentials', command);
}

describe('DescribeUserScramCredentials', () => {
  it.each([[null], [[]]])('tells of all users for %o', async (users) => {
    cluster = await clusterWith({});
    await keep({ name: 'bob', mechanism: 2 }, { name: 'alice', mechanism: 1 });
    await keep({ name: 'alice', mechanism: 2 });
    const context = cluster.connect()(0);
    const answer = await throughBytes(describeUserScramCredentials, { users }, context);
    const iterations = 4_096;
    const none = { errorCode: ErrorCode.NONE, errorMessage: null };
    expect(answer.results).toEqual([
      {
        user: 'alice',
        ...none,
        credentialInfos: [
          { mechanism: 1, iterations },
          { mechanism: 2, iterations },
        ],
      },
      { user: 'bob', ...none, credentialInfos: [{ mechanism: 2, iterations }] },
    ]);
  });

  it('refuses who is unknown, and who is named twice', async () => {
    cluster = await clusterWith({});
    await keep({ name: 'alice', mechanism: 1 });
    const users = ['alice', 'nobody', 'alice'].map((name) => ({ name }));
    const context = cluster.connect()(0);
    const { results } = await throughBytes(describeUserScramCredentials, { users }, context);
    expect(results.map(({ user, errorCode }) => [user, errorCode])).toEqual([
      ['alice', ErrorCode.DUPLICATE_RESOURCE],
      ['nobody', ErrorCode.RESOURCE_NOT_FOUND],
    ]);
    expect(results.flatMap(({ credentialInfos }) => credentialInfos)).toEqual([]);
  });
});
