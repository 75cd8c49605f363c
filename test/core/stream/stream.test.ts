/**
 * A partition as a stream, driven as its object drives it: by calls, a clock and restarts. After
 * every step the log is loaded anew from its store, so nothing can be true in memory alone.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { PartitionLog } from '../../../src/core/log/partition-log.ts';
import type { NewStream, StreamCalls } from '../../../src/core/stream/calls.ts';
import type { StreamWrite, StreamWriteKind } from '../../../src/core/stream/stream-writes.ts';
import { ErrorCode } from '../../../src/protocol/errors.ts';
import { buildBatch } from '../../../src/protocol/records/index.ts';
import { MemoryStore } from '../../../src/runtime/memory-store.ts';
import {
  batch,
  append as kafkaAppend,
  list,
  read,
  records,
  settings,
  spec,
  startOfTime,
  valuesOf,
} from '../log/samples.ts';

let store: MemoryStore;
let now: number;

beforeEach(() => {
  store = new MemoryStore();
  now = startOfTime;
});

function log(): PartitionLog {
  const loaded = new PartitionLog(store, settings);
  loaded.at(now);
  return loaded;
}

type Reply<K extends StreamWriteKind> = StreamCalls[K]['reply'];

function write<K extends StreamWriteKind>(kind: K, command: object): Reply<K> {
  const [reply] = log().append([{ kind, write: { spec: spec(), ...command } } as StreamWrite], now);
  return reply as Reply<K>;
}

const create = (stream: Partial<NewStream> = {}, more: object = {}) =>
  write('streamCreate', {
    stream: { contentType: 'text/plain', closed: false, ...stream },
    records: null,
    ...more,
  });

const append = (text: string | null, more: object = {}) =>
  write('streamAppend', {
    records: text === null ? null : batch([text]),
    contentType: text === null ? null : 'text/plain',
    close: false,
    ...more,
  });

const by = (producerId: string, epoch: number, seq: number) => ({
  producer: { producerId, epoch, seq },
});

const readAll = (from: number | 'start' | 'now' = 'start') =>
  log().readStream({ from, maxBytes: 1_000_000 });
const values = () => valuesOf(readAll().records).map(([, value]) => value);

describe('creating a stream', () => {
  it('makes it once, and finds it as it was asked for or not', () => {
    expect(create({}, { records: batch(['a', 'b']) })).toMatchObject({
      outcome: 'created',
      stream: { contentType: 'text/plain', closed: false, nextOffset: 2 },
    });
    expect(create({ contentType: 'Text/Plain; charset=utf-8' }).outcome).toBe('exists');
    expect(create({ contentType: 'application/json' }).outcome).toBe('differs');
    expect(create({ ttlSeconds: 9 }).outcome).toBe('differs');
    expect(create({ closed: true }).outcome).toBe('differs');
    expect(values()).toEqual(['a', 'b']);
  });

  it('makes a stream of what clients of Kafka wrote', () => {
    log().append([kafkaAppend(batch(['k']))], now);
    expect(readAll()).toMatchObject({
      outcome: 'read',
      stream: { contentType: 'application/octet-stream', nextOffset: 1 },
    });
    expect(create().outcome).toBe('created');
    expect(append('s').outcome).toBe('appended');
    expect(values()).toEqual(['k', 's']);
  });

  it('is decided by who closes what clients of Kafka wrote, or numbers it', () => {
    append(null, { close: true });
    expect(create().outcome).toBe('differs');
    expect(log().closed).toBe(true);
  });

  it('stores nothing when the log does not take what it begins with', () => {
    const large = batch(['x'.repeat(2_000_000)]);
    expect(create({}, { records: large })).toMatchObject({
      outcome: 'refused',
      errorCode: ErrorCode.MESSAGE_TOO_LARGE,
    });
    expect(store.streamRow('stream')).toBeUndefined();
    expect(log().describeStream().declared).toBe(false);
  });
});

describe('appending', () => {
  it('takes what has the type of the stream, in one row', () => {
    create();
    const rows = store.count(0);
    expect(append('a')).toMatchObject({ outcome: 'appended', stream: { nextOffset: 1 } });
    expect(append('b', { contentType: 'application/json' }).outcome).toBe('otherType');
    expect(store.count(0)).toBe(rows + 1);
  });

  it('compares the numbers of a writer as text', () => {
    create();
    expect(append('a', { seq: '2' }).outcome).toBe('appended');
    expect(append('b', { seq: '10' }).outcome).toBe('seqRegression');
    expect(append('b', { seq: '2' }).outcome).toBe('seqRegression');
    expect(append('b', { seq: '3' }).outcome).toBe('appended');
    expect(values()).toEqual(['a', 'b']);
  });

  it('writes what a producer sends once', () => {
    create();
    expect(append('a', by('p', 0, 1))).toMatchObject({ outcome: 'gap', producer: { seq: -1 } });
    expect(append('a', by('p', 0, 0)).outcome).toBe('appended');
    expect(append('b', by('p', 0, 1)).outcome).toBe('appended');
    expect(append('a', by('p', 0, 0))).toMatchObject({
      outcome: 'duplicate',
      producer: { epoch: 0, seq: 1 },
    });
    expect(append('d', by('p', 0, 3))).toMatchObject({ outcome: 'gap', producer: { seq: 1 } });
    expect(append('c', by('p', 1, 1)).outcome).toBe('epochBegins');
    expect(append('c', by('p', 1, 0)).outcome).toBe('appended');
    expect(append('x', by('p', 0, 2))).toMatchObject({
      outcome: 'staleEpoch',
      producer: { epoch: 1 },
    });
    expect(append('q', by('q', 7, 0)).outcome).toBe('appended');
    expect(values()).toEqual(['a', 'b', 'c', 'q']);
  });

  it('lets a producer repeat what has a number of the writer as well', () => {
    create();
    const both = { seq: 'm', ...by('p', 0, 0) };
    expect(append('a', both).outcome).toBe('appended');
    expect(append('a', both).outcome).toBe('duplicate');
  });

  it('remembers nothing of what the log refuses', () => {
    create();
    const large = { records: batch(['x'.repeat(2_000_000)]), ...by('p', 0, 0) };
    expect(append('', large).errorCode).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    expect(append('a', by('p', 0, 0)).outcome).toBe('appended');
  });

  it('decides over what comes together in its order', () => {
    create();
    const one = (text: string, more: object) =>
      ({
        kind: 'streamAppend',
        write: {
          spec: spec(),
          records: batch([text]),
          contentType: 'text/plain',
          close: false,
          ...more,
        },
      }) as StreamWrite;
    const together = [
      one('a', by('p', 0, 0)),
      one('a', by('p', 0, 0)),
      one('b', { ...by('p', 0, 1), close: true }),
      one('c', {}),
      kafkaAppend(batch(['k'])),
    ];
    const replies = log().append(together, now);
    expect(replies.map((reply) => ('outcome' in reply ? reply.outcome : reply.errorCode))).toEqual([
      'appended',
      'duplicate',
      'appended',
      'closed',
      ErrorCode.POLICY_VIOLATION,
    ]);
    expect(values()).toEqual(['a', 'b']);
  });
});

describe('closing', () => {
  it('ends a stream for everybody, and keeps what there is', () => {
    create();
    append('a');
    expect(append(null, { close: true })).toMatchObject({ stream: { closed: true } });
    expect(append(null, { close: true }).outcome).toBe('appended');
    expect(append('b').outcome).toBe('closed');
    expect(append('b', { close: true }).outcome).toBe('closed');
    const [kafka] = log().append([kafkaAppend(batch(['k']))], now);
    expect(kafka).toMatchObject({ errorCode: ErrorCode.POLICY_VIOLATION, baseOffset: -1 });
    expect(log().closed).toBe(true);
    expect(values()).toEqual(['a']);
  });

  it('may be repeated by the producer that did it', () => {
    create();
    expect(append('a', { ...by('p', 1, 0), close: true }).outcome).toBe('appended');
    expect(append('other', { ...by('p', 1, 0), close: true }).outcome).toBe('duplicate');
    expect(append('b', { ...by('p', 1, 1), close: true }).outcome).toBe('closed');
    expect(append('b', { ...by('q', 0, 0), close: true }).outcome).toBe('closed');
    expect(append('b', { ...by('p', 0, 0), close: true }).outcome).toBe('staleEpoch');
  });
});

describe('a lifetime', () => {
  it('begins anew with every use, and ends for everybody', () => {
    create({ ttlSeconds: 10 });
    now += 9_000;
    append('a');
    now += 9_000;
    expect(values()).toEqual(['a']);
    now += 9_000;
    expect(log().describeStream().outcome).toBe('described');
    expect(log().endedTopic()).toBeUndefined();
    now += 1_000;
    expect(log().describeStream().outcome).toBe('unknown');
    expect(readAll()).toMatchObject({ outcome: 'unknown', records: [] });
    const gone = { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    expect(append('b')).toMatchObject({ outcome: 'unknown', ...gone });
    expect(create()).toMatchObject({ outcome: 'unknown', ...gone });
    expect(log().read(read(0))).toMatchObject({ ...gone, records: [] });
    expect(log().listOffset(list(-1))).toMatchObject(gone);
    expect(log().describe()).toMatchObject(gone);
    expect(log().append([kafkaAppend(batch(['k']))], now)[0]).toMatchObject(gone);
    expect(log().endedTopic()).toBe(spec().topicId);
  });

  it('is written down by reading only where it matters', () => {
    create({ ttlSeconds: 1_000 });
    const kept = () => store.streamRow('stream');
    const before = kept();
    now += 5_000;
    readAll();
    expect(kept()).toBe(before);
    now += 6_000;
    readAll();
    expect(kept()).not.toBe(before);
    expect(log().cleanUpAt(now)).toBe(now + 1_000_000);
  });

  it('may end at a given time, whoever uses it', () => {
    create({ expiresAt: { text: 'soon', at: now + 5_000 } });
    now += 4_999;
    expect(append('a').outcome).toBe('appended');
    expect(log().cleanUpAt(now)).toBe(now + 1);
    now += 1;
    expect(append('b').outcome).toBe('unknown');
  });
});

describe('forks', () => {
  const noteFork = (add: string) => log().noteForks({ add, remove: [] });
  const startOffset = 4;
  const forkedFrom = { topic: 'source', offset: 7, subOffset: 0 };
  const inherited = (baseOffset: number, texts: readonly string[]) =>
    buildBatch(records(texts), { baseOffset, partitionLeaderEpoch: 0 });
  const copy = (more: object) => write('streamCopy', more);

  it('hold what they inherit at the offsets it had', () => {
    expect(create({ forkedFrom }, { startOffset }).outcome).toBe('created');
    expect(readAll().outcome).toBe('unfinished');
    expect(append('x').outcome).toBe('unfinished');
    expect(log().append([kafkaAppend(batch(['k']))], now)[0].errorCode).not.toBe(ErrorCode.NONE);
    expect(copy({ batches: inherited(4, ['a', 'b']), nextOffset: 7 }).outcome).toBe('copied');
    const last = { batches: inherited(7, ['c']), nextOffset: 9, finish: { records: batch(['d']) } };
    expect(copy(last)).toMatchObject({ outcome: 'copied', stream: { nextOffset: 10 } });
    expect(valuesOf(readAll().records)).toEqual([
      [4, 'a'],
      [5, 'b'],
      [7, 'c'],
      [9, 'd'],
    ]);
    expect(readAll().offset).toBe(4);
    expect(copy(last).outcome).toBe('unknown');
    expect(valuesOf(log().read(read(9)).records)).toEqual([[9, 'd']]);
  });

  it('may inherit nothing, and go on where they were forked', () => {
    create({ forkedFrom }, { startOffset: 7 });
    const nothing = { batches: new Uint8Array(0), nextOffset: 7, finish: { records: null } };
    expect(copy(nothing)).toMatchObject({ outcome: 'copied', stream: { nextOffset: 7 } });
    expect(append('a')).toMatchObject({ stream: { nextOffset: 8 } });
    expect(valuesOf(readAll().records)).toEqual([[7, 'a']]);
  });

  it('keep the name of their source taken', () => {
    create({}, { records: batch(['a']) });
    expect(noteFork('one').outcome).toBe('noted');
    noteFork('two');
    noteFork('two');
    expect(log().describeStream().forks).toEqual(['one', 'two']);
    log().noteForks({ remove: ['one'] });
    log().hideStream();
    expect(log().describeStream()).toMatchObject({ outcome: 'gone', forks: ['two'] });
    expect(store.count(0)).toBe(0);
    for (const reply of [append('b'), create(), readAll()]) expect(reply.outcome).toBe('gone');
    expect(noteFork('three').outcome).toBe('gone');
  });

  it('keep a source that has ended from being deleted', () => {
    create({ ttlSeconds: 1 });
    noteFork('one');
    now += 1_000;
    expect(readAll().outcome).toBe('gone');
    expect(log().endedTopic()).toBeUndefined();
    expect(log().cleanUpAt(now)).toBeUndefined();
  });
});
