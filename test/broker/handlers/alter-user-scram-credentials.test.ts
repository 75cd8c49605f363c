import { afterEach, describe, expect, it } from 'vitest';
import { alterUserScramCredentials } from '../../../src/protocol/apis/alter-user-scram-credentials.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import type { MemoryCluster } from '../memory-cluster.ts';
import { clusterWith, throughBytes } from '../through-bytes.ts';

let cluster: MemoryCluster;
afterEach(() => cluster.memory.close());

const upsertion = (name: string, more: { mechanism?: number; iterations?: number } = {}) => ({
  name,
  mechanism: 1,
  iterations: 4_096,
  salt: new Uint8Array(8).fill(1),
  saltedPassword: new Uint8Array(32).fill(2),
  ...more,
});

describe('AlterUserScramCredentials', () => {
  it('answers for each user by itself', async () => {
    cluster = await clusterWith({});
    const upsertions = [
      upsertion('alice'),
      upsertion('bob', { mechanism: 2 }),
      upsertion('carl', { iterations: 5 }),
      upsertion('dora', { mechanism: 7 }),
      { ...upsertion('erik'), saltedPassword: new Uint8Array(0) },
    ];
    const deletions = [{ name: 'nobody', mechanism: 1 }];
    const request = { upsertions, deletions };
    const answer = await throughBytes(alterUserScramCredentials, request, cluster.connect()(0));
    const codes = answer.results.map(({ user, errorCode }) => [user, errorCode]);
    expect(codes).toEqual([
      ['nobody', ErrorCode.RESOURCE_NOT_FOUND],
      ['alice', ErrorCode.NONE],
      ['bob', ErrorCode.NONE],
      ['carl', ErrorCode.UNACCEPTABLE_CREDENTIAL],
      ['dora', ErrorCode.UNSUPPORTED_SASL_MECHANISM],
      ['erik', ErrorCode.UNACCEPTABLE_CREDENTIAL],
    ]);
  });

  it('sends the controller keys and never the salted password', async () => {
    cluster = await clusterWith({});
    const commands: unknown[] = [];
    const context = cluster.connect()(0);
    const controller = () => ({
      call: (kind: 'alterScramCredentials', command: never) => {
        commands.push(command);
        return cluster.memory.controller().call(kind, command);
      },
    });
    const objects = { ...context.objects, controller } as unknown as typeof context.objects;
    const request = { upsertions: [upsertion('alice')] };
    await throughBytes(alterUserScramCredentials, request, { ...context, objects });
    expect(commands).toEqual([
      {
        deletions: [],
        upsertions: [
          {
            name: 'alice',
            mechanism: 1,
            iterations: 4_096,
            salt: 'AQEBAQEBAQE=',
            storedKey: expect.stringMatching(/^.{44}$/),
            serverKey: expect.stringMatching(/^.{44}$/),
          },
        ],
      },
    ]);
  });
});
