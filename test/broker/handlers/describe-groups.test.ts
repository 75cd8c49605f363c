import { afterEach, describe, expect, it } from 'vitest';
import { describeGroups } from '../../../src/protocol/apis/describe-groups.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient, protocols } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

const notAsked = -2_147_483_648;

describe('DescribeGroups', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('version %i: state and members', async (version) => {
    client = new GroupClient();
    const { memberId } = await client.member('g', Uint8Array.of(4, 2));
    const { groups } = await client.ask(describeGroups, version, { groups: ['g'] });
    expect(groups).toEqual([
      {
        errorCode: ErrorCode.NONE,
        errorMessage: null,
        groupId: 'g',
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        members: [
          {
            memberId,
            groupInstanceId: null,
            clientId: 'test',
            clientHost: '/127.0.0.1',
            memberMetadata: protocols[0].metadata,
            memberAssignment: Uint8Array.of(4, 2),
          },
        ],
        authorizedOperations: notAsked,
      },
    ]);
  });

  it('a group that does not exist is Dead up to 5, and an error from 6 on', async () => {
    client = new GroupClient();
    const ask = async (version: number) =>
      (await client.ask(describeGroups, version, { groups: ['none'] })).groups[0];
    expect(await ask(5)).toMatchObject({
      errorCode: ErrorCode.NONE,
      groupState: 'Dead',
      members: [],
    });
    expect(await ask(6)).toMatchObject({
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      errorMessage: 'Group none not found.',
      groupState: 'Dead',
    });
  });

  it('knows what one may do, when asked', async () => {
    client = new GroupClient();
    await client.member();
    const request = { groups: ['g', 'none'], includeAuthorizedOperations: true };
    const operations = async (version: number) => {
      const { groups } = await client.ask(describeGroups, version, request);
      return groups.map(({ authorizedOperations }) => authorizedOperations);
    };
    expect(await operations(3)).toEqual([0b1101_0100_1000, 0b1101_0100_1000]);
    expect(await operations(6)).toEqual([0b1101_0100_1000, notAsked]);
  });

  it('in bad weather each group says so', async () => {
    client = new GroupClient();
    client.storm = true;
    const { groups } = await client.ask(describeGroups, 5, { groups: ['a', 'b'] });
    expect(groups.map(({ groupId, errorCode }) => [groupId, errorCode])).toEqual([
      ['a', ErrorCode.NOT_COORDINATOR],
      ['b', ErrorCode.NOT_COORDINATOR],
    ]);
  });
});
