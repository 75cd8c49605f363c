/** Transactions: their partitions, their records and their ends. */
import { addPartitionsToTxn, endTxn, produce } from '../apis.ts';
import { alone, type Player, scripts } from '../player.ts';
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
import { batch, produceOf, sequenced, versions } from '../requests.ts';

const strangerOf = (on: Player): Producer => {
  return { transactionalId: on.name('nobody'), producerId: 4711, producerEpoch: 0 };
};

/** The request of a producer for these partitions, version 3 and below. */
function partitionsOf(
  producer: Producer,
  topics: readonly { name: string; partitions: number[] }[],
) {
  return {
    v3AndBelowTransactionalId: producer.transactionalId,
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producer.producerEpoch,
    v3AndBelowTopics: topics,
  };
}

/** What a producer who is not quite the real one asks, in every version. */
const impostor = (change: (producer: Producer, on: Player) => Producer) => async (on: Player) => {
  const topic = await on.topic();
  const real = await init(on);
  for (const version of versions(0, 3)) await add(on, change(real, on), topic, { version });
};

const adding = scripts('add-partitions', {
  'every-version': async (on) => {
    const topic = await on.topic('topic', {}, 3);
    for (const version of versions(0, 3)) {
      const producer = await init(on, `v${version}`);
      await add(on, producer, topic, { version, partitions: [0, 2] });
      await add(on, producer, topic, { version, partitions: [0, 1] });
      await end(on, producer, false);
    }
  },
  'unknown-topic': async (on) => {
    const producer = await init(on);
    for (const version of versions(0, 3)) {
      await add(on, producer, { name: 'no-such-topic', topicId: '' }, { version });
    }
  },
  'unknown-among-known': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    const topics = [
      { name: topic.name, partitions: [0, 7] },
      { name: 'no-such-topic', partitions: [0] },
    ];
    for (const version of [0, 3]) {
      await on.ask(addPartitionsToTxn, version, partitionsOf(producer, topics));
    }
    await end(on, producer, true);
  },
  nothing: async (on) => {
    const producer = await init(on);
    for (const version of [0, 3]) {
      await on.ask(addPartitionsToTxn, version, partitionsOf(producer, []));
    }
  },
  'unknown-transactional-id': impostor((_real, on) => strangerOf(on)),
  'empty-transactional-id': impostor((real) => ({ ...real, transactionalId: '' })),
  'another-producer-id': impostor((real) => ({ ...real, producerId: real.producerId + 1_000_000 })),
  'epoch-too-new': impostor((real) => ({ ...real, producerEpoch: real.producerEpoch + 1 })),
  'epoch-too-old': async (on) => {
    const topic = await on.topic();
    const old = await init(on);
    await init(on);
    for (const version of versions(0, 3)) await add(on, old, topic, { version });
  },
});

