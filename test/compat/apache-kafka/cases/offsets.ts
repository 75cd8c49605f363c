/** Offsets that groups commit, by themselves and in transactions. */
import {
  addOffsetsToTxn,
  deleteGroups,
  describeGroups,
  joinGroup,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  syncGroup,
  txnOffsetCommit,
} from '../apis.ts';
import { alone, type Player, scripts, type Topic } from '../player.ts';
import { add, addOffsets, end, init, type Producer, send, settled } from '../producers.ts';
import { versions } from '../requests.ts';

type Commit = readonly [partition: number, offset: number, metadata?: string | null];

const partitionsOf = (commits: readonly Commit[]) =>
  commits.map(([partitionIndex, committedOffset, committedMetadata = null]) => ({
    partitionIndex,
    committedOffset,
    committedMetadata,
    committedLeaderEpoch: -1,
  }));

function commitOf(on: Player, { name }: Topic, ...commits: Commit[]) {
  return { groupId: on.name('group'), topics: [{ name, partitions: partitionsOf(commits) }] };
}

/** What the group has committed of the topic's first partitions; `stable`: only what is decided. */
async function committed(on: Player, { name }: Topic, stable = false, version = 7): Promise<void> {
  const topics = [{ name, partitionIndexes: [0, 1] }];
  const groupId = on.name('group');
  const request =
    version < 8
      ? { groupId, topics, requireStable: stable }
      : { groups: [{ groupId, topics }], requireStable: stable };
  await on.ask(offsetFetch, version, version < 7 ? { groupId, topics } : request);
}

const plain = scripts('offsets', {
  'committed-by-version': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    for (const version of versions(2, 9)) {
      await on.ask(offsetCommit, version, commitOf(on, topic, [0, version], [1, 5, 'words']));
      for (const asked of [1, 2, 3, 5, 6, 7, 8, 9]) await committed(on, topic, false, asked);
    }
  },
  'committed-by-nobody': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    for (const version of versions(1, 9)) await committed(on, topic, false, version);
  },
  'of-everything': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 7]));
    for (const version of [2, 5, 7]) {
      await on.ask(offsetFetch, version, { groupId: on.name('group'), topics: null });
    }
    const groups = [{ groupId: on.name('group'), topics: null }];
    for (const version of [8, 9]) await on.ask(offsetFetch, version, { groups });
  },
  'of-unknown-partitions': async (on) => {
    const topic = await on.topic();
    for (const version of [2, 8]) {
      await on.ask(offsetCommit, version, commitOf(on, topic, [0, 1], [9, 1]));
      const nowhere = { name: 'no-such-topic', topicId: '' };
      await on.ask(offsetCommit, version, commitOf(on, nowhere, [0, 1]));
    }
  },
  'with-too-many-words': async (on) => {
    const topic = await on.topic();
    for (const length of [4096, 4097]) {
      await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 1, 'x'.repeat(length)]));
    }
  },
  'of-no-group': async (on) => {
    const topic = await on.topic();
    for (const version of [2, 8]) {
      await on.ask(offsetCommit, version, { ...commitOf(on, topic, [0, 1]), groupId: '' });
    }
  },
  'of-a-stranger': async (on) => {
    const topic = await on.topic();
    const request = commitOf(on, topic, [0, 1]);
    for (const version of [2, 8]) {
      await on.ask(offsetCommit, version, {
        ...request,
        memberId: 'x',
        generationIdOrMemberEpoch: 1,
      });
      await on.ask(offsetCommit, version, { ...request, generationIdOrMemberEpoch: 1 });
      await on.ask(offsetCommit, version, { ...request, memberId: 'x' });
    }
  },
  'negative-offset': async (on) => {
    const topic = await on.topic();
    await on.ask(offsetCommit, 8, commitOf(on, topic, [0, -5]));
    await committed(on, topic);
  },
});

function txnCommitOf(on: Player, producer: Producer, topic: Topic, ...commits: Commit[]) {
  const { transactionalId, producerId, producerEpoch } = producer;
  return { transactionalId, producerId, producerEpoch, ...commitOf(on, topic, ...commits) };
}

