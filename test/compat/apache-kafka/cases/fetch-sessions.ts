/** Fetch sessions (KIP-227): what is answered within one, and when it is none any more. */
import { fetch, produce } from '../apis.ts';
import { type Player, scripts, type Topic } from '../player.ts';
import { batch, fetchOf, produceOf } from '../requests.ts';

interface Named {
  /** Next offsets, by partition. */
  readonly offsets?: Readonly<Record<number, number>>;
  readonly forget?: readonly number[];
  readonly maxBytes?: number;
  readonly version?: number;
}

/** A client with a session over a topic of four partitions with a batch each. */
class Reader {
  sessionId = 0;
  sessionEpoch = 0;
  readonly #on: Player;
  readonly #topic: Topic;

  static async of(on: Player, label = 'topic'): Promise<Reader> {
    const reader = new Reader(on, await on.topic(label, {}, 4));
    for (const index of [0, 1, 2, 3]) await reader.append(index, 'a');
    return reader;
  }

  private constructor(on: Player, topic: Topic) {
    this.#on = on;
    this.#topic = topic;
  }

  async append(index: number, value: string): Promise<void> {
    await this.#on.quietly(produce, 9, produceOf(this.#topic, batch([value]), { index }));
  }

  /** Asks, and goes on with the session it is given. */
  async read({ offsets = {}, forget = [], maxBytes, version = 11 }: Named): Promise<void> {
    const { name, topicId } = this.#topic;
    const partitions = Object.entries(offsets).map(([partition, offset]) => {
      return fetchOf(this.#topic, offset, { partition: Number(partition) }).topics[0].partitions[0];
    });
    const answer = await this.#on.ask(fetch, version, {
      maxWaitMs: 0,
      minBytes: 1,
      ...(maxBytes !== undefined && { maxBytes }),
      sessionId: this.sessionId,
      sessionEpoch: this.sessionEpoch,
      topics: partitions.length > 0 ? [{ topic: name, topicId, partitions }] : [],
      forgottenTopicsData: forget.length > 0 ? [{ topic: name, topicId, partitions: forget }] : [],
    });
    if (answer.errorCode !== 0) return;
    this.sessionId = answer.sessionId;
    this.sessionEpoch++;
  }
}

export const fetchSessionScripts = scripts('fetch', {
  'session-goes-on': async (on) => {
    for (const version of [7, 11, 12]) {
      const reader = await Reader.of(on.another(), `v${version}`);
      await reader.read({ version, offsets: { 0: 0, 1: 1, 2: 0, 3: 1 } });
      await reader.read({ version });
      await reader.read({ version, offsets: { 0: 1, 2: 1 } });
      await reader.append(3, 'b');
      await reader.append(1, 'b');
      await reader.read({ version });
      await reader.read({ version, offsets: { 1: 2, 3: 2 } });
    }
  },
  'session-takes-turns': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({ offsets: { 0: 0, 1: 0, 2: 0, 3: 0 }, maxBytes: 1 });
    for (let i = 0; i < 5; i++) await reader.read({ maxBytes: 1 });
  },
  'session-takes-on-and-forgets': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({ offsets: { 0: 1 } });
    await reader.read({ offsets: { 1: 0 }, forget: [0] });
    await reader.append(0, 'b');
    await reader.read({ offsets: { 1: 1 } });
    await reader.read({ forget: [3] });
    await reader.read({ offsets: { 2: 0 }, forget: [2] });
    await reader.read({ forget: [1] });
    await reader.read({});
  },
  'session-with-an-error': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({ offsets: { 0: 1, 1: 1 } });
    await reader.read({ offsets: { 0: 9 } });
    await reader.read({});
    await reader.read({ offsets: { 0: 1 } });
    await reader.read({});
    await reader.read({ offsets: { 7: 0 } });
    await reader.read({});
  },
  'session-of-another-epoch': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({ offsets: { 0: 1 } });
    for (const epoch of [2, 0x7fff_ffff, -2]) {
      reader.sessionEpoch = epoch;
      await reader.read({});
    }
    reader.sessionEpoch = 1;
    await reader.read({});
    await reader.read({});
  },
  'session-by-name-and-id': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({ version: 13, offsets: { 0: 1 } });
    await reader.read({ version: 12 });
    await reader.append(0, 'b');
    await reader.read({ version: 13 });
  },
  'session-opened-anew': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({ offsets: { 0: 1 } });
    await reader.read({});
    const before = reader.sessionId;
    reader.sessionEpoch = 0;
    await reader.read({ offsets: { 1: 1 } });
    await reader.read({});
    reader.sessionId = before;
    await reader.read({});
  },
  'session-closed': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({ offsets: { 0: 0, 1: 0 } });
    const { sessionId } = reader;
    reader.sessionEpoch = -1;
    await reader.read({ offsets: { 0: 1 } });
    Object.assign(reader, { sessionId, sessionEpoch: 1 });
    await reader.read({});
  },
  'session-of-nothing': async (on) => {
    const reader = await Reader.of(on);
    await reader.read({});
    await reader.read({});
    await reader.read({});
  },
});
