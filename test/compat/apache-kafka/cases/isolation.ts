/** What readers of committed records see, and what operators see of open transactions. */
import {
  deleteRecords,
  describeProducers,
  describeTransactions,
  fetch,
  listOffsets,
  listTransactions,
  produce,
  writeTxnMarkers,
} from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import {
  add,
  end,
  init,
  type Producer,
  seen,
  send,
  stableUpTo,
  transaction,
} from '../producers.ts';
import {
  batch,
  Earliest,
  fetchOf,
  Latest,
  listOf,
  MaxTimestamp,
  produceOf,
  versions,
} from '../requests.ts';

/** A plain record, then an open transaction of two records, then a plain record. */
async function open(on: Player, label = 'topic'): Promise<{ topic: Topic; producer: Producer }> {
  const topic = await on.topic(label);
  const producer = await init(on, `tx-${label}`);
  await on.ask(produce, 9, produceOf(topic, batch(['before'])));
  await add(on, producer, topic);
  await send(on, producer, topic, 0, { count: 2 });
  await on.ask(produce, 9, produceOf(topic, batch(['after'])));
  return { topic, producer };
}

/** Three producers by turns: the first and the last abort. */
async function mixed(on: Player): Promise<Topic> {
  const topic = await on.topic();
  const producers = [await init(on, 'one'), await init(on, 'two'), await init(on, 'three')];
  for (const producer of producers) await add(on, producer, topic);
  for (const sequence of [0, 1]) {
    for (const producer of producers) await send(on, producer, topic, sequence);
  }
  await on.ask(produce, 9, produceOf(topic, batch(['plain'])));
  for (const [index, producer] of [...producers.entries()].reverse()) {
    await end(on, producer, index === 1);
    await on.quietlyUntil(
      listOffsets,
      5,
      listOf(topic, Latest),
      ({ topics: [{ partitions }] }) => partitions[0].offset >= 10 - index,
      3_000,
    );
  }
  await stableUpTo(on, topic, 10);
  return topic;
}

const reading = scripts('isolation', {
  'while-open': async (on) => {
    const { topic } = await open(on);
    for (const version of versions(4, 17)) {
      for (const isolationLevel of [0, 1]) {
        await on.ask(fetch, version, fetchOf(topic, 0, { isolationLevel }));
      }
    }
  },
  'while-open-from-inside': async (on) => {
    const { topic } = await open(on);
    for (const offset of [1, 2, 3, 4, 5]) await seen(on, topic, offset);
  },
  'while-open-list-offsets': async (on) => {
    const { topic } = await open(on);
    for (const timestamp of [Latest, Earliest, MaxTimestamp, 0, Date.now() + 3_600_000]) {
      for (const version of [2, 5, 7, 11]) {
        if (timestamp === MaxTimestamp && version < 7) continue;
        await on.ask(listOffsets, version, listOf(topic, timestamp, { isolationLevel: 1 }));
      }
    }
  },
  'after-commit': async (on) => {
    const { topic, producer } = await open(on);
    await end(on, producer, true);
    await stableUpTo(on, topic, 5);
    for (const version of versions(4, 17)) {
      await on.ask(fetch, version, fetchOf(topic, 0, { isolationLevel: 1 }));
    }
    await seen(on, topic, 2);
  },
  'after-abort': async (on) => {
    const { topic, producer } = await open(on);
    await end(on, producer, false);
    await stableUpTo(on, topic, 5);
    for (const version of versions(4, 17)) {
      await on.ask(fetch, version, fetchOf(topic, 0, { isolationLevel: 1 }));
    }
    for (const offset of [1, 2, 3, 4, 5]) await seen(on, topic, offset);
  },
  'of-several-producers': async (on) => {
    const topic = await mixed(on);
    for (const offset of [0, 1, 4, 5, 6, 7, 8, 9]) await seen(on, topic, offset);
  },
  'of-several-producers-in-pieces': async (on) => {
    const topic = await mixed(on);
    for (const offset of [0, 3, 5, 7]) {
      const options = { isolationLevel: 1, partitionMaxBytes: 1 };
      await on.ask(fetch, 11, fetchOf(topic, offset, options));
    }
  },
  'two-open-one-ends': async (on) => {
    const topic = await on.topic();
    const [one, two] = [await init(on, 'one'), await init(on, 'two')];
    for (const producer of [one, two]) {
      await add(on, producer, topic);
      await send(on, producer, topic, 0);
    }
    await end(on, two, false);
    await on.quietlyUntil(listOffsets, 5, listOf(topic, Latest), ({ topics: [{ partitions }] }) => {
      return partitions[0].offset >= 3;
    });
    await seen(on, topic);
    await end(on, one, true);
    await stableUpTo(on, topic, 4);
    await seen(on, topic);
  },
  'waits-for-the-end': async (on) => {
    const { topic, producer } = await open(on);
    const options = { isolationLevel: 1, maxWaitMs: 10_000 };
    const waiting = on.another().ask(fetch, 11, fetchOf(topic, 1, options));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await end(on, producer, true);
    await waiting;
  },
  'over-delete-records': async (on) => {
    const { topic, producer } = await open(on);
    const partitions = [{ partitionIndex: 0, offset: 3 }];
    await on.ask(deleteRecords, 2, { topics: [{ name: topic.name, partitions }], timeoutMs: 9000 });
    for (const place of [Earliest, Latest]) {
      await on.ask(listOffsets, 5, listOf(topic, place, { isolationLevel: 1 }));
    }
    await end(on, producer, false);
    await stableUpTo(on, topic, 5);
    await seen(on, topic, 3);
  },
  'on-a-compacted-topic': async (on) => {
    const topic = await on.topic('topic', { 'cleanup.policy': 'compact' });
    const producer = await init(on);
    await add(on, producer, topic);
    await send(on, producer, topic, 0);
    await end(on, producer, true);
    await stableUpTo(on, topic, 1);
    await seen(on, topic);
  },
  'with-log-append-time': async (on) => {
    const topic = await on.topic('topic', { 'message.timestamp.type': 'LogAppendTime' });
    const producer = await init(on);
    await transaction(on, producer, topic);
    await seen(on, topic);
  },
  'markers-move-list-offsets': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await transaction(on, producer, topic, { count: 2 });
    for (const timestamp of [MaxTimestamp, 0, Date.now() + 3_600_000]) {
      await on.ask(listOffsets, 7, listOf(topic, timestamp));
    }
    await on.ask(deleteRecords, 2, {
      topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, offset: -1 }] }],
      timeoutMs: 9000,
    });
    await seen(on, topic, 3);
  },
});