/** TxnOffsetCommit, asked again while the coordinator is busy. */
async function commit(
  on: Player,
  version: number,
  request: ReturnType<typeof txnCommitOf> & {
    readonly memberId?: string;
    readonly generationIdOrMemberEpoch?: number;
    readonly groupInstanceId?: string | null;
  },
): Promise<void> {
  await on.until(txnOffsetCommit, version, request, ({ topics }) =>
    topics.every(({ partitions }) => partitions.every(settled)),
  );
}

/** Waits until the group's offset is decided, then asks for it. */
async function decided(on: Player, topic: Topic): Promise<void> {
  const topics = [{ name: topic.name, partitionIndexes: [0] }];
  const request = { groupId: on.name('group'), topics, requireStable: true };
  const isDecided = ({
    topics: [one],
  }: {
    topics: readonly { partitions: readonly { errorCode: number }[] }[];
  }) => one!.partitions[0]!.errorCode === 0;
  await on.quietlyUntil(offsetFetch, 7, request, isDecided, 3_000);
  for (const stable of [false, true]) await committed(on, topic, stable);
}

const whole = (isCommit: boolean) => async (on: Player) => {
  const topic = await on.topic('topic', {}, 2);
  await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 1], [1, 1]));
  const producer = await init(on);
  await addOffsets(on, producer);
  await commit(on, 3, txnCommitOf(on, producer, topic, [0, 5, 'five']));
  for (const version of [7, 8, 9]) {
    for (const stable of [false, true]) await committed(on, topic, stable, version);
  }
  await end(on, producer, isCommit);
  await decided(on, topic);
};

const transactional = scripts('transactional-offsets', {
  commit: whole(true),
  abort: whole(false),
  'in-every-version': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    for (const version of versions(0, 4)) {
      const producer = await init(on, `v${version}`);
      await addOffsets(on, producer, 'group', version);
      await commit(on, version, txnCommitOf(on, producer, topic, [0, version], [1, 9]));
      await end(on, producer, true);
      await decided(on, topic);
    }
  },
  'joining-by-itself': async (on) => {
    const topic = await on.topic();
    const producer = await init(on, 'tx', { version: 5 });
    await commit(on, 5, txnCommitOf(on, producer, topic, [0, 3]));
    for (const stable of [false, true]) await committed(on, topic, stable);
    await end(on, producer, true, 5);
    await decided(on, topic);
  },
  'with-records': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await add(on, producer, topic);
    await send(on, producer, topic, 0);
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3]));
    await end(on, producer, true);
    await decided(on, topic);
  },
  'added-by-impostors': async (on) => {
    const real = await init(on);
    await init(on, 'fenced');
    const fenced = await init(on, 'fenced');
    for (const version of versions(0, 4)) {
      for (const change of [
        { transactionalId: on.name('nobody') },
        { transactionalId: '' },
        { producerId: real.producerId + 1_000_000 },
        { producerEpoch: real.producerEpoch + 1 },
      ]) {
        const { transactionalId, producerId, producerEpoch } = { ...real, ...change };
        const request = { transactionalId, producerId, producerEpoch, groupId: on.name('group') };
        await on.ask(addOffsetsToTxn, version, request);
      }
      await addOffsets(on, { ...fenced, producerEpoch: 0 }, 'group', version);
    }
  },
  'added-for-no-group': async (on) => {
    const { transactionalId, producerId, producerEpoch } = await init(on);
    const request = { transactionalId, producerId, producerEpoch, groupId: '' };
    for (const version of [0, 3, 4]) await on.ask(addOffsetsToTxn, version, request);
  },
  'of-an-old-epoch': async (on) => {
    const topic = await on.topic();
    const old = await init(on);
    await addOffsets(on, old);
    await commit(on, 3, txnCommitOf(on, old, topic, [0, 3]));
    await init(on);
    for (const version of [0, 3, 4, 5]) {
      await commit(on, version, txnCommitOf(on, old, topic, [0, 4]));
    }
    await decided(on, topic);
  },
  'of-unknown-partitions': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3], [7, 3]));
    const nowhere = { name: 'no-such-topic', topicId: '' };
    await commit(on, 3, txnCommitOf(on, producer, nowhere, [0, 3]));
    await end(on, producer, true);
  },
  'with-too-many-words': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3, 'x'.repeat(5000)]));
    await end(on, producer, true);
    await decided(on, topic);
  },
  'of-strange-members': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    const request = txnCommitOf(on, producer, topic, [0, 3]);
    for (const member of [
      { memberId: 'x', generationIdOrMemberEpoch: 1 },
      { memberId: 'x', generationIdOrMemberEpoch: -1 },
      { memberId: '', generationIdOrMemberEpoch: 1 },
      { memberId: 'x', generationIdOrMemberEpoch: 1, groupInstanceId: 'y' },
    ]) {
      await commit(on, 3, { ...request, ...member });
    }
    await end(on, producer, true);
  },
  'overtaken-by-a-plain-commit': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3]));
    await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 9]));
    for (const stable of [false, true]) await committed(on, topic, stable);
    await end(on, producer, true);
    await decided(on, topic);
  },
  'of-a-group-to-be-deleted': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3]));
    const groupId = on.name('group');
    const topics = [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }];
    await on.ask(offsetDelete, 0, { groupId, topics });
    await on.ask(deleteGroups, 3, { groupsNames: [groupId] });
    for (const stable of [false, true]) await committed(on, topic, stable);
    await end(on, producer, true);
  },
  'of-two-producers': async (on) => {
    const topic = await on.topic();
    const [one, two] = [await init(on, 'one'), await init(on, 'two')];
    for (const [index, producer] of [one, two].entries()) {
      await addOffsets(on, producer);
      await commit(on, 3, txnCommitOf(on, producer, topic, [0, index + 1]));
    }
    await end(on, one, true);
    await committed(on, topic, true);
    await end(on, two, true);
    await decided(on, topic);
  },
});

