/** Groups of the classic protocol: who may join, what members may do, what is said of groups. */
import {
  deleteGroups,
  describeGroups,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  offsetCommit,
  syncGroup,
  txnOffsetCommit,
} from '../apis.ts';
import { type Player, scripts } from '../player.ts';
import { addOffsets, init } from '../producers.ts';
import { bytesOf, versions } from '../requests.ts';

const member = {
  sessionTimeoutMs: 30_000,
  rebalanceTimeoutMs: 30_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: bytesOf('metadata') }],
};

/** Joins alone: asks for a member id, then comes in with it; answers that and the generation. */
async function joined(on: Player, more = {}): Promise<{ memberId: string; generationId: number }> {
  const groupId = on.name('group');
  const { memberId } = await on.ask(joinGroup, 5, { ...member, ...more, groupId });
  if (Object.hasOwn(more, 'groupInstanceId')) return { memberId, generationId: 1 };
  const { generationId } = await on.ask(joinGroup, 5, { ...member, groupId, memberId });
  return { memberId, generationId };
}

const joining = scripts('groups', {
  'join-needs-a-member-id': async (on) => {
    for (const version of versions(4, 9)) {
      await on.ask(joinGroup, version, { ...member, groupId: on.name(`v${version}`) });
    }
  },
  'join-with-an-unknown-member-id': async (on) => {
    for (const version of versions(0, 9)) {
      const request = { ...member, groupId: on.name(`v${version}`), memberId: 'nobody' };
      await on.ask(joinGroup, version, request);
    }
  },
  'join-without-a-group': async (on) => {
    for (const version of [0, 5, 9]) await on.ask(joinGroup, version, { ...member, groupId: '' });
  },
  'join-with-odd-session-timeouts': async (on) => {
    for (const sessionTimeoutMs of [0, 5_999, 1_800_001]) {
      for (const version of [0, 5]) {
        await on.ask(joinGroup, version, {
          ...member,
          sessionTimeoutMs,
          groupId: on.name('group'),
        });
      }
    }
  },
  'join-without-protocols': async (on) => {
    for (const version of [0, 5]) {
      const groupId = on.name(`v${version}`);
      await on.ask(joinGroup, version, { ...member, groupId, protocols: [] });
      await on.ask(joinGroup, version, { ...member, groupId, protocolType: '' });
    }
  },
  'life-of-one-member': async (on) => {
    const groupId = on.name('group');
    const { memberId, generationId } = await joined(on);
    const self = { groupId, memberId, generationId };
    const assignments = [{ memberId, assignment: bytesOf('all of it') }];
    await on.ask(describeGroups, 5, { groups: [groupId] });
    await on.ask(heartbeat, 4, self);
    await on.ask(syncGroup, 5, { ...self, protocolType: 'consumer', protocolName: 'other' });
    await on.ask(syncGroup, 5, { ...self, protocolType: 'connect', protocolName: 'range' });
    await on.ask(syncGroup, 3, { ...self, assignments });
    for (const version of versions(0, 4)) await on.ask(heartbeat, version, self);
    for (const version of versions(0, 6))
      await on.ask(describeGroups, version, { groups: [groupId] });
    await on.ask(heartbeat, 4, { ...self, generationId: 9 });
    await on.ask(syncGroup, 3, { ...self, generationId: 9 });
    await on.ask(deleteGroups, 3, { groupsNames: [groupId] });
    await on.ask(leaveGroup, 3, { groupId, members: [{ memberId }, { memberId: 'nobody' }] });
    await on.ask(heartbeat, 4, self);
    await on.ask(describeGroups, 5, { groups: [groupId] });
    await on.ask(deleteGroups, 3, { groupsNames: [groupId] });
    await on.ask(describeGroups, 5, { groups: [groupId] });
  },
  'offsets-of-a-member': async (on) => {
    const topic = await on.topic();
    const groupId = on.name('group');
    const { memberId, generationId } = await joined(on);
    const assignments = [{ memberId, assignment: bytesOf('all of it') }];
    const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }];
    const commit = { groupId, memberId, topics: [{ name: topic.name, partitions }] };
    const of = (generation: number) => ({ ...commit, generationIdOrMemberEpoch: generation });
    await on.ask(offsetCommit, 8, of(generationId));
    await on.ask(syncGroup, 3, { groupId, memberId, generationId, assignments });
    for (const version of versions(2, 9)) await on.ask(offsetCommit, version, of(generationId));
    await on.ask(offsetCommit, 8, of(generationId + 1));
    await on.ask(offsetCommit, 8, of(-1));
    await on.ask(offsetCommit, 8, { ...commit, memberId: '' });
    const producer = await init(on);
    await addOffsets(on, producer);
    for (const generation of [generationId, generationId + 1, -1]) {
      for (const version of [3, 4, 5]) {
        await on.ask(txnOffsetCommit, version, { ...producer, ...of(generation) });
      }
    }
    await on.ask(txnOffsetCommit, 3, { ...producer, ...commit, memberId: '' });
  },
  'life-of-a-static-member': async (on) => {
    const groupId = on.name('group');
    const groupInstanceId = 'static';
    const { memberId } = await joined(on, { groupInstanceId });
    const self = { groupId, memberId, generationId: 1, groupInstanceId };
    const assignments = [{ memberId, assignment: bytesOf('all of it') }];
    await on.ask(syncGroup, 5, {
      ...self,
      assignments,
      protocolType: 'consumer',
      protocolName: 'range',
    });
    await on.ask(heartbeat, 4, self);
    await on.ask(heartbeat, 4, { ...self, memberId: 'another' });
    await on.ask(heartbeat, 4, { ...self, groupInstanceId: 'nobody' });
    await on.ask(describeGroups, 5, { groups: [groupId] });
    await on.ask(leaveGroup, 3, { groupId, members: [{ memberId: '', groupInstanceId }] });
    await on.ask(describeGroups, 5, { groups: [groupId] });
  },
});

