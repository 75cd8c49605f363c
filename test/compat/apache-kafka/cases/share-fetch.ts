/** What members of share groups acquire, and what may be said of it (KIP-932, 1206, 1222). */
import {
  deleteRecords,
  incrementalAlterConfigs,
  produce,
  shareAcknowledge,
  shareFetch,
  shareGroupHeartbeat,
} from '../apis.ts';
import { topicOf } from '../members.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import { add, end, init, send } from '../producers.ts';
import { batch, produceOf } from '../requests.ts';

const GROUP_RESOURCE = 32;
const [GAP, ACCEPT, RELEASE, REJECT, RENEW] = [0, 1, 2, 3, 4];

/** What is said of offsets begins behind the record that shows that the broker serves the group. */
const served = 1;

type Said = readonly [first: number, last: number, ...types: number[]];

interface Room {
  readonly maxRecords?: number;
  readonly batchSize?: number;
  readonly shareAcquireMode?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly isRenewAck?: boolean;
}

/** A member as its requests make it; each answer but the first is kept. */
class Sharer {
  readonly #on: Player;
  readonly #topic: Topic;
  readonly #label: string;
  readonly #version: number;
  epoch = 0;

  constructor(on: Player, topic: Topic, label = 'one', version = 2) {
    this.#on = on;
    this.#topic = topic;
    this.#label = label;
    this.#version = version;
  }

  get #member() {
    return { groupId: this.#on.name('group'), memberId: this.#on.name(this.#label).slice(-36) };
  }

  topicsOf(said: readonly Said[] | null, partition = 0) {
    if (said === null) return [];
    const acknowledgementBatches = said.map(([firstOffset, lastOffset, ...acknowledgeTypes]) => ({
      firstOffset: firstOffset + served,
      lastOffset: lastOffset + served,
      acknowledgeTypes,
    }));
    const partitions = [{ partitionIndex: partition, acknowledgementBatches }];
    return [{ topicId: this.#topic.topicId, partitions }];
  }

  async fetch(room: Room = {}, said: readonly Said[] | null = null, partition = 0) {
    const answer = await this.#on.ask(shareFetch, this.#version, {
      ...this.#member,
      shareSessionEpoch: this.epoch,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000_000,
      maxRecords: 500,
      batchSize: 500,
      ...room,
      topics: this.topicsOf(said, partition),
    });
    if (answer.errorCode === 0 && this.epoch >= 0) this.epoch++;
    return answer;
  }

  /** What is acquired within a moment, without a word on the answer. */
  async taken() {
    const shareSessionEpoch = this.epoch++;
    const room = { maxWaitMs: 300, minBytes: 1, maxRecords: 500, batchSize: 500 };
    const request = { ...this.#member, ...room, shareSessionEpoch };
    const { responses } = await this.#on.quietly(shareFetch, this.#version, request);
    return responses.flatMap(({ partitions }) => partitions[0].acquiredRecords);
  }

  async acknowledge(...said: readonly Said[]) {
    return this.words(said);
  }

  async words(said: readonly Said[], isRenewAck = false, partition = 0) {
    const answer = await this.#on.ask(shareAcknowledge, this.#version, {
      ...this.#member,
      shareSessionEpoch: this.epoch,
      isRenewAck,
      topics: this.topicsOf(said, partition),
    });
    if (answer.errorCode === 0 && this.epoch >= 0) this.epoch++;
    return answer;
  }

  async open(): Promise<this> {
    await this.#openQuietly();
    return this;
  }

  /** Opens the session, and waits until so many records were acquired. */
  async openFor(records: number): Promise<this> {
    let acquired = await this.#openQuietly();
    for (let tries = 0; tries < 50; tries++) {
      const count = acquired.reduce((sum, each) => sum + each.lastOffset - each.firstOffset + 1, 0);
      if (count >= records) break;
      acquired = [...acquired, ...(await this.taken())];
    }
    return this;
  }

  async #openQuietly() {
    const { responses } = await this.#on.quietly(shareFetch, 2, this.#opening(0));
    this.epoch = 1;
    return responses.flatMap(({ partitions }) => partitions[0].acquiredRecords);
  }

  /** Opens the session, and waits until the broker serves the group: it takes the first record. */
  async first(): Promise<this> {
    await write(this.#on, this.#topic, 1);
    await this.#on.quietlyUntil(shareFetch, 2, this.#opening(200), ({ responses }) =>
      responses.some(({ partitions }) => partitions[0].acquiredRecords.length > 0),
    );
    const shareSessionEpoch = 1;
    const topics = this.topicsOf([[-1, -1, ACCEPT]]);
    const request = { ...this.#member, shareSessionEpoch, topics };
    await this.#on.quietly(shareAcknowledge, 2, request);
    this.epoch = 2;
    return this;
  }

  #opening(maxWaitMs: number) {
    const room = { minBytes: 1, maxRecords: 500, batchSize: 500, maxWaitMs };
    return { ...this.#member, ...room, topics: this.topicsOf([]) };
  }
}