const unverified = alone(
  scripts('transactional-offsets', {
    'without-adding': async (on) => {
      const topic = await on.topic();
      for (const version of versions(0, 4)) {
        const producer = await init(on, `v${version}`);
        await commit(on, version, txnCommitOf(on, producer, topic, [0, 3]));
      }
    },
    'joining-for-nobody': async (on) => {
      const topic = await on.topic();
      const nobody = { transactionalId: on.name('nobody'), producerId: 4711, producerEpoch: 0 };
      for (const version of [0, 3, 4, 5]) {
        await commit(on, version, txnCommitOf(on, nobody, topic, [0, 3]));
      }
    },
  }),
);

/** A member of the group, alone in it; it has not been assigned anything yet. */
async function join(on: Player, groupInstanceId: string | null) {
  const group = {
    groupId: on.name('group'),
    groupInstanceId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(10) }],
  };
  const { memberId } = await on.quietly(joinGroup, 5, group);
  const joined = await on.quietly(joinGroup, 5, { ...group, memberId });
  return { memberId, generationIdOrMemberEpoch: joined.generationId, groupInstanceId };
}

const ofMembers = (groupInstanceId: string | null) => async (on: Player) => {
  const topic = await on.topic();
  const producer = await init(on);
  const member = await join(on, groupInstanceId);
  await addOffsets(on, producer);
  const request = txnCommitOf(on, producer, topic, [0, 3]);
  await commit(on, 3, { ...request, ...member });
  await on.ask(offsetCommit, 8, { ...commitOf(on, topic, [0, 4]), ...member });
  const { memberId, generationIdOrMemberEpoch: generationId } = member;
  const assignments = [{ memberId, assignment: new Uint8Array(10) }];
  const groupId = on.name('group');
  await on.ask(syncGroup, 3, { groupId, generationId, memberId, groupInstanceId, assignments });
  for (const change of [
    {},
    { generationIdOrMemberEpoch: 9 },
    { generationIdOrMemberEpoch: -1 },
    { memberId: 'x' },
    { memberId: '' },
    { groupInstanceId: 'other' },
    { memberId: '', generationIdOrMemberEpoch: -1 },
    { memberId: '', generationIdOrMemberEpoch: -1, groupInstanceId: null },
  ]) {
    for (const version of [3, 4]) await commit(on, version, { ...request, ...member, ...change });
  }
  await commit(on, 0, request);
  await end(on, producer, true);
  await decided(on, topic);
};