const asking = scripts('groups', {
  'nobody-does-anything': async (on) => {
    const groupId = on.name('group');
    const stranger = { groupId, memberId: 'nobody', generationId: 3 };
    for (const version of versions(0, 4)) await on.ask(heartbeat, version, stranger);
    for (const version of versions(0, 5)) await on.ask(syncGroup, version, stranger);
    for (const version of versions(0, 2)) {
      await on.ask(leaveGroup, version, { groupId, memberId: 'nobody' });
    }
    for (const version of versions(3, 5)) {
      await on.ask(leaveGroup, version, { groupId, members: [{ memberId: 'nobody' }] });
    }
  },
  'no-group-at-all': async (on) => {
    const stranger = { groupId: '', memberId: 'nobody', generationId: 3 };
    await on.ask(heartbeat, 4, stranger);
    await on.ask(syncGroup, 4, stranger);
    await on.ask(leaveGroup, 4, { groupId: '', members: [{ memberId: 'nobody' }] });
    await on.ask(describeGroups, 5, { groups: [''] });
    await on.ask(deleteGroups, 3, { groupsNames: [''] });
  },
  'described-unknown': async (on) => {
    for (const version of versions(0, 6)) {
      await on.ask(describeGroups, version, { groups: [on.name('nobody')] });
    }
    await on.ask(describeGroups, 5, {
      groups: [on.name('nobody')],
      includeAuthorizedOperations: true,
    });
    await on.ask(describeGroups, 5, { groups: [] });
  },
  'deleted-unknown': async (on) => {
    for (const version of versions(0, 3)) {
      await on.ask(deleteGroups, version, { groupsNames: [on.name('nobody')] });
    }
    await on.ask(deleteGroups, 3, { groupsNames: [] });
  },
  'listed-after-a-commit': async (on) => {
    const topic = await on.topic();
    const groupId = on.name('group');
    const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }];
    await on.ask(offsetCommit, 8, { groupId, topics: [{ name: topic.name, partitions }] });
    await on.ask(describeGroups, 5, { groups: [groupId] });
    const filters = [
      {},
      { statesFilter: ['Empty'] },
      { statesFilter: ['stable'] },
      { typesFilter: ['classic'] },
    ];
    for (const [index, filter] of filters.entries()) {
      const { errorCode, groups } = await on.quietly(listGroups, 5, filter);
      on.note(`listed by filter ${index}`, [
        errorCode,
        groups.filter((one) => one.groupId === groupId),
      ]);
    }
    await on.ask(deleteGroups, 3, { groupsNames: [groupId, groupId] });
  },
  'listed-by-unknown-filters': async (on) => {
    for (const version of [4, 5]) await on.ask(listGroups, version, { statesFilter: ['nonsense'] });
    await on.ask(listGroups, 5, { typesFilter: ['nonsense'] });
  },
});

export const groupScripts = [...joining, ...asking];
