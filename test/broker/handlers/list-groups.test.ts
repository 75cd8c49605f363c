import { afterEach, describe, expect, it } from 'vitest';
import { deleteGroups } from '../../../src/protocol/apis/delete-groups.ts';
import { listGroups } from '../../../src/protocol/apis/list-groups.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { GroupClient } from '../group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

/** `live` has a member, `offsets` only has offsets. */
async function withGroups(): Promise<void> {
  client = new GroupClient();
  await client.createTopic('t');
  await client.member('live');
  await client.commit(8, { 0: 1 }, { groupId: 'offsets' });
}

const live = { groupId: 'live', protocolType: 'consumer' };
const offsets = { groupId: 'offsets', protocolType: '' };

describe('ListGroups', () => {
  it.each([0, 1, 2, 3, 4, 5])('version %i: every group', async (version) => {
    await withGroups();
    const { errorCode, groups } = await client.ask(listGroups, version, {});
    const type = { groupType: version < 5 ? '' : 'classic' };
    const state = (groupState: string) => ({ groupState: version < 4 ? '' : groupState });
    expect(errorCode).toBe(ErrorCode.NONE);
    expect(groups.toSorted((a, b) => (a.groupId < b.groupId ? -1 : 1))).toEqual([
      { ...live, ...state('Stable'), ...type },
      { ...offsets, ...state('Empty'), ...type },
    ]);
  });

  it.each([
    ['a state', { statesFilter: ['stable'] }, ['live']],
    ['some states', { statesFilter: ['Empty', 'STABLE'] }, ['live', 'offsets']],
    ['a state nobody is in', { statesFilter: ['Dead'] }, []],
    ['a type', { typesFilter: ['Classic'] }, ['live', 'offsets']],
    ['a type nobody has', { typesFilter: ['consumer'] }, []],
    ['both', { statesFilter: ['Empty'], typesFilter: ['classic', 'consumer'] }, ['offsets']],
  ])('filters by %s', async (_, filter, expected) => {
    await withGroups();
    const { groups } = await client.ask(listGroups, 5, filter);
    expect(groups.map(({ groupId }) => groupId).sort()).toEqual(expected);
  });

  it('leaves out groups that are gone', async () => {
    await withGroups();
    await client.ask(deleteGroups, 2, { groupsNames: ['offsets'] });
    const { groups } = await client.ask(listGroups, 4, {});
    expect(groups.map(({ groupId }) => groupId)).toEqual(['live']);
  });

  it('many groups, in the order the controller has them', async () => {
    client = new GroupClient();
    await client.createTopic('t');
    const names = Array.from({ length: 50 }, (_, index) => `group-${index}`);
    for (const groupId of names) await client.commit(8, { 0: 1 }, { groupId });
    const { groups } = await client.ask(listGroups, 4, {});
    expect(groups.map(({ groupId }) => groupId).sort()).toEqual(names.sort());
  });

  it('in bad weather is to be repeated', async () => {
    await withGroups();
    client.storm = true;
    const answer = await client.ask(listGroups, 4, {});
    expect(answer).toMatchObject({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, groups: [] });
  });
});