/** A group with these configs and a member, so that it begins in the topic. */
async function group(on: Player, configs: Record<string, string> = {}) {
  const all = { 'share.auto.offset.reset': 'earliest', ...configs };
  await on.quietly(incrementalAlterConfigs, 1, {
    resources: [
      {
        resourceType: GROUP_RESOURCE,
        resourceName: on.name('group'),
        configs: Object.entries(all).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  const topic = await topicOf(on, 'topic');
  await on.quietlyUntil(
    shareGroupHeartbeat,
    1,
    {
      groupId: on.name('group'),
      memberId: on.name('beating').slice(-36),
      memberEpoch: 0,
      subscribedTopicNames: [topic.name],
    },
    ({ assignment }) => assignment?.topicPartitions.length === 1,
  );
  return topic;
}

/** A member whose session is open before anything is produced. */
async function sharer(on: Player, configs: Record<string, string> = {}) {
  const topic = await group(on, configs);
  return { topic, member: await new Sharer(on, topic).first() };
}

async function write(on: Player, topic: Topic, ...sizes: number[]): Promise<void> {
  for (const size of sizes) {
    const values = Array.from({ length: size }, (_, i) => `value ${i}`);
    await on.quietly(produce, 12, produceOf(topic, batch(values)));
  }
}

export const shareFetchScripts = scripts('share-fetch', {
  'whole-batches': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 4, 4, 4, 1, 1, 1, 7);
    await member.fetch({ maxRecords: 5 });
    await member.fetch({ maxRecords: 4 });
    await member.fetch({ maxRecords: 500, batchSize: 2 });
    await member.fetch();
  },
  'no-more-than-asked': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 4, 4, 4);
    for (const maxRecords of [3, 3, 1, 9]) await member.fetch({ maxRecords, shareAcquireMode: 1 });
    await member.acknowledge([0, 11, RELEASE]);
    for (const maxRecords of [2, 5, 9]) await member.fetch({ maxRecords, shareAcquireMode: 1 });
  },
  'sizes-and-limits': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 2, 2);
    await member.fetch({ maxRecords: 0 });
    await member.fetch({ maxBytes: 0 });
    await member.fetch({ maxBytes: 1 });
    await member.fetch({ minBytes: 100_000, maxWaitMs: 300 });
    await member.fetch({ shareAcquireMode: 0, batchSize: 0 });
  },
  'what-becomes-of-records': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 6, 6);
    await member.fetch();
    await member.acknowledge(
      [0, 5, GAP, ACCEPT, RELEASE, REJECT, ACCEPT, RELEASE],
      [6, 11, ACCEPT],
    );
    await member.fetch();
    await member.acknowledge([2, 2, ACCEPT]);
    // What comes along with a fetch takes effect before or after it: that is Kafka's own business.
    await member.fetch({ maxRecords: 0 }, [[5, 5, RELEASE]]);
    await member.fetch();
    await member.fetch({ maxRecords: 0 }, [[5, 5, ACCEPT]]);
    await member.acknowledge([0, 11, ACCEPT]);
    await member.acknowledge([5, 5, ACCEPT]);
  },
  'acknowledgements-that-make-no-sense': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 3, 3);
    await member.fetch({ maxRecords: 3 });
    const wrong: Said[][] = [
      [[2, 1, ACCEPT]],
      [
        [0, 1, ACCEPT],
        [0, 1, ACCEPT],
      ],
      [
        [0, 1, ACCEPT],
        [1, 2, ACCEPT],
      ],
      [[0, 2]],
      [[0, 2, ACCEPT, ACCEPT]],
      [[0, 2, 5]],
      [[0, 2, -1]],
      [[0, 2, RENEW]],
      [[0, 3, ACCEPT]],
      [[4, 5, ACCEPT]],
      [[0, 2 ** 52, ACCEPT]],
    ];
    for (const said of wrong) await member.words(said);
    for (const said of wrong) await member.fetch({ maxRecords: 0 }, said);
    await member.words([[0, 2, ACCEPT]], false, 7);
    await member.acknowledge([0, 2, ACCEPT]);
    await member.words([]);
  },
  'records-of-somebody-else': async (on) => {
    const { topic, member } = await sharer(on);
    const other = await new Sharer(on.another(), topic, 'two').open();
    await write(on, topic, 3, 3);
    await member.fetch({ maxRecords: 3 });
    await other.fetch();
    await other.acknowledge([0, 2, ACCEPT]);
    await other.acknowledge([3, 4, ACCEPT], [5, 5, RELEASE]);
    await member.fetch();
    await member.acknowledge([3, 5, ACCEPT]);
    await member.acknowledge([5, 5, ACCEPT]);
  },
  'delivered-in-vain': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 8, 4);
    for (let round = 0; round < 16; round++) {
      const { responses } = await member.fetch();
      const acquired = responses.flatMap(({ partitions }) => partitions[0].acquiredRecords);
      const said = acquired.map(
        ({ firstOffset, lastOffset }): Said => [firstOffset - served, lastOffset - served, RELEASE],
      );
      await member.words(said);
    }
  },
  'delivered-in-vain-twice': async (on) => {
    const { topic, member } = await sharer(on, { 'share.delivery.count.limit': '2' });
    await write(on, topic, 3, 3);
    await member.fetch({ maxRecords: 3 });
    await member.acknowledge([0, 2, RELEASE]);
    await member.fetch();
    await member.acknowledge([0, 5, RELEASE]);
    await member.fetch();
  },
  'held-for-longer': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 4);
    await member.fetch();
    await member.words([[0, 3, RENEW]], true);
    await member.words([[0, 3, RENEW, ACCEPT, RENEW, ACCEPT]], true);
    await member.fetch({ isRenewAck: true }, [[0, 0, RENEW]]);
    const nothing = { minBytes: 0, maxBytes: 0, maxRecords: 0, maxWaitMs: 0 };
    await member.fetch({ isRenewAck: true, ...nothing }, [[0, 0, RENEW]]);
    await member.fetch(nothing, [[0, 0, RENEW]]);
    await member.acknowledge([0, 0, ACCEPT], [2, 2, ACCEPT]);
  },
  'not-held-for-longer': async (on) => {
    const { topic, member } = await sharer(on, { 'share.renew.acknowledge.enable': 'false' });
    await write(on, topic, 4);
    await member.fetch();
    await member.words([[0, 3, RENEW]], true);
    await member.words([[0, 3, ACCEPT, RENEW, ACCEPT, ACCEPT]], true);
    await member.acknowledge([0, 3, ACCEPT]);
  },
  sessions: async (on) => {
    const topic = await group(on);
    const member = new Sharer(on, topic);
    for (const epoch of [1, -1, -2, 0]) {
      member.epoch = epoch;
      await member.words([]);
    }
    for (const epoch of [1, -1, -2]) {
      member.epoch = epoch;
      await member.fetch();
    }
    member.epoch = 0;
    await member.fetch({}, [[0, 0, ACCEPT]]);
    await member.first();
    await write(on, topic, 3);
    await member.fetch({ maxRecords: 1 });
    for (const epoch of [1, 7, -2, 0]) {
      member.epoch = epoch;
      await member.words([[0, 0, ACCEPT]]);
    }
    for (const epoch of [1, 7, -2]) {
      member.epoch = epoch;
      await member.fetch();
    }
    member.epoch = -1;
    await member.fetch({}, [[0, 0, ACCEPT]]);
    await member.fetch();
    await new Sharer(on, topic, 'two').open();
  },
  'sessions-that-close': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 3);
    await member.fetch();
    member.epoch = -1;
    await member.words([[1, 1, ACCEPT]]);
    await member.words([[2, 2, ACCEPT]]);
    // Kafka gives back what the session held a moment after its last answer.
    const other = await new Sharer(on.another(), topic, 'two').openFor(2);
    await other.acknowledge([0, 0, ACCEPT], [2, 2, ACCEPT]);
  },
  'what-is-not-there': async (on) => {
    const { member } = await sharer(on);
    await member.fetch({}, [], 7);
    await member.fetch();
    const groupId = on.name('group');
    for (const memberId of ['', null, 'x'.repeat(37)]) {
      await on.ask(shareFetch, 1, { groupId, memberId });
      await on.ask(shareAcknowledge, 1, { groupId, memberId });
    }
    await on.ask(shareFetch, 1, { groupId: null, memberId: 'm' });
    await on.ask(shareAcknowledge, 1, { groupId: null, memberId: 'm' });
  },
  'what-nobody-reads': async (on) => {
    await sharer(on);
    const topic = await topicOf(on, 'other');
    await write(on, topic, 2);
    const straggler = new Sharer(on.another(), topic, 'two');
    for (const said of [[], null]) await straggler.fetch({ maxWaitMs: 500 }, said);
    await straggler.acknowledge([-1, -1, ACCEPT]);
  },
  'what-was-deleted': async (on) => {
    const { topic, member } = await sharer(on);
    await write(on, topic, 5, 5, 5);
    await member.fetch({ maxRecords: 5 });
    const partitions = [{ partitionIndex: 0, offset: 7 + served }];
    await on.quietly(deleteRecords, 2, {
      topics: [{ name: topic.name, partitions }],
      timeoutMs: 9_000,
    });
    await member.acknowledge([0, 4, RELEASE]);
    // Kafka notices with a first fetch, and gives records with the next.
    const acquired = [...(await member.taken()), ...(await member.taken())];
    on.note('acquired', acquired);
  },
  'what-was-aborted': async (on) => {
    const { topic, member } = await sharer(on, { 'share.isolation.level': 'read_committed' });
    const producer = await init(on);
    for (const [sequence, committed] of [
      [0, false],
      [2, true],
    ] as const) {
      await add(on, producer, topic);
      await send(on, producer, topic, sequence, { count: 2 });
      await member.fetch({ maxWaitMs: 100 });
      await end(on, producer, committed);
    }
    await member.fetch({ maxWaitMs: 1_000, minBytes: 300 });
  },
  'as-many-as-may-be-held': async (on) => {
    const { topic, member } = await sharer(on, { 'share.partition.max.record.locks': '100' });
    await write(on, topic, 60, 60, 60);
    await member.fetch();
    await member.fetch({ maxWaitMs: 100 });
    await member.acknowledge([10, 20, RELEASE]);
    await member.fetch();
    await member.acknowledge([0, 59, ACCEPT]);
    await member.fetch({ maxRecords: 1 });
  },
});