const producersOf = ({ name }: Topic, ...partitionIndexes: number[]) => ({
  topics: [{ name, partitionIndexes }],
});

const operating = scripts('operators', {
  'producers-of-nothing': async (on) => {
    const topic = await on.topic();
    await on.ask(describeProducers, 0, producersOf(topic, 0, 5, -1));
    await on.ask(describeProducers, 0, producersOf({ name: 'no-such-topic', topicId: '' }, 0));
    await on.ask(describeProducers, 0, { topics: [] });
  },
  'producers-open-and-ended': async (on) => {
    const { topic, producer } = await open(on);
    await on.ask(describeProducers, 0, producersOf(topic, 0));
    await end(on, producer, true);
    await stableUpTo(on, topic, 5);
    await on.ask(describeProducers, 0, producersOf(topic, 0));
  },
  'producers-idempotent': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    for (const sequence of [0, 1]) {
      await send(on, producer, topic, sequence, { isTransactional: false, count: 1 });
    }
    await on.ask(describeProducers, 0, producersOf(topic, 0));
  },
  'transactions-described': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const producer = await init(on);
    const question = { transactionalIds: [producer.transactionalId] };
    await on.ask(describeTransactions, 0, question);
    await add(on, producer, topic, { partitions: [1, 0] });
    await on.ask(describeTransactions, 0, question);
    await end(on, producer, true);
    await stableUpTo(on, topic, 1);
    await on.until(describeTransactions, 0, question, ({ transactionStates: [state] }) =>
      state.transactionState.startsWith('Complete'),
    );
    await add(on, producer, topic);
    await end(on, producer, false);
    await on.until(describeTransactions, 0, question, ({ transactionStates: [state] }) =>
      state.transactionState.startsWith('Complete'),
    );
  },
  'transactions-described-unknown': async (on) => {
    await on.ask(describeTransactions, 0, { transactionalIds: [on.name('nobody'), ''] });
    await on.ask(describeTransactions, 0, { transactionalIds: [] });
    const { transactionalId } = await init(on);
    await on.ask(describeTransactions, 0, { transactionalIds: [transactionalId, transactionalId] });
  },
  'transactions-listed': async (on) => {
    const topic = await on.topic();
    const { producerId, ...rest } = await init(on);
    const producerIdFilters = [producerId];
    for (const version of [0, 1, 2]) await on.ask(listTransactions, version, { producerIdFilters });
    await add(on, { producerId, ...rest }, topic);
    for (const stateFilters of [[], ['Ongoing'], ['Empty'], ['Ongoing', 'Empty'], ['ongoing']]) {
      await on.ask(listTransactions, 2, { producerIdFilters, stateFilters });
    }
  },
  'transactions-listed-by-duration': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    const producerIdFilters = [producer.producerId];
    for (const durationFilter of [-1, 0, 3_600_000]) {
      await on.ask(listTransactions, 1, { producerIdFilters, durationFilter });
    }
    await add(on, producer, topic);
    for (const durationFilter of [-1, 3_600_000]) {
      await on.ask(listTransactions, 1, { producerIdFilters, durationFilter });
    }
  },
  'transactions-listed-by-pattern': async (on) => {
    const { producerId } = await init(on, 'needle');
    const producerIdFilters = [producerId];
    for (const transactionalIdPattern of ['.*needle.*', 'needle', '', null, '(']) {
      await on.ask(listTransactions, 2, { producerIdFilters, transactionalIdPattern });
    }
  },
  'transactions-listed-in-unknown-states': async (on) => {
    const { producerId } = await init(on);
    const producerIdFilters = [producerId];
    for (const stateFilters of [['Nonsense'], ['Nonsense', 'Empty'], ['']]) {
      await on.ask(listTransactions, 0, { producerIdFilters, stateFilters });
    }
    await on.ask(listTransactions, 0, { producerIdFilters: [4711] });
  },
});

