import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogRow, LogState, Snapshot } from '../../src/core/log/store.ts';
import type { Enlisted } from '../../src/core/transaction-marker.ts';
import { ErrorCode } from '../../src/protocol/errors.ts';
import { MemoryStore } from '../../src/runtime/memory-store.ts';
import { PartitionHost, type PartitionSurroundings } from '../../src/runtime/partition-host.ts';
import {
  append,
  batch,
  list,
  marker,
  offsetOf,
  read,
  sequenced,
  settings,
  spec,
  startOfTime,
  transactional,
  valuesOf,
} from '../core/log/samples.ts';

class FailingStore extends MemoryStore {
  failing: false | 'before' | 'after' = false;
  rows: number[] = [];

  override append(rows: readonly LogRow[], snapshot?: Snapshot, state?: LogState): void {
    if (this.failing === 'before') throw new Error('disk full');
    super.append(rows, snapshot, state);
    if (this.failing === 'after') throw new Error('lost the answer');
    this.rows.push(...rows.map((row) => row.nextOffset - (row.grownFrom ?? row.baseOffset)));
  }
}

let store: FailingStore;
let announced: number[];
let dropped: number;
let alarm: number | null;
let askAlarm: () => Promise<number | null>;
let alarmsSet: number[];
/** What else happens while the host lets others have a turn. */
let paused: () => Promise<unknown>;
let now: number;
/** Settles what the host waits for; each call of `durable` adds one. */
let commits: { done(): void; lost(): void }[];
let durable: () => Promise<void>;
let enlist: PartitionSurroundings['enlist'];
let wake: PartitionSurroundings['wake'];