const producing = scripts('transactional-produce', {
  'every-version': async (on) => {
    const topic = await on.topic();
    let at = 0;
    for (const version of versions(3, 11)) {
      const producer = await init(on, `v${version}`);
      await add(on, producer, topic);
      await send(on, producer, topic, 0, { version, count: 2 });
      await end(on, producer, version % 2 === 0);
      at += 3;
      await stableUpTo(on, topic, at);
    }
    await seen(on, topic);
  },
  'adds-its-partition': async (on) => {
    const topic = await on.topic();
    for (const version of [12, 13]) {
      const producer = await init(on, `v${version}`, { version: 5 });
      await send(on, producer, topic, 0, { version });
      await send(on, producer, topic, 1, { version });
      await seen(on, topic);
      await end(on, producer, true, 5);
      await stableUpTo(on, topic, version === 12 ? 3 : 6);
    }
    await seen(on, topic);
  },
  'without-its-id': async (on) => {
    const topic = await on.topic();
    const { producerId, producerEpoch } = await init(on);
    const records = sequenced(producerId, producerEpoch, 0, 1, { isTransactional: true });
    for (const version of [3, 9, 12]) await on.ask(produce, version, produceOf(topic, records));
    const anonymous = produceOf(topic, records, { transactionalId: '' });
    await on.ask(produce, 9, anonymous);
  },
  'plain-records-with-its-id': async (on) => {
    const topic = await on.topic();
    const { transactionalId } = await init(on);
    for (const version of [3, 9, 11, 12]) {
      await on.ask(produce, version, produceOf(topic, batch(['plain']), { transactionalId }));
    }
  },
  'idempotent-records-of-a-transactional-producer': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await send(on, producer, topic, 0, { isTransactional: false });
    await add(on, producer, topic);
    await send(on, producer, topic, 1);
    await send(on, producer, topic, 2, { isTransactional: false });
    await end(on, producer, true);
    await stableUpTo(on, topic, 3);
    await send(on, producer, topic, 2, { isTransactional: false });
    await seen(on, topic);
  },
  'sequences-in-a-transaction': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await add(on, producer, topic);
    for (const sequence of [0, 1, 1, 3, 2]) await send(on, producer, topic, sequence);
    await end(on, producer, true);
    await stableUpTo(on, topic, 4);
    await seen(on, topic);
  },
  'sequences-over-transactions': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await transaction(on, producer, topic);
    await add(on, producer, topic);
    for (const sequence of [3, 1, 1, 2]) await send(on, producer, topic, sequence);
    await end(on, producer, true);
    await stableUpTo(on, topic, 5);
    await seen(on, topic);
  },
  'sequences-after-an-abort': async (on) => {
    const topic = await on.topic();
    const producer = await init(on);
    await transaction(on, producer, topic, { committed: false });
    await add(on, producer, topic);
    for (const sequence of [1, 2]) await send(on, producer, topic, sequence);
    await end(on, producer, true);
    await stableUpTo(on, topic, 5);
    await seen(on, topic);
  },
  'sequences-after-an-epoch': async (on) => {
    const topic = await on.topic();
    let producer = await init(on, 'tx', { version: 5 });
    await send(on, producer, topic, 0, { version: 12 });
    producer = await end(on, producer, false, 5);
    await stableUpTo(on, topic, 2);
    for (const sequence of [1, 0, 1]) await send(on, producer, topic, sequence, { version: 12 });
    producer = await end(on, producer, true, 5);
    await stableUpTo(on, topic, 5);
    await seen(on, topic);
  },
});

const unverified = alone(
  scripts('transactional-produce', {
    'without-partition': async (on) => {
      const topic = await on.topic();
      const producer = await init(on);
      for (const version of versions(3, 11)) await send(on, producer, topic, 0, { version });
      await end(on, producer, true);
    },
    'another-partition': async (on) => {
      const topic = await on.topic('topic', {}, 2);
      const producer = await init(on);
      await add(on, producer, topic, { partitions: [1] });
      for (const version of [3, 10, 11]) await send(on, producer, topic, 0, { version });
      await send(on, producer, topic, 0, { index: 1 });
      await end(on, producer, true);
    },
    'adds-for-nobody': async (on) => {
      const topic = await on.topic();
      for (const version of [12, 13]) await send(on, strangerOf(on), topic, 0, { version });
    },
    'of-a-stranger': async (on) => {
      const topic = await on.topic();
      for (const version of [3, 10, 11]) await send(on, strangerOf(on), topic, 0, { version });
    },
    'another-producer-id': async (on) => {
      const topic = await on.topic();
      const real = await init(on);
      const other = { ...real, producerId: real.producerId + 1_000_000 };
      await add(on, real, topic);
      for (const version of [9, 11, 12]) await send(on, other, topic, 0, { version });
    },
    'epoch-too-new': async (on) => {
      const topic = await on.topic();
      const real = await init(on);
      await add(on, real, topic);
      const other = { ...real, producerEpoch: real.producerEpoch + 1 };
      for (const version of [9, 11, 12]) await send(on, other, topic, 0, { version });
    },
  }),
);

/** Ends a transaction that was begun in the old way, in some versions, each for itself. */
const ended =
  (committed: boolean, only: readonly number[], again?: boolean) => async (on: Player) => {
    for (const version of only) {
      const topic = await on.topic(`topic-${version}`);
      const producer = await init(on, `v${version}`);
      await add(on, producer, topic);
      await send(on, producer, topic, 0, { count: 2 });
      await end(on, producer, committed, version);
      await stableUpTo(on, topic, 3);
      if (again !== undefined) await end(on, producer, again, version);
      await seen(on, topic);
    }
  };