function marker({ producerId, producerEpoch }: Producer, { name }: Topic, more = {}) {
  const topics = [{ name, partitionIndexes: [0] }];
  const plain = {
    producerId,
    producerEpoch,
    transactionResult: false,
    topics,
    coordinatorEpoch: 0,
  };
  return { markers: [{ ...plain, ...more }] };
}

const marking = scripts('write-markers', {
  'abort-by-hand': async (on) => {
    for (const version of [1, 2]) {
      const { topic, producer } = await open(on, `topic-${version}`);
      await on.ask(writeTxnMarkers, version, marker(producer, topic));
      await stableUpTo(on, topic, 5);
      await seen(on, topic);
      await on.ask(describeProducers, 0, producersOf(topic, 0));
    }
  },
  'of-nobody': async (on) => {
    const topic = await on.topic();
    const nobody = { transactionalId: '', producerId: 4711, producerEpoch: 3 };
    await on.ask(writeTxnMarkers, 1, marker(nobody, topic));
    await seen(on, topic);
  },
  'with-an-old-epoch': async (on) => {
    const topic = await on.topic();
    await init(on);
    const producer = await init(on);
    await add(on, producer, topic);
    await send(on, producer, topic, 0);
    await on.ask(writeTxnMarkers, 1, marker({ ...producer, producerEpoch: 0 }, topic));
    await on.ask(writeTxnMarkers, 1, marker(producer, topic, { coordinatorEpoch: -1 }));
    await on.ask(writeTxnMarkers, 1, marker({ ...producer, producerEpoch: 9 }, topic));
  },
  'to-unknown-partitions': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    const topics = [
      { name: topic.name, partitionIndexes: [7] },
      { name: 'no-such-topic', partitionIndexes: [0] },
    ];
    for (const version of [1, 2]) {
      await on.ask(writeTxnMarkers, version, marker(producer, topic, { topics }));
    }
  },
  nothing: async (on) => {
    await on.ask(writeTxnMarkers, 1, { markers: [] });
  },
});

const timing = scripts('transaction-timeout', {
  'aborts-by-itself': async (on) => {
    const topic = await on.topic();
    const producer = await init(on, 'tx', { transactionTimeoutMs: 500 });
    await add(on, producer, topic);
    await send(on, producer, topic, 0, { count: 2 });
    await stableUpTo(on, topic, 3);
    await seen(on, topic);
    for (const version of [0, 1, 2, 4, 5]) await end(on, producer, true, version);
    await end(on, producer, false);
    await add(on, producer, topic);
    await send(on, producer, topic, 2);
    await on.ask(describeTransactions, 0, { transactionalIds: [producer.transactionalId] });
    const { producerId, producerEpoch } = producer;
    await init(on, 'tx', { producerId, producerEpoch });
    await init(on, 'tx');
  },
  'aborts-what-joined-by-itself': async (on) => {
    const topic = await on.topic();
    const producer = await init(on, 'tx', { version: 5, transactionTimeoutMs: 500 });
    await send(on, producer, topic, 0, { version: 12 });
    await stableUpTo(on, topic, 2);
    await seen(on, topic);
    await end(on, producer, true, 5);
    await send(on, producer, topic, 1, { version: 12 });
    await init(on, 'tx', { version: 5 });
  },
});

export const isolationScripts = [...reading, ...operating, ...marking, ...timing];
