/** Transactions while other things happen to their topics, their groups and their producers. */
import {
  createPartitions,
  deleteRecords,
  deleteTopics,
  describeGroups,
  describeProducers,
  describeTransactions,
  fetch,
  initProducerId,
  listOffsets,
  offsetFetch,
  produce,
  txnOffsetCommit,
  writeTxnMarkers,
} from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import { add, addOffsets, end, init, type Producer, seen, send, stableUpTo } from '../producers.ts';
import { batch, fetchOf, Latest, listOf, produceOf, sequenced } from '../requests.ts';

const timeoutMs = 10_000;

/** What the coordinator knows of a transaction, once it is over. */
async function over(on: Player, { transactionalId }: Producer): Promise<void> {
  const question = { transactionalIds: [transactionalId] };
  await on.until(describeTransactions, 0, question, ({ transactionStates: [state] }) =>
    /^(Complete|Empty)/.test(state.transactionState),
  );
}

async function commitOffset(on: Player, producer: Producer, topic: Topic, offset: number) {
  const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }];
  const request = { ...producer, groupId: on.name('group') };
  await on.ask(txnOffsetCommit, 3, { ...request, topics: [{ name: topic.name, partitions }] });
}

const topics = scripts('meanwhile', {
  'its-topic-is-deleted': async (on) => {
    const [topic, other] = [await on.topic('topic'), await on.topic('other')];
    const producer = await init(on);
    for (const one of [topic, other]) {
      await add(on, producer, one);
      await send(on, producer, one, 0);
    }
    await on.ask(deleteTopics, 6, { topics: [{ name: topic.name }], timeoutMs });
    await on.quietlyUntil(listOffsets, 5, listOf(topic, Latest), ({ topics: [{ partitions }] }) => {
      return partitions[0].errorCode === 3;
    });
    await send(on, producer, topic, 1);
    await end(on, producer, true);
    await stableUpTo(on, other, 2);
    await seen(on, other);
    await over(on, producer);
    await add(on, producer, other);
    await end(on, producer, false);
  },
  'its-topic-grows': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await add(on, producer, topic);
    await send(on, producer, topic, 0);
    const grown = [{ name: topic.name, count: 2, assignments: null }];
    await on.ask(createPartitions, 3, { topics: grown, timeoutMs });
    await on.known(topic.name, 2);
    await add(on, producer, topic, { partitions: [1] });
    await send(on, producer, topic, 0, { index: 1 });
    await end(on, producer, false);
    for (const index of [0, 1]) await stableUpTo(on, topic, 2, index);
    for (const partition of [0, 1]) {
      await on.ask(fetch, 11, fetchOf(topic, 0, { partition, isolationLevel: 1 }));
    }
  },
  'its-records-are-deleted': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await add(on, producer, topic);
    await send(on, producer, topic, 0, { count: 3 });
    const partitions = [{ partitionIndex: 0, offset: -1 }];
    const request = { topics: [{ name: topic.name, partitions }], timeoutMs };
    await on.ask(deleteRecords, 2, request);
    await seen(on, topic, 3);
    await send(on, producer, topic, 3);
    await end(on, producer, true);
    await stableUpTo(on, topic, 5);
    await seen(on, topic, 3);
    await on.ask(deleteRecords, 2, request);
    await on.ask(describeProducers, 0, {
      topics: [{ name: topic.name, partitionIndexes: [0] }],
    });
  },
  'a-batch-is-too-large': async (on) => {
    const topic = await on.topic('topic', { 'max.message.bytes': '200' });
    const producer = await init(on);
    await add(on, producer, topic);
    await send(on, producer, topic, 0, { count: 20 });
    await send(on, producer, topic, 0);
    await end(on, producer, true);
    await stableUpTo(on, topic, 2);
    await seen(on, topic);
  },
  'some-partitions-are-not-in-it': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const { transactionalId, producerId, producerEpoch } = await init(on, 'tx', { version: 5 });
    const producer = { transactionalId, producerId, producerEpoch };
    const partitionData = [0, 1].map((index) => ({
      index,
      records: sequenced(producerId, producerEpoch, 0, 1, { isTransactional: true }),
    }));
    const topicData = [{ ...topic, partitionData }];
    await on.ask(produce, 12, { transactionalId, acks: -1, timeoutMs, topicData });
    await end(on, producer, true, 5);
    for (const index of [0, 1]) await stableUpTo(on, topic, 2, index);
    for (const partition of [0, 1]) {
      await on.ask(fetch, 13, fetchOf(topic, 0, { partition, isolationLevel: 1 }));
    }
  },
  'plain-batches-come-between': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await add(on, producer, topic);
    for (const sequence of [0, 1, 2]) {
      await send(on, producer, topic, sequence);
      await on.ask(produce, 9, produceOf(topic, batch([`between ${sequence}`])));
    }
    await seen(on, topic);
    await end(on, producer, false);
    await stableUpTo(on, topic, 7);
    for (const offset of [0, 1, 3, 5, 6]) await seen(on, topic, offset);
  },
  'one-transaction-after-another': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    let at = 0;
    for (const [index, committed] of [true, false, false, true, false].entries()) {
      await add(on, producer, topic);
      await send(on, producer, topic, index * 2, { count: 2 });
      await end(on, producer, committed);
      at += 3;
      await stableUpTo(on, topic, at);
    }
    for (const offset of [0, 2, 3, 7, 12, 14, 15]) await seen(on, topic, offset);
  },
  'an-operator-commits-it': async (on) => {
    const topic = await on.topic();
    const { transactionalId, producerId, producerEpoch } = await init(on);
    const producer = { transactionalId, producerId, producerEpoch };
    await add(on, producer, topic);
    await send(on, producer, topic, 0);
    const marker = {
      ...{ producerId, producerEpoch, transactionResult: true, coordinatorEpoch: 0 },
      topics: [{ name: topic.name, partitionIndexes: [0] }],
    };
    await on.ask(writeTxnMarkers, 1, { markers: [marker] });
    await stableUpTo(on, topic, 2);
    await seen(on, topic);
    await send(on, producer, topic, 1);
  },
});