beforeEach(() => {
  store = new FailingStore();
  announced = [];
  dropped = 0;
  alarm = null;
  askAlarm = async () => alarm;
  alarmsSet = [];
  paused = async () => {};
  now = startOfTime;
  commits = [];
  durable = async () => {};
  enlist = () => Promise.reject(new Error('nobody should be asked'));
  wake = () => Promise.reject(new Error('nobody waits'));
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => vi.restoreAllMocks());

function newHost(): PartitionHost {
  return new PartitionHost({
    store: () => store,
    settings,
    now: () => now,
    durable: () => durable(),
    announce: ({ highWatermark }) => announced.push(highWatermark),
    enlist: (...question) => enlist(...question),
    wake: (...news) => wake(...news),
    dropped: () => dropped++,
    deleteTopic: async () => {},
    alarm: () => askAlarm(),
    setAlarm: (at) => {
      alarm = at;
      alarmsSet.push(at);
    },
    pause: async () => {
      await turn();
      await paused();
    },
  });
}

/** From now on a write is durable when the test says so. */
function commitByHand(): void {
  durable = () =>
    new Promise((resolve, reject) => {
      commits.push({ done: resolve, lost: () => reject(new Error('lost')) });
    });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const send = (host: PartitionHost, value: string) => host.call('append', append(batch([value])));

describe('PartitionHost', () => {
  it('writes appends that come together as one row and answers each', async () => {
    const host = newHost();
    const replies = await Promise.all(['a', 'b', 'c'].map((value) => send(host, value)));
    expect(replies.map(offsetOf)).toEqual([0, 1, 2]);
    expect(store.rows).toEqual([3]);
    expect(announced).toEqual([3]);
    const { records } = await host.call('read', read(0));
    expect(valuesOf(records)).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ]);
  });

  it('gathers what comes while an earlier write is made durable', async () => {
    commitByHand();
    const host = newHost();
    expect(offsetOf(await send(host, 'a'))).toBe(0);
    const second = send(host, 'b');
    const third = send(host, 'c');
    await turn();
    expect(store.rows).toEqual([1]);
    const fourth = send(host, 'd');
    commits[0].done();
    await turn();
    commits[1].done();
    expect((await Promise.all([second, third, fourth])).map(offsetOf)).toEqual([1, 2, 3]);
    expect(store.rows).toEqual([1, 3]);
    expect(announced).toEqual([1, 4]);
  });

  it('writes what is too much for one transaction in several', async () => {
    const host = newHost();
    const values = Array<string>(10).fill('x'.repeat(1_000_000));
    const replies = await Promise.all(values.map((value) => send(host, value)));
    expect(replies.map(offsetOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(announced).toEqual([8, 10]);
  });

  it('announces nothing when nothing was taken', async () => {
    const host = newHost();
    await host.call('append', append(sequenced(1, 0, 0)));
    await host.call('append', append(sequenced(1, 0, 0)));
    await host.call('append', append(new Uint8Array(5)));
    expect(announced).toEqual([1]);
  });

  it('answers a failed write with an error and is right again after it', async () => {
    const host = newHost();
    await host.call('append', append(sequenced(1, 0, 0)));
    store.failing = 'before';
    const failed = await Promise.all([
      host.call('append', append(sequenced(1, 0, 1))),
      host.call('append', append(sequenced(2, 0, 0))),
    ]);
    expect(failed.map(({ errorCode }) => errorCode)).toEqual(
      Array(2).fill(ErrorCode.UNKNOWN_SERVER_ERROR),
    );
    store.failing = false;
    expect(announced).toEqual([1]);
    expect((await host.call('read', read(0))).highWatermark).toBe(1);
    expect(offsetOf(await host.call('append', append(sequenced(1, 0, 1))))).toBe(1);
  });

  it('believes the store, not its memory, after a failure', async () => {
    const host = newHost();
    await host.call('append', append(sequenced(1, 0, 0)));
    store.failing = 'after';
    const { errorCode } = await host.call('append', append(sequenced(1, 0, 1)));
    expect(errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    store.failing = false;
    // The producer tries again, and its batch is there once.
    expect(offsetOf(await host.call('append', append(sequenced(1, 0, 1))))).toBe(1);
    expect((await host.call('read', read(0))).highWatermark).toBe(2);
  });

  it('throws memory away when a write is lost, and those who wait are told', async () => {
    commitByHand();
    const host = newHost();
    await send(host, 'a');
    const waiting = send(host, 'b');
    await turn();
    commits[0].lost();
    expect((await waiting).errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    store = new FailingStore();
    durable = async () => {};
    expect(offsetOf(await send(host, 'c'))).toBe(0);
  });

  it('answers a read that hits a bug with an error, not an exception', async () => {
    const host = newHost();
    await send(host, 'a');
    store.data = () => {
      throw new Error('bug');
    };
    expect(await host.call('read', read(0))).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
    });
    expect(await host.call('listOffset', list(5))).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
    });
  });

  it('says how large it is and where it begins and ends', async () => {
    const host = newHost();
    const nothing = { errorCode: 0, sizeInBytes: 0, logStartOffset: 0, highWatermark: 0 };
    expect(await host.call('describe', {})).toEqual(nothing);
    let size = 0;
    for (let i = 0; i < 1_001; i++) {
      size += batch(['a']).length;
      await send(host, 'a');
    }
    const full = { ...nothing, sizeInBytes: size, highWatermark: 1_001 };
    expect(await host.call('describe', {})).toEqual(full);
    await host.call('drop', {});
    expect(await host.call('describe', {})).toMatchObject({
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    });
  });

  it('hears of new configs until it is dropped', async () => {
    const host = newHost();
    const news = { spec: spec({ 'retention.ms': '5' }) };
    expect(await host.call('configure', news)).toEqual({ errorCode: ErrorCode.NONE });
    await host.call('drop', {});
    const gone = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    expect(await host.call('configure', news)).toEqual(gone);
  });

  it('drops the log, tells the watchers, and knows no partition from then on', async () => {
    const host = newHost();
    await send(host, 'a');
    expect(await host.call('drop', {})).toEqual({ errorCode: ErrorCode.NONE });
    expect(await host.call('drop', {})).toEqual({ errorCode: ErrorCode.NONE });
    expect(dropped).toBe(2);
    expect((await send(host, 'b')).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(host.ends.highWatermark).toBe(0);
  });

  it('refuses appends that wait while the partition is dropped', async () => {
    commitByHand();
    const host = newHost();
    await send(host, 'a');
    const waiting = send(host, 'b');
    await turn();
    await host.call('drop', {});
    commits[0].done();
    await turn();
    commits[1].done();
    expect((await waiting).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('takes up what another host left in the store', async () => {
    await send(newHost(), 'a');
    const host = newHost();
    expect(host.ends.highWatermark).toBe(1);
    expect(offsetOf(await send(host, 'b'))).toBe(1);
  });
});

describe('a PartitionHost and its alarm', () => {
  const hour = 3_600_000;
  const sendWith = (host: PartitionHost, value: string, configs: Record<string, string>) =>
    host.call('append', append(batch([value]), configs));

  it('sets the alarm once, when something can grow old', async () => {
    const host = newHost();
    for (const value of ['a', 'b', 'c']) await sendWith(host, value, { 'retention.ms': '60000' });
    await turn();
    expect(alarmsSet).toEqual([startOfTime + 60_000 + 10_000]);
    const again = newHost();
    await sendWith(again, 'd', { 'retention.ms': '60000' });
    await turn();
    expect(alarmsSet).toHaveLength(1);
  });

  it('sets none when nothing ever goes', async () => {
    const host = newHost();
    await sendWith(host, 'a', { 'retention.ms': '-1' });
    await sendWith(host, 'b', { 'retention.ms': '9223372036854775807' });
    // Three centuries: no platform has an alarm that goes so far.
    await sendWith(newHost(), 'c', { 'retention.ms': '10000000000000' });
    await turn();
    expect(alarmsSet).toEqual([]);
  });

  it('sets it earlier when the controller says so', async () => {
    const host = newHost();
    await send(host, 'a');
    await turn();
    const { spec } = append(batch(['x']), { 'retention.ms': '1000' });
    const news = { ...spec, configsVersion: 1 };
    expect(await host.call('configure', { spec: news })).toEqual({ errorCode: 0 });
    await turn();
    expect(alarmsSet).toEqual([startOfTime + 169 * hour, startOfTime + 11_000]);
  });

  it('forgets what is too old when it rings, and is silent when nothing is left', async () => {
    const host = newHost();
    await sendWith(host, 'a', { 'retention.ms': '60000' });
    await turn();
    now = alarmsSet[0];
    alarm = null;
    await host.ring();
    expect(await host.call('describe', {})).toEqual({
      errorCode: 0,
      sizeInBytes: 0,
      logStartOffset: 1,
      highWatermark: 1,
    });
    expect(alarmsSet).toHaveLength(1);
    // Who holds records of it learns that some are gone.
    expect(announced).toEqual([1, 1]);
    expect(offsetOf(await sendWith(host, 'b', { 'retention.ms': '60000' }))).toBe(1);
    await turn();
    expect(alarmsSet).toHaveLength(2);
  });

  it('lets appends through between the slices of its work', async () => {
    const host = newHost();
    const configs = { 'cleanup.policy': 'compact', 'segment.ms': '1' };
    await Promise.all(Array.from({ length: 20 }, (_, i) => sendWith(host, `v${i}`, configs)));
    for (let i = 0; i < 3_000; i++) await sendWith(host, `w${i}`, configs);
    let turns = 0;
    paused = async () => {
      expect(offsetOf(await sendWith(host, `during ${turns}`, configs))).toBe(3_020 + turns++);
    };
    now = startOfTime + hour;
    await host.ring();
    expect(turns).toBeGreaterThan(4);
    const { records } = await host.call('read', read(0));
    const found = valuesOf(records);
    expect(found.length).toBeLessThan(turns + 3);
    expect(found.at(-1)).toEqual([3_020 + turns - 1, `during ${turns - 1}`]);
  });

  it('sets the alarm in one turn with what it is for, so that no crash comes between', async () => {
    const host = newHost();
    const stored: Promise<number>[] = [];
    const write = store.append.bind(store);
    store.append = (...written) => {
      write(...written);
      stored.push(Promise.resolve().then(() => alarmsSet.length));
    };
    await sendWith(host, 'a', { 'retention.ms': '60000' });
    const { spec } = append(batch(['x']), { 'retention.ms': '1000' });
    await host.call('configure', { spec: { ...spec, configsVersion: 1 } });
    expect(await Promise.all(stored)).toEqual([1, 2]);
  });

  it('believes no alarm that rang while it asked for it', async () => {
    await sendWith(newHost(), 'a', { 'retention.ms': '60000' });
    await turn();
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const rang = alarm;
    askAlarm = () => promise;
    const host = newHost();
    const sent = sendWith(host, 'b', { 'retention.ms': '60000' });
    await turn();
    now += 1_000;
    alarm = null;
    const ringing = host.ring();
    resolve(rang);
    await Promise.all([sent, ringing]);
    await turn();
    expect(alarm).toBeGreaterThan(now);
  });

  it('sets it once for appends that come together', async () => {
    const host = newHost();
    askAlarm = () => turn().then(() => null);
    await Promise.all([
      sendWith(host, 'a', { 'retention.ms': '60000' }),
      turn().then(() => sendWith(host, 'b', { 'retention.ms': '60000' })),
    ]);
    await turn();
    expect(alarmsSet).toEqual([startOfTime + 70_000]);
  });

  it('looks again later when it cannot be known what is due', async () => {
    const host = newHost();
    const configs = { 'cleanup.policy': 'compact' };
    await sendWith(host, 'a', configs);
    store.floor = () => {
      throw new Error('disk unreadable');
    };
    await sendWith(host, 'b', configs);
    await turn();
    expect(alarm).toBe(startOfTime + 60_000);
  });

  it('tries again later when cleaning up fails', async () => {
    const host = newHost();
    await sendWith(host, 'a', { 'retention.ms': '1000' });
    await turn();
    store.rewrite = () => {
      throw new Error('disk full');
    };
    now = startOfTime + hour;
    alarm = null;
    await host.ring();
    expect(alarmsSet.at(-1)).toBe(now + 60_000);
    expect((await host.call('read', read(0))).records).toHaveLength(1);
  });

  it('answers calls that hit a bug with an error', async () => {
    const host = newHost();
    await send(host, 'a');
    store.rewrite = () => {
      throw new Error('bug');
    };
    // The log is loaded anew after each bug; the next one is met there.
    const totals = store.totals.bind(store);
    store.totals = () => {
      store.totals = totals;
      throw new Error('bug');
    };
    const { spec } = append(batch(['x']));
    const errorCode = ErrorCode.UNKNOWN_SERVER_ERROR;
    const deletion = { spec, offset: -1 };
    expect(await host.call('deleteRecords', deletion)).toEqual({ errorCode, lowWatermark: -1 });
    expect(await host.call('describe', {})).toMatchObject({ errorCode, sizeInBytes: -1 });
    expect((await host.call('read', read(0))).logStartOffset).toBe(0);
  });
});

describe('PartitionHost, of transactions', () => {
  const first = { ...append(transactional(7, 0, 0, ['t'])), transactionalId: 'a' };

  it('writes once the coordinator has said which transaction it is', async () => {
    const asked: unknown[] = [];
    enlist = async (...question) => {
      asked.push(question);
      return { errorCode: 0, transactionNumber: 5 };
    };
    const host = newHost();
    expect(offsetOf(await host.call('append', { ...first, addsPartition: true }))).toBe(0);
    const second = { ...append(transactional(7, 0, 1)), transactionalId: 'a' };
    expect(offsetOf(await host.call('append', second))).toBe(1);
    const { topicId, topic, partition } = spec();
    const participant = { topicId, topic, partition };
    const producer = { transactionalId: 'a', producerId: 7, producerEpoch: 0, adds: true };
    expect(asked).toEqual([['a', { ...producer, participant }]]);
    expect(await host.call('writeMarker', marker(7, 1, 5))).toEqual({ errorCode: 0 });
    expect(await host.call('writeMarker', marker(7, 1, 5))).toEqual({ errorCode: 0 });
    expect((await host.call('describeProducers', {})).producers).toMatchObject([
      { producerId: 7, producerEpoch: 1, currentTxnStartOffset: -1, coordinatorEpoch: 0 },
    ]);
    expect(host.ends).toEqual({ highWatermark: 3, lastStableOffset: 3 });
  });

  it('writes nothing that a marker overtook on its way', async () => {
    const host = newHost();
    enlist = async () => {
      await host.call('writeMarker', marker(7, 0, 5, false));
      return { errorCode: 0, transactionNumber: 5 };
    };
    expect((await host.call('append', first)).errorCode).toBe(ErrorCode.INVALID_TXN_STATE);
    expect(host.ends).toEqual({ highWatermark: 1, lastStableOffset: 1 });
  });

  it('lets others write while one waits for its coordinator', async () => {
    const answer = Promise.withResolvers<Enlisted>();
    enlist = () => answer.promise;
    const host = newHost();
    const waiting = host.call('append', first);
    expect(offsetOf(await send(host, 'a'))).toBe(0);
    answer.resolve({ errorCode: 0, transactionNumber: 1 });
    expect(offsetOf(await waiting)).toBe(1);
    expect(announced).toEqual([1, 2]);
    expect(host.ends).toEqual({ highWatermark: 2, lastStableOffset: 1 });
  });

  it('has the producer come again when the coordinator cannot be reached', async () => {
    enlist = () => Promise.reject(new Error('Network connection lost.'));
    const reply = await newHost().call('append', first);
    expect(reply).toMatchObject({ errorCode: ErrorCode.NOT_ENOUGH_REPLICAS, logStartOffset: -1 });
  });

  it('refuses a marker that cannot be stored, and takes it when it can', async () => {
    const host = newHost();
    store.failing = 'before';
    const refused = await host.call('writeMarker', marker(7, 0, 1));
    expect(refused.errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    store.failing = false;
    expect(await host.call('writeMarker', marker(7, 0, 1))).toEqual({ errorCode: 0 });
  });

  it('writes markers and appends that come together as one row', async () => {
    commitByHand();
    const host = newHost();
    const before = send(host, 'a');
    const together = [send(host, 'b'), host.call('writeMarker', marker(7, 0, 1)), send(host, 'c')];
    await turn();
    for (const { done } of commits.splice(0)) done();
    await Promise.all([before, ...together]);
    expect(store.rows).toEqual([4]);
  });
});
