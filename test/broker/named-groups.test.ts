import { afterEach, describe, expect, it } from 'vitest';
import { namedGroups } from '../../src/broker/named-groups.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { GroupClient } from './group-client.ts';

let client: GroupClient;
afterEach(() => client.close());

/** Looks groups up, and notes whose objects are made. */
async function lookUp(...groupIds: string[]) {
  const context = client.context(8);
  const opened: string[] = [];
  const objects = {
    ...context.objects,
    controller: () => context.objects.controller(),
    group: (groupId: string) => {
      opened.push(groupId);
      return context.objects.group(groupId);
    },
  };
  client.cluster.takeAsked();
  const groupOf = await namedGroups(groupIds, { objects });
  return { groupOf, opened, asked: client.cluster.takeAsked() };
}

describe('the groups a request names', () => {
  it('are asked without a look at the controller when they are few', async () => {
    client = new GroupClient();
    const { groupOf, opened, asked } = await lookUp('a', 'a', 'b');
    expect(asked).toEqual([]);
    await groupOf('a').call('describeGroup', { groupId: 'a' });
    expect(opened).toEqual(['a']);
  });

  it('are looked up when they are many, and only those that exist are asked', async () => {
    client = new GroupClient();
    await client.createTopic('t');
    await client.commit(8, { 0: 7 }, { groupId: 'there' });
    const names = Array.from({ length: 1_200 }, (_, index) => `none-${index}`);
    const { groupOf, opened, asked } = await lookUp('there', ...names);
    expect(asked).toEqual(['findGroups', 'findGroups', 'findGroups']);
    for (const groupId of ['there', ...names]) {
      await groupOf(groupId).call('describeGroup', { groupId });
    }
    expect(opened).toEqual(['there']);
  });

  it('answer the same, asked or not, when they do not exist', async () => {
    client = new GroupClient();
    const few = await lookUp('x');
    const many = await lookUp('x', 'a', 'b', 'c', 'd');
    const groupId = 'x';
    const asked = few.groupOf(groupId);
    const spared = many.groupOf(groupId);
    for (const kind of ['describeGroup', 'deleteGroup'] as const) {
      const answer = await spared.call(kind, { groupId });
      expect(answer).toEqual(await asked.call(kind, { groupId }));
      expect(answer.errorCode).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    }
    const topics = [{ name: 't', partitionIndexes: [0] }];
    const answer = await spared.call('fetchOffsets', { groupId, topics, requireStable: false });
    expect(answer).toEqual(
      await asked.call('fetchOffsets', { groupId, topics, requireStable: false }),
    );
    expect(answer.errorCode).toBe(ErrorCode.NONE);
    expect(many.opened).toEqual([]);
  });
});