/** Ends what was never begun. */
const emptyEnd = (committed: boolean) => async (on: Player) => {
  for (const version of versions(0, 5)) {
    const producer = await init(on, `v${version}`, { version: 5 });
    const next = await end(on, producer, committed, version);
    await end(on, next, committed, version);
  }
};

const all = versions(0, 5);

const ending = scripts('end-transaction', {
  commit: ended(true, all),
  abort: ended(false, all),
  'commit-twice': ended(true, all, true),
  'abort-twice': ended(false, all, false),
  'commit-after-abort': ended(false, all, true),
  'abort-after-commit': ended(true, all, false),
  'commit-of-nothing': emptyEnd(true),
  'abort-of-nothing': emptyEnd(false),
  'of-a-stranger': async (on) => {
    for (const version of all) await end(on, strangerOf(on), true, version);
    for (const version of all)
      await end(on, { ...strangerOf(on), transactionalId: '' }, true, version);
  },
  'another-producer-id': async (on) => {
    const topic = await on.topic();
    const real = await init(on);
    await add(on, real, topic);
    const other = { ...real, producerId: real.producerId + 1_000_000 };
    for (const version of all) await end(on, other, true, version);
  },
  'epoch-too-new': async (on) => {
    const topic = await on.topic();
    const real = await init(on);
    await add(on, real, topic);
    const other = { ...real, producerEpoch: real.producerEpoch + 1 };
    for (const version of all) await end(on, other, true, version);
  },
  'without-records': async (on) => {
    const topic = await on.topic('topic', {}, 2);
    const producer = await init(on);
    await add(on, producer, topic, { partitions: [0, 1] });
    await send(on, producer, topic, 0, { index: 1 });
    await end(on, producer, true);
    await stableUpTo(on, topic, 1);
    await stableUpTo(on, topic, 2, 1);
    await seen(on, topic);
  },
  'raises-the-epoch': async (on) => {
    const topic = await on.topic();
    let producer = await init(on, 'tx', { version: 5 });
    for (const committed of [true, false, true]) {
      await send(on, producer, topic, 0, { version: 12 });
      producer = await end(on, producer, committed, 5);
    }
    await stableUpTo(on, topic, 6);
    await seen(on, topic);
  },
  'retried-with-the-old-epoch': async (on) => {
    for (const committed of [true, false]) {
      const topic = await on.topic(`topic-${String(committed)}`);
      const producer = await init(on, `tx-${String(committed)}`, { version: 5 });
      await send(on, producer, topic, 0, { version: 12 });
      await end(on, producer, committed, 5);
      await stableUpTo(on, topic, 2);
      await end(on, producer, committed, 5);
      await end(on, producer, !committed, 5);
      await end(on, producer, committed, 4);
      await send(on, producer, topic, 1, { version: 12 });
    }
  },
  'in-the-old-way-then-the-new': async (on) => {
    const topic = await on.topic();
    const producer = await init(on, 'tx', { version: 5 });
    await transaction(on, producer, topic);
    await send(on, producer, topic, 1, { version: 12 });
    const next = await end(on, producer, true, 5);
    await stableUpTo(on, topic, 4);
    await add(on, next, topic);
    await send(on, next, topic, 0, { version: 11 });
    await end(on, next, false, 4);
    await stableUpTo(on, topic, 6);
    await seen(on, topic);
  },
  'at-once-asked-again': async (on) => {
    const topic = await on.topic();
    const { transactionalId, producerId, producerEpoch } = await init(on);
    const producer = { transactionalId, producerId, producerEpoch };
    await add(on, producer, topic);
    await on.ask(endTxn, 4, { ...producer, committed: true });
    await stableUpTo(on, topic, 1);
    await add(on, producer, topic);
  },
});

export const transactionScripts = [...adding, ...producing, ...unverified, ...ending];