const ends = scripts('transactional-offsets', {
  'of-a-member': ofMembers(null),
  'of-a-static-member': ofMembers('instance'),
  'of-a-group-of-nothing-else': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    const groups = [on.name('group')];
    await addOffsets(on, producer);
    await on.ask(describeGroups, 5, { groups });
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3]));
    await on.ask(describeGroups, 5, { groups });
    await end(on, producer, false);
    await decided(on, topic);
    await on.ask(describeGroups, 5, { groups });
    await on.ask(deleteGroups, 3, { groupsNames: groups });
    await on.ask(describeGroups, 5, { groups });
  },
  'of-a-group-deleted-meanwhile': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const producer = await init(on);
    await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 1]));
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3], [1, 3]));
    await on.ask(deleteGroups, 3, { groupsNames: [on.name('group')] });
    await on.ask(describeGroups, 5, { groups: [on.name('group')] });
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 4]));
    await end(on, producer, true);
    await decided(on, topic);
  },
  'deleted-in-part': async (on) => {
    const topic = await on.topic('topic', {}, 3);
    const producer = await init(on);
    await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 1], [1, 1]));
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 3], [1, 3], [2, 3]));
    const partitions = [{ partitionIndex: 1 }, { partitionIndex: 2 }];
    const topics = [{ name: topic.name, partitions }];
    await on.ask(offsetDelete, 0, { groupId: on.name('group'), topics });
    for (const stable of [false, true]) await committed(on, topic, stable);
    await end(on, producer, true);
    await decided(on, topic);
  },
  'overtaken-by-a-repetition': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const producer = await init(on);
    await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 7], [1, 7]));
    await addOffsets(on, producer);
    await commit(on, 3, txnCommitOf(on, producer, topic, [0, 20], [1, 20]));
    await on.ask(offsetCommit, 8, commitOf(on, topic, [0, 7], [1, 7]));
    await commit(on, 3, txnCommitOf(on, producer, topic, [1, 21]));
    await end(on, producer, true);
    await decided(on, topic);
  },
});

const noSuchTopicId = 'c29tZS1vdGhlci10b3BpYw';

/** Offsets of a topic by its id, and what was committed for it, in every way to ask. */
async function fetchedById(on: Player, { topicId }: Topic): Promise<void> {
  const groupId = on.name('group');
  const topics = [
    { topicId, partitionIndexes: [0, 1, 9] },
    { topicId: noSuchTopicId, partitionIndexes: [0] },
  ];
  for (const asked of [topics, topics.slice(1), [], null]) {
    await on.ask(offsetFetch, 10, { groups: [{ groupId, topics: asked }] });
  }
}

const byId = scripts('offsets-by-topic-id', {
  committed: async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const { topicId } = topic;
    const groupId = on.name('group');
    const known = {
      topicId,
      partitions: partitionsOf([
        [0, 7],
        [1, 5, 'words'],
        [9, 1],
      ]),
    };
    const unknown = {
      topicId: noSuchTopicId,
      partitions: partitionsOf([
        [0, 1],
        [1, 1],
      ]),
    };
    await fetchedById(on, topic);
    for (const topics of [[known], [unknown], [unknown, known]]) {
      await on.ask(offsetCommit, 10, { groupId, topics });
    }
    await fetchedById(on, topic);
    await committed(on, topic, false, 9);
  },
  'by-a-stranger': async (on) => {
    const { topicId } = await on.topic();
    const topics = [{ topicId, partitions: partitionsOf([[0, 7]]) }];
    const stranger = { generationIdOrMemberEpoch: 3, memberId: 'nobody' };
    await on.ask(offsetCommit, 10, { groupId: on.name('group'), ...stranger, topics });
  },
  'in-a-transaction': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const producer = await init(on);
    const request = txnCommitOf(on, producer, topic, [0, 20], [1, 21], [9, 1]);
    const [{ partitions }] = request.topics;
    const topics = [
      { topicId: topic.topicId, partitions },
      { topicId: noSuchTopicId, partitions },
    ];
    await on.until(txnOffsetCommit, 6, { ...request, topics }, (answer) =>
      answer.topics.every((one) => one.partitions.every(settled)),
    );
    await fetchedById(on, topic);
    await end(on, producer, true, 5);
    await decided(on, topic);
    await fetchedById(on, topic);
  },
});

export const offsetScripts = [...plain, ...transactional, ...ends, ...unverified, ...byId];
