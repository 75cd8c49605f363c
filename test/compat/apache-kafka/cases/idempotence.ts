/** Producers with an id: what order of epochs and sequences a partition takes. */
import { fetch, initProducerId, listOffsets, produce } from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import { fetchOf, Latest, listOf, produceOf, sequenced, versions } from '../requests.ts';

const largest = 2_147_483_647;

/** What a producer sends: epoch, first sequence and number of records. */
type Sent = readonly [epoch: number, sequence: number, count?: number];

/** Sends these one after the other as producer 4711, then asks where the log ends. */
async function send(on: Player, topic: Topic, ...batches: readonly Sent[]): Promise<void> {
  for (const [epoch, sequence, count] of batches) {
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, epoch, sequence, count)));
  }
  await on.ask(listOffsets, 5, listOf(topic, Latest));
}

const sent =
  (...batches: readonly Sent[]) =>
  async (on: Player) =>
    send(on, await on.topic(), ...batches);

const upTo = (count: number): Sent[] => Array.from({ length: count }, (_, index) => [0, index]);

const sequences = scripts('idempotence', {
  'in-order': sent([0, 0], [0, 1, 3], [0, 4]),
  'stored-as-sent': async (on) => {
    const topic = await on.topic();
    await send(on, topic, [0, 0, 2], [0, 2]);
    for (const version of [4, 11, 13]) await on.ask(fetch, version, fetchOf(topic, 0));
  },
  'first-sequence-not-zero': sent([0, 5], [0, 6]),
  gap: sent([0, 0], [0, 2], [0, 1]),
  'duplicate-of-last': sent([0, 0], [0, 1], [0, 1], [0, 2]),
  'duplicate-five-back': sent(...upTo(6), [0, 1], [0, 5], [0, 6]),
  'duplicate-six-back': sent(...upTo(6), [0, 0], [0, 6]),
  'duplicate-of-another-size': sent([0, 0, 3], [0, 0, 2], [0, 0, 4], [0, 1, 2]),
  'duplicate-spanning-two': sent([0, 0], [0, 1], [0, 0, 2]),
  'sequence-again-from-zero': sent([0, 0], [0, 1], [0, 0, 3]),
  'epoch-old': sent([3, 0], [2, 1], [2, 0], [3, 1]),
  'epoch-new-from-zero': sent([0, 0], [0, 1], [1, 0], [1, 1]),
  'epoch-new-not-from-zero': sent([0, 0], [1, 1], [1, 5], [1, 0]),
  'epoch-old-duplicate': sent([0, 0], [1, 0], [0, 0]),
  'sequence-wraps': sent([0, largest - 1], [0, largest], [0, 0], [0, 1]),
  'sequence-wraps-inside': sent([0, largest - 1, 4], [0, 2]),
  'sequence-wraps-wrongly': sent([0, largest], [0, 1]),
  'epoch-largest': sent([32_767, 0], [32_767, 1], [0, 0]),
});

const odd = scripts('idempotence', {
  'no-sequence': async (on) => {
    const topic = await on.topic();
    for (const version of [7, 9]) {
      await on.ask(produce, version, produceOf(topic, sequenced(4711, 0, -1)));
      await on.ask(produce, version, produceOf(topic, sequenced(4711, -1, 0)));
      await on.ask(produce, version, produceOf(topic, sequenced(-1, 0, 0)));
      await on.ask(produce, version, produceOf(topic, sequenced(-2, 0, 0)));
    }
  },
  'refused-by-version': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 1, 0)));
    for (const version of versions(3, 13)) {
      await on.ask(produce, version, produceOf(topic, sequenced(4711, 1, 7)));
      await on.ask(produce, version, produceOf(topic, sequenced(4711, 0, 1)));
    }
  },
  'duplicate-by-version': async (on) => {
    const topic = await on.topic();
    for (const version of versions(3, 13)) {
      await on.ask(produce, version, produceOf(topic, sequenced(4711, 0, 0, 2)));
    }
  },
  'acks-of-one': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 0), { acks: 1 }));
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 0), { acks: 1 }));
  },
  'two-producers': async (on) => {
    const topic = await on.topic();
    for (const id of [1, 2]) await on.ask(produce, 9, produceOf(topic, sequenced(id, 0, 0)));
    for (const id of [2, 1]) await on.ask(produce, 9, produceOf(topic, sequenced(id, 0, 1)));
    await on.ask(fetch, 11, fetchOf(topic, 0));
  },
  'a-producer-and-none': async (on) => {
    const topic = await on.topic();
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 0)));
    await on.ask(produce, 9, produceOf(topic, sequenced(-1, -1, -1)));
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 1)));
    await on.ask(fetch, 11, fetchOf(topic, 0));
  },
  'append-time-of-duplicates': async (on) => {
    const topic = await on.topic('topic', { 'message.timestamp.type': 'LogAppendTime' });
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 0)));
    await on.ask(produce, 9, produceOf(topic, sequenced(4711, 0, 0)));
  },
});

const ids = scripts('producer-id', {
  'for-idempotence': async (on) => {
    for (const version of versions(0, 5)) {
      await on.ask(initProducerId, version, {
        transactionalId: null,
        transactionTimeoutMs: 60_000,
      });
    }
  },
  'for-idempotence-any-timeout': async (on) => {
    for (const transactionTimeoutMs of [-1, 0, largest]) {
      await on.ask(initProducerId, 4, { transactionalId: null, transactionTimeoutMs });
    }
  },
  'for-idempotence-with-an-id': async (on) => {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await on.ask(initProducerId, 4, request);
    for (const version of [3, 4, 5]) {
      await on.ask(initProducerId, version, { ...request, producerId, producerEpoch });
      await on.ask(initProducerId, version, { ...request, producerId: -1, producerEpoch: 3 });
      await on.ask(initProducerId, version, { ...request, producerId: 815, producerEpoch: -1 });
    }
  },
  'for-idempotence-used': async (on) => {
    const topic = await on.topic();
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await on.ask(initProducerId, 4, request);
    for (const sequence of [0, 1, 1]) {
      const records = sequenced(producerId, producerEpoch, sequence);
      await on.ask(produce, 9, produceOf(topic, records));
    }
    await on.ask(fetch, 11, fetchOf(topic, 0));
  },
});

export const idempotenceScripts = [...sequences, ...odd, ...ids];