const producers = scripts('meanwhile', {
  'a-second-one-must-ask-again': async (on) => {
    const topic = await on.topic();
    const { transactionalId, ...first } = await init(on);
    await add(on, { transactionalId, ...first }, topic);
    await on.ask(initProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 });
    await init(on);
  },
  'it-forgets-its-epoch-in-the-new-way': async (on) => {
    const topic = await on.topic();
    const first = await init(on, 'tx', { version: 5 });
    await send(on, first, topic, 0, { version: 12 });
    await end(on, first, true, 5);
    await stableUpTo(on, topic, 2);
    const { producerId, producerEpoch } = first;
    await init(on, 'tx', { version: 5, producerId, producerEpoch });
    await init(on, 'tx', { version: 5, producerId, producerEpoch });
    const last = await init(on, 'tx', { version: 5 });
    await send(on, last, topic, 0, { version: 12 });
    await end(on, last, true, 5);
    await stableUpTo(on, topic, 4);
    await seen(on, topic);
  },
  'a-second-one-in-the-new-way': async (on) => {
    const topic = await on.topic();
    const first = await init(on, 'tx', { version: 5 });
    await send(on, first, topic, 0, { version: 12 });
    const second = await init(on, 'tx', { version: 5 });
    await stableUpTo(on, topic, 2);
    for (const version of [11, 12]) await send(on, first, topic, 1, { version });
    for (const version of [4, 5]) await end(on, first, true, version);
    await send(on, second, topic, 0, { version: 12 });
    await end(on, second, true, 5);
    await stableUpTo(on, topic, 4);
    await seen(on, topic);
  },
  'ids-of-two-transactions-are-mixed-up': async (on) => {
    const topic = await on.topic();
    const [one, two] = [await init(on, 'one'), await init(on, 'two')];
    const mixed = { ...one, transactionalId: two.transactionalId };
    await add(on, mixed, topic);
    await add(on, one, topic);
    await add(on, two, topic);
    await send(on, one, topic, 0);
    for (const version of [3, 4, 5]) await end(on, mixed, true, version);
    await end(on, one, true);
    // Its marker is written behind the answer, and could come after the other one's.
    await stableUpTo(on, topic, 2);
    await end(on, two, false);
    await stableUpTo(on, topic, 3);
    await seen(on, topic);
  },
  'an-idempotent-one-has-its-id': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    const { producerId, producerEpoch } = producer;
    await on.ask(produce, 9, produceOf(topic, sequenced(producerId, producerEpoch, 0)));
    await add(on, producer, topic);
    await send(on, producer, topic, 1);
    await end(on, producer, true);
    await over(on, producer);
    await seen(on, topic);
  },
  'it-says-it-is-number-zero': async (on) => {
    for (const version of [3, 4, 5]) {
      await init(on, `v${version}`, { version, producerId: 0, producerEpoch: 0 });
    }
  },
});

const pending = (on: Player) => [{ groupId: on.name('group'), topics: null }];

const groups = scripts('meanwhile', {
  'its-group-has-nothing-else': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    await commitOffset(on, producer, topic, 7);
    await on.ask(describeGroups, 5, { groups: [on.name('group')] });
    for (const requireStable of [false, true]) {
      await on.ask(offsetFetch, 8, { groups: pending(on), requireStable });
      await on.ask(offsetFetch, 7, { groupId: on.name('group'), topics: null, requireStable });
    }
    await end(on, producer, true);
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    const question = { groupId: on.name('group'), topics, requireStable: true };
    await on.until(offsetFetch, 7, question, ({ topics: [{ partitions }] }) => {
      return partitions[0].errorCode === 0;
    });
    await on.ask(offsetFetch, 8, { groups: pending(on), requireStable: true });
  },
  'its-group-is-read-with-others': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    await commitOffset(on, producer, topic, 7);
    const topics = [{ name: topic.name, partitionIndexes: [0, 1] }];
    const both = ['group', 'nobody'].map((label) => ({ groupId: on.name(label), topics }));
    for (const version of [8, 9]) {
      await on.ask(offsetFetch, version, { groups: both, requireStable: true });
    }
    await end(on, producer, false);
  },
  'it-commits-twice': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await addOffsets(on, producer);
    for (const offset of [7, 5]) await commitOffset(on, producer, topic, offset);
    await end(on, producer, true);
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    const question = { groupId: on.name('group'), topics, requireStable: true };
    await on.until(offsetFetch, 7, question, ({ topics: [{ partitions }] }) => {
      return partitions[0].errorCode === 0;
    });
    await commitOffset(on, producer, topic, 9);
  },
  'it-has-two-groups': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    for (const label of ['group', 'other']) await addOffsets(on, producer, label);
    await commitOffset(on, producer, topic, 7);
    await on.ask(describeTransactions, 0, { transactionalIds: [producer.transactionalId] });
    await end(on, producer, true);
    await over(on, producer);
  },
});

export const interferenceScripts = [...topics, ...producers, ...groups];
