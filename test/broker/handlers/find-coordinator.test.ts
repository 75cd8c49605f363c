import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

const here = { nodeId: 1, host: 'localhost', port: 9092, errorCode: ErrorCode.NONE };
const nowhere = { nodeId: -1, host: '', port: -1 };

describe('FindCoordinator', () => {
  it.each([0, 1, 2, 3])('version %i: this broker', async (version) => {
    client = new GroupClient();
    const errorMessage = version === 0 ? '' : 'NONE';
    expect(await client.find(version, { key: 'g' })).toMatchObject({ ...here, errorMessage });
  });

  it.each([4, 5, 6])('version %i: this broker, for every key', async (version) => {
    client = new GroupClient();
    const { coordinators } = await client.find(version, { coordinatorKeys: ['g', '', 'h'] });
    expect(coordinators.map(({ key }) => key)).toEqual(['g', '', 'h']);
    for (const coordinator of coordinators) {
      expect(coordinator).toMatchObject({ ...here, errorMessage: '' });
    }
  });

  it('is where the listener says', async () => {
    client = new GroupClient({ advertisedListener: { host: 'edge', port: 19092 }, nodeId: 7 });
    expect(await client.find(0, { key: 'g' })).toMatchObject({
      nodeId: 7,
      host: 'edge',
      port: 19092,
    });
  });

  it('is this broker for transactional ids as well', async () => {
    client = new GroupClient();
    expect(await client.find(1, { key: 'tx', keyType: 1 })).toMatchObject(here);
    const { coordinators } = await client.find(4, { keyType: 1, coordinatorKeys: ['tx', 'ty'] });
    expect(coordinators).toMatchObject([
      { key: 'tx', ...here },
      { key: 'ty', ...here },
    ]);
  });

  it('ends the search for what nobody knows', async () => {
    client = new GroupClient();
    const share = await client.find(6, { keyType: 2, coordinatorKeys: ['g:t:0'] });
    expect(share.coordinators[0]).toMatchObject({
      ...nowhere,
      errorCode: ErrorCode.INVALID_REQUEST,
    });
  });
});
