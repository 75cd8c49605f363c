/** InitProducerId with a transactional id: what epoch a producer gets, and whom that fences. */
import { describeTransactions, findCoordinator, initProducerId } from '../apis.ts';
import { type Player, scripts } from '../player.ts';
import { add, end, init, seen, send, settled, stableUpTo } from '../producers.ts';
import { versions } from '../requests.ts';

const withTimeout = (transactionTimeoutMs: number) => async (on: Player) => {
  for (const version of versions(0, 5))
    await init(on, `v${version}`, { version, transactionTimeoutMs });
};

/** Asks with an id and epoch made of those the producer has, in the versions that take them. */
const known =
  (change: (id: number, epoch: number) => readonly [number, number]) => async (on: Player) => {
    for (const version of [3, 4, 5]) {
      const label = `v${version}`;
      const first = await init(on, label, { version });
      const [producerId, producerEpoch] = change(first.producerId, first.producerEpoch);
      await init(on, label, { version, producerId, producerEpoch });
      await init(on, label, { version });
    }
  };

const ids = scripts('init-producer-id', {
  'every-version': async (on) => {
    for (const version of versions(0, 5)) await init(on, `v${version}`, { version });
  },
  'raises-the-epoch': async (on) => {
    for (const version of versions(0, 5)) await init(on, 'tx', { version });
  },
  'empty-transactional-id': async (on) => {
    for (const version of versions(0, 5)) {
      await on.ask(initProducerId, version, { transactionalId: '', transactionTimeoutMs: 60_000 });
    }
  },
  'timeout-zero': withTimeout(0),
  'timeout-negative': withTimeout(-1),
  'timeout-one': withTimeout(1),
  'timeout-largest': withTimeout(900_000),
  'timeout-too-large': withTimeout(900_001),
  'timeout-of-the-last-counts': async (on) => {
    await init(on, 'tx', { transactionTimeoutMs: 5_000 });
    await init(on, 'tx', { transactionTimeoutMs: 9_000 });
    await on.ask(describeTransactions, 0, { transactionalIds: [on.name('tx')] });
  },
  'known-as-it-is': known((id, epoch) => [id, epoch]),
  'known-with-older-epoch': async (on) => {
    for (const version of [3, 4, 5]) {
      const label = `v${version}`;
      const { producerId, producerEpoch } = await init(on, label, { version });
      await init(on, label, { version });
      await init(on, label, { version });
      await init(on, label, { version, producerId, producerEpoch });
    }
  },
  'known-with-newer-epoch': known((id, epoch) => [id, epoch + 1]),
  'known-with-another-id': known((id, epoch) => [id + 1_000_000, epoch]),
  'known-without-epoch': known((id) => [id, -1]),
  'known-without-id': known((_id, epoch) => [-1, epoch]),
  'known-by-nobody': async (on) => {
    for (const version of [3, 4, 5]) {
      await init(on, `v${version}`, { version, producerId: 4711, producerEpoch: 0 });
      await init(on, `v${version}`, { version });
    }
  },
  'known-asked-again': async (on) => {
    for (const version of [3, 4, 5]) {
      const label = `v${version}`;
      const { producerId, producerEpoch } = await init(on, label, { version });
      await init(on, label, { version, producerId, producerEpoch });
      await init(on, label, { version, producerId, producerEpoch });
      await init(on, label, { version, producerId, producerEpoch: producerEpoch + 1 });
    }
  },
  'known-after-end': async (on) => {
    const topic = await on.topic();
    const first = await init(on);
    await add(on, first, topic);
    await send(on, first, topic, 0);
    await end(on, first, false);
    const { producerId, producerEpoch } = first;
    const second = await init(on, 'tx', { producerId, producerEpoch });
    await add(on, second, topic);
    await send(on, second, topic, 0);
    await end(on, second, true);
    await stableUpTo(on, topic, 4);
    await seen(on, topic);
  },
});

const fencing = scripts('fencing', {
  'aborts-what-is-open': async (on) => {
    const topic = await on.topic();
    const first = await init(on);
    await add(on, first, topic);
    await send(on, first, topic, 0, { count: 2 });
    await init(on);
    await stableUpTo(on, topic, 3);
    await seen(on, topic);
    await on.ask(describeTransactions, 0, { transactionalIds: [first.transactionalId] });
  },
  'aborts-what-is-open-without-records': async (on) => {
    const topic = await on.topic();
    const first = await init(on);
    await add(on, first, topic);
    await init(on);
    await stableUpTo(on, topic, 1);
    await seen(on, topic);
  },
  'the-old-one-everywhere': async (on) => {
    for (const version of [0, 1, 2, 3]) {
      const topic = await on.topic(`topic-${version}`);
      const first = await init(on, `v${version}`);
      await init(on, `v${version}`);
      await add(on, first, topic, { version });
      await end(on, first, true, version);
      await send(on, first, topic, 0, { version: 3 + version });
    }
  },
  'the-old-one-ends': async (on) => {
    for (const version of versions(0, 5)) {
      const topic = await on.topic(`topic-${version}`);
      const first = await init(on, `v${version}`);
      await add(on, first, topic);
      await init(on, `v${version}`);
      for (const committed of [true, false]) await end(on, first, committed, version);
    }
  },
  'the-old-one-produces': async (on) => {
    const topic = await on.topic();
    const first = await init(on);
    await add(on, first, topic);
    await send(on, first, topic, 0);
    const second = await init(on);
    await stableUpTo(on, topic, 2);
    for (const version of [3, 8, 10, 11, 12, 13]) await send(on, first, topic, 1, { version });
    await add(on, second, topic);
    await send(on, second, topic, 0);
    await send(on, first, topic, 1);
    await end(on, second, true);
    await stableUpTo(on, topic, 4);
    await seen(on, topic);
  },
  'the-old-one-asks-for-its-epoch': async (on) => {
    const topic = await on.topic();
    const { producerId, producerEpoch } = await init(on);
    const second = await init(on);
    await add(on, second, topic);
    for (const version of [3, 4, 5]) await init(on, 'tx', { version, producerId, producerEpoch });
  },
});

const finding = scripts('find-coordinator', {
  'of-transactions': async (on) => {
    for (const version of [1, 2, 3]) {
      await on.until(findCoordinator, version, { key: on.name('tx'), keyType: 1 }, settled);
    }
    for (const version of [4, 5, 6]) {
      const coordinatorKeys = [on.name('one'), on.name('two')];
      await on.ask(findCoordinator, version, { keyType: 1, coordinatorKeys });
    }
  },
  'of-no-key': async (on) => {
    for (const keyType of [0, 1]) {
      await on.ask(findCoordinator, 3, { key: '', keyType });
      await on.ask(findCoordinator, 4, { coordinatorKeys: [''], keyType });
    }
    await on.ask(findCoordinator, 4, { coordinatorKeys: [], keyType: 1 });
  },
  'of-an-unknown-kind': async (on) => {
    for (const keyType of [3, -1]) {
      await on.refused(findCoordinator, 3, { key: 'x', keyType });
      await on.refused(findCoordinator, 4, { coordinatorKeys: ['x'], keyType });
    }
  },
  'of-groups': async (on) => {
    for (const version of [0, 1, 2, 3]) {
      await on.ask(findCoordinator, version, { key: on.name('group') });
    }
    await on.ask(findCoordinator, 4, { coordinatorKeys: [on.name('one'), on.name('two')] });
  },
});

export const producerIdScripts = [...ids, ...fencing, ...finding];
